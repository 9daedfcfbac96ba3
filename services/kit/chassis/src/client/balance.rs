//! Which address takes the next call: of those that are connected and well the least busy one.

use std::sync::Arc;

use tokio::time::Instant;

use super::chance;
use super::endpoint::{Endpoint, Line};
use super::network::Lane;

/// Picks an address and one of its connections; nothing if none is connected.
pub(super) fn pick(endpoints: &[Arc<Endpoint>], lane: Lane) -> Option<(Arc<Endpoint>, Line)> {
    let now = Instant::now();
    let well = |it: &&Arc<Endpoint>| !it.is_ejected(now);
    // If all fail, the failing ones are better than none; the breaker judges the peer as a whole.
    least_busy(endpoints, lane, well).or_else(|| least_busy(endpoints, lane, |_| true))
}

/// Looks at all, because they are few; from a random one on, so that equals share.
fn least_busy(
    endpoints: &[Arc<Endpoint>],
    lane: Lane,
    fits: impl Fn(&&Arc<Endpoint>) -> bool,
) -> Option<(Arc<Endpoint>, Line)> {
    let (before, after) = endpoints.split_at_checked(chance::below(endpoints.len()))?;
    let candidates = after.iter().chain(before).filter(fits);
    let connected = candidates.filter_map(|it| Some((it, it.line(lane)?)));
    let (endpoint, line) = connected.min_by_key(|(it, _)| it.in_flight())?;
    Some((Arc::clone(endpoint), line))
}
