//! Records in the audit trail what this service saw and whom it refused itself.

use std::time::Duration;

use chassis::tasks::{Shutdown, TaskResult};
use chassis::trust::Refusals;

use crate::app::App;

/// How many refusals are recorded at once.
const AT_ONCE: usize = 500;
/// How long others may join those that are recorded.
const GATHER: Duration = Duration::from_millis(100);

/// Records what was seen until the process ends.
pub async fn record_seen(app: App, shutdown: Shutdown) -> TaskResult {
    tokio::select! {
        () = app.record_seen() => {}
        () = shutdown.requested() => {}
    }
    Ok(())
}

/// Records who was refused until the process ends.
pub async fn record_refused(app: App, refusals: Refusals, shutdown: Shutdown) -> TaskResult {
    loop {
        let refused = tokio::select! {
            refused = refusals.take(AT_ONCE) => refused,
            () = shutdown.requested() => return Ok(()),
        };
        app.record_refused(refused).await;
        tokio::time::sleep(GATHER).await;
    }
}
