//! Keeps the cache of products in step with the log, whoever wrote it.

use std::sync::Arc;

use bus::Follower;
use chassis::tasks::{Shutdown, TaskResult};
use vocab::ProductId;

use crate::cache::ProductCache;

/// Outdates what facts tell of, until the process ends. What may have been missed outdates all.
pub async fn keep_current(
    follower: Follower,
    cache: Arc<ProductCache>,
    shutdown: Shutdown,
) -> TaskResult {
    let mut subscription = follower.subscribe().await?;
    cache.clear();
    loop {
        let told = tokio::select! {
            told = subscription.next() => told,
            () = shutdown.requested() => return Ok(()),
        };
        // Whoever missed something begins again, with an empty cache.
        let delta = told?;
        for fact in delta.facts.iter() {
            if let Ok(id) = fact.stream_id.parse::<ProductId>() {
                cache.outdate(fact.tenant, id, fact.version).await;
            }
        }
    }
}
