//! Lets another key sign when its time has come. Replicas may do it at once: it is decided again
//! under the lock, and the slower one finds nothing due.

use std::time::Duration;

use chassis::fault::chain;
use chassis::tasks::{Shutdown, TaskResult};
use tokio::time::sleep;

use crate::app::App;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// How soon it is looked again after it failed.
const AGAIN: Duration = Duration::from_secs(5);

/// Looks until the process ends.
pub async fn keep_keys(app: App, shutdown: Shutdown) -> TaskResult {
    while !shutdown.is_requested() {
        let pause = match app.keep_keys().await {
            Ok(()) => LOOK_EVERY,
            Err(fault) => {
                tracing::warn!(error = chain(&fault), "signing keys not looked after");
                AGAIN
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = shutdown.requested() => {}
        }
    }
    Ok(())
}
