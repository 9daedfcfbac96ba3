//! Ends timed holds whose time is over, so that their units can be promised again.
//!
//! It looks for what is over and submits a command for each hold, which is decided again under the
//! lock. Replicas may do it at once; the slower one finds nothing over.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::call::Call;
use chassis::fault::chain;
use chassis::tasks::{Shutdown, TaskResult};
use vocab::{ReservationId, TenantId};

use crate::app::App;
use crate::db::{Over, OverHolds};

/// How often to look. Units wait at most this long after the end, and the commit's time.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Holds in one round; more follow without a pause.
const ROUND: i64 = 512;
/// How long a round may take.
const BUDGET: Duration = Duration::from_secs(5);
/// As what the job appears in facts.
const METHOD: &str = "retail.inventory.v1.jobs/OverHolds";

/// Looks for holds that are over.
pub struct OverHoldsJob {
    app: App,
    over: OverHolds,
    service: &'static str,
}

impl OverHoldsJob {
    /// Works for an app, as a service, on what is found over.
    pub fn new(app: App, over: OverHolds, service: &'static str) -> Self {
        Self { app, over, service }
    }

    /// Works until the process ends.
    pub async fn run(mut self, shutdown: Shutdown) -> TaskResult {
        while !shutdown.is_requested() {
            let found = match self.over.find(ROUND).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "holds cannot be looked for");
                    Vec::new()
                }
            };
            let full = i64::try_from(found.len()).is_ok_and(|it| it >= ROUND);
            let done = self.end(found).await;
            if !(full && done) {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = shutdown.requested() => {}
                }
            }
        }
        Ok(())
    }

    /// Ends them, tenant by tenant, all of one at once so that they share a commit. Returns
    /// whether all went well.
    async fn end(&self, found: Vec<Over>) -> bool {
        let mut tenants: BTreeMap<TenantId, Vec<ReservationId>> = BTreeMap::new();
        for it in found {
            tenants.entry(it.tenant).or_default().push(it.id);
        }
        let mut well = true;
        for (tenant, ids) in tenants {
            let call = Call::of_service(self.service, tenant, METHOD, BUDGET);
            if let Err(fault) = self.app.expire(&call, ids).await {
                well = false;
                tracing::warn!(error = chain(&fault), "a hold was not ended");
            }
        }
        well
    }
}
