//! Ends timed holds whose time is over, so that their units can be promised again: a command for
//! each hold, which is decided again under the lock.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::call::Call;
use chassis::fault::chain;
use vocab::{ReservationId, TenantId};

use crate::app::App;
use crate::db::OverHold;

/// How long a round may take.
const BUDGET: Duration = Duration::from_secs(5);
/// As what the job appears in facts.
const METHOD: &str = "retail.inventory.v1.jobs/OverHolds";

/// Ends them, tenant by tenant, all of one at once so that they share a commit. Returns whether all
/// went well.
pub async fn end(app: App, service: &'static str, found: Vec<OverHold>) -> bool {
    let mut tenants: BTreeMap<TenantId, Vec<ReservationId>> = BTreeMap::new();
    for it in found {
        tenants.entry(it.tenant).or_default().push(it.id);
    }
    let mut well = true;
    for (tenant, ids) in tenants {
        let call = Call::of_service(service, tenant, METHOD, BUDGET);
        if let Err(fault) = app.expire(&call, ids).await {
            well = false;
            tracing::warn!(error = chain(&fault), "a hold was not ended");
        }
    }
    well
}
