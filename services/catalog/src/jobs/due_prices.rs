//! Puts scheduled prices in force within a second of their time.
//!
//! It takes no input: it looks for what is due and submits a command for each product, which is
//! decided again under the lock. Replicas may do it at once; the slower one finds nothing due.

use std::time::Duration;

use chassis::call::Call;
use chassis::fault::chain;
use chassis::tasks::{Shutdown, TaskResult};
use futures_util::future::join_all;

use crate::app::App;
use crate::db::{Due, DuePrices};

/// How often to look. A price is due for at most this long, and the commit's time.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Products in one round; more follow without a pause.
const ROUND: i64 = 256;
/// How long a command may take.
const BUDGET: Duration = Duration::from_secs(5);
/// As what the job appears in facts.
const METHOD: &str = "retail.catalog.v1.jobs/DuePrices";

/// Looks for due prices.
pub struct DuePricesJob {
    app: App,
    due: DuePrices,
    service: &'static str,
}

impl DuePricesJob {
    /// Works for an app, as a service, on what is found due.
    pub fn new(app: App, due: DuePrices, service: &'static str) -> Self {
        Self { app, due, service }
    }

    /// Works until the process ends.
    pub async fn run(mut self, shutdown: Shutdown) -> TaskResult {
        while !shutdown.is_requested() {
            let found = match self.due.find(ROUND).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "due prices cannot be looked for");
                    Vec::new()
                }
            };
            let full = i64::try_from(found.len()).is_ok_and(|it| it >= ROUND);
            let done = self.enforce(found).await;
            if !(full && done) {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = shutdown.requested() => {}
                }
            }
        }
        Ok(())
    }

    /// Submits all at once, so that they share a commit. Returns whether all went well.
    async fn enforce(&self, found: Vec<Due>) -> bool {
        let each = found.into_iter().map(|due| async move {
            let call = Call::of_service(self.service, due.tenant, METHOD, BUDGET);
            self.app.enforce_prices(&call, due.product).await
        });
        let mut well = true;
        for done in join_all(each).await {
            if let Err(fault) = done {
                well = false;
                tracing::warn!(error = chain(&fault), "a due price was not put in force");
            }
        }
        well
    }
}
