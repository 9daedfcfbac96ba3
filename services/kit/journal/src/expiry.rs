//! The job that forgets answers whose time is over, with a role that sees no answer.

use std::time::Duration;

use chassis::tasks::{OnFailure, OnShutdown, Tasks};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::sleep;

use crate::connection::{connect, for_reads};

/// How often it is looked for what has expired.
const EVERY: Duration = Duration::from_secs(60);
/// How many rows go at once, so that no transaction is long.
const AT_ONCE: u64 = 1_000;
/// The most rounds of one pass; the next pass goes on.
const ROUNDS_MAX: u32 = 1_000;
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_secs(1),
    pause_max: Duration::from_secs(60),
};

const REMOVE: &str = "\
    DELETE FROM idempotency AS i \
    USING ( \
      SELECT tenant_id, principal, method, request_id FROM idempotency \
      WHERE expires_at < now() LIMIT $1) AS e \
    WHERE i.tenant_id = e.tenant_id AND i.principal = e.principal \
      AND i.method = e.method AND i.request_id = e.request_id";

/// Starts the job. `scan` connects as the role `retail_scan`, or a member of it.
pub fn forget_expired(scan: &PgConnectOptions, tasks: &Tasks) {
    let options = for_reads(scan, "expired answers");
    tasks.spawn("expired answers", RESTART, OnShutdown::Abort, move |_| {
        let options = options.clone();
        async move {
            loop {
                let mut connection = connect(&options).await?;
                let removed = remove_expired(&mut connection).await?;
                tracing::debug!(rows.removed = removed, "expired answers removed");
                drop(connection);
                sleep(EVERY).await;
            }
        }
    });
}

/// Removes what has expired, a part at a time. Returns how many answers it were.
pub async fn remove_expired(scan: &mut PgConnection) -> Result<u64, sqlx::Error> {
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
