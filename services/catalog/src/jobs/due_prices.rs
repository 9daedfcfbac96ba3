//! Puts scheduled prices in force within a second of their time: a command for each product, which
//! is decided again under the lock.

use std::time::Duration;

use chassis::call::Call;
use chassis::fault::chain;
use futures_util::future::join_all;

use crate::app::App;
use crate::db::DuePrice;

/// How long a command may take.
const BUDGET: Duration = Duration::from_secs(5);
/// As what the job appears in facts.
const METHOD: &str = "retail.catalog.v1.jobs/DuePrices";

/// Submits all at once, so that they share a commit. Returns whether all went well.
pub async fn enforce(app: App, service: &'static str, found: Vec<DuePrice>) -> bool {
    let each = found.into_iter().map(|due| {
        let call = Call::of_service(service, due.tenant, METHOD, BUDGET);
        let app = &app;
        async move { app.enforce_prices(&call, due.product).await }
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
