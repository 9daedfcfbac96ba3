//! The job that forgets dead letters that ended long ago, as the role that sees no event.
//!
//! Inboxes stay: without its row a stream would be applied again from its first version.

use std::time::Duration;

use chassis::tasks::{OnFailure, OnShutdown, Tasks};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::time::sleep;

use crate::log::{Bounded, session};

/// How often it is looked for letters whose time is over.
const EVERY: Duration = Duration::from_secs(600);
/// How many rows go at once, so that no transaction is long.
const AT_ONCE: u64 = 1_000;
/// The most rounds of one pass; the next pass goes on.
const ROUNDS_MAX: u32 = 1_000;
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_secs(1),
    pause_max: Duration::from_secs(60),
};

/// The policy for this role shows only letters whose 30 days are over.
const REMOVE: &str = "DELETE FROM dead_letters AS l
    USING (
      SELECT tenant_id, consumer, stream_id FROM dead_letters
      WHERE resolved_at < now() - interval '30 days' LIMIT $1) AS e
    WHERE l.tenant_id = e.tenant_id AND l.consumer = e.consumer AND l.stream_id = e.stream_id
      AND l.resolved_at < now() - interval '30 days'";

/// Starts the job of a service. `scan` connects as the role `retail_scan`, or a member of it.
pub fn forget_letters(scan: &PgConnectOptions, tasks: &Tasks) {
    let options = session(scan);
    tasks.spawn(
        "ended dead letters",
        RESTART,
        OnShutdown::Abort,
        move |_| {
            let options = options.clone();
            async move {
                loop {
                    let mut connection = PgConnection::connect_with(&options).bounded().await?;
                    let removed = remove_letters(&mut connection).await?;
                    tracing::debug!(rows.removed = removed, "ended dead letters removed");
                    drop(connection);
                    sleep(EVERY).await;
                }
            }
        },
    );
}

/// Removes letters that ended more than 30 days ago, a part at a time. Returns how many.
pub async fn remove_letters(scan: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let mut removed = 0;
    for _ in 0..ROUNDS_MAX {
        let remove = sqlx::query(REMOVE).bind(AT_ONCE.cast_signed());
        let now = remove.execute(&mut *scan).await?.rows_affected();
        removed += now;
        if now < AT_ONCE {
            break;
        }
    }
    Ok(removed)
}
