//! Keeps what is in mind of positions in step with the log, whoever wrote it.

use bus::Follower;
use chassis::tasks::{Shutdown, TaskResult};

use crate::app::Known;

/// Sees what facts tell of, until the process ends. What may have been missed forgets all.
pub async fn keep_in_mind(follower: Follower, known: Known, shutdown: Shutdown) -> TaskResult {
    let mut subscription = follower.subscribe().await?;
    known.forget();
    loop {
        let told = tokio::select! {
            told = subscription.next() => told,
            () = shutdown.requested() => return Ok(()),
        };
        // Whoever missed something begins again, with nothing in mind.
        let delta = told?;
        for recorded in delta.facts.iter() {
            if recorded.kind == "allocation_policy_changed" {
                known.forget_allocation(recorded.tenant).await;
            }
            known.heed(recorded).await;
        }
    }
}
