//! Jobs that forget what has had its time, a part at a time, as a role that sees nothing of it.

use std::time::Duration;

use chassis::tasks::{OnFailure, OnShutdown, Tasks};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::sleep;

use crate::connection::{connect, for_reads};

/// How many rows go at once, so that no transaction is long.
const AT_ONCE: u64 = 1_000;
/// The most rounds of one pass; the next pass goes on.
const ROUNDS_MAX: u32 = 1_000;
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_secs(1),
    pause_max: Duration::from_secs(60),
};

/// Answers that were kept for repetitions of their requests.
pub const EXPIRED_ANSWERS: Expiry = Expiry {
    name: "expired answers",
    every: Duration::from_secs(60),
    remove: "\
    DELETE FROM idempotency AS i \
    USING ( \
      SELECT tenant_id, principal, method, request_id FROM idempotency \
      WHERE expires_at < now() LIMIT $1) AS e \
    WHERE i.tenant_id = e.tenant_id AND i.principal = e.principal \
      AND i.method = e.method AND i.request_id = e.request_id",
};

/// Rows that go when their time is over, by a role that sees when that is and nothing more.
#[derive(Clone, Copy, Debug)]
pub struct Expiry {
    /// The name of the job.
    pub name: &'static str,
    /// How often it is looked for them.
    pub every: Duration,
    /// The statement that removes at most `$1` of them.
    pub remove: &'static str,
}

impl Expiry {
    /// Starts the job. `scan` connects as the role `retail_scan`, or a member of it.
    pub fn start(self, scan: &PgConnectOptions, tasks: &Tasks) {
        let options = for_reads(scan, self.name);
        tasks.spawn(self.name, RESTART, OnShutdown::Abort, move |_| {
            let options = options.clone();
            async move {
                loop {
                    let mut connection = connect(&options).await?;
                    let removed = self.pass(&mut connection).await?;
                    tracing::debug!(
                        task.name = self.name,
                        rows.removed = removed,
                        "rows expired"
                    );
                    drop(connection);
                    sleep(self.every).await;
                }
            }
        });
    }

    /// Removes what has expired, a part at a time. Returns how many rows it were.
    pub async fn pass(&self, scan: &mut PgConnection) -> Result<u64, sqlx::Error> {
        let mut removed = 0;
        for _ in 0..ROUNDS_MAX {
            let remove = sqlx::query(self.remove).bind(AT_ONCE.cast_signed());
            let now = remove.execute(&mut *scan).await?.rows_affected();
            removed += now;
            if now < AT_ONCE {
                break;
            }
        }
        Ok(removed)
    }
}
