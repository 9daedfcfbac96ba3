//! Dead letters that ended long ago are forgotten, by the role that sees no event.
//!
//! Inboxes stay: without its row a stream would be applied again from its first version (the README
//! of the bus has the cost).

use std::time::Duration;

use journal::Expiry;

/// Letters that ended more than 30 days ago; the policy for the role shows no others.
pub const ENDED_LETTERS: Expiry = Expiry {
    name: "ended dead letters",
    every: Duration::from_secs(600),
    remove: "DELETE FROM dead_letters AS l
    USING (
      SELECT tenant_id, consumer, stream_id FROM dead_letters
      WHERE resolved_at < now() - interval '30 days' LIMIT $1) AS e
    WHERE l.tenant_id = e.tenant_id AND l.consumer = e.consumer AND l.stream_id = e.stream_id
      AND l.resolved_at < now() - interval '30 days'",
};
