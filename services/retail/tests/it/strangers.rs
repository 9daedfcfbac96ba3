//! Somebody else on the same server, whose transaction begins at any time and outlasts a few of the
//! run's. It touches nothing that a run writes, but every snapshot has to reckon with it.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};

/// How long the stranger rests before it comes back, when the server is gone.
const REST: Duration = Duration::from_millis(50);
/// Away for about as long as a transaction of the run takes, so that none older than the run's is
/// always there.
const AWAY: &str = "SELECT pg_sleep(0.05 + 0.1 * random())";
/// A transaction with a number of its own, which stays for longer than a few of the run take.
const STAY: &str = "SELECT pg_current_xact_id(), pg_sleep(0.15 + 0.1 * random())";

/// Comes and goes until it is dropped.
pub async fn come_and_go(url: &str) {
    loop {
        if let Ok(mut stranger) = PgConnection::connect(url).await {
            while stranger.execute(AWAY).await.is_ok() && stranger.execute(STAY).await.is_ok() {}
        }
        tokio::time::sleep(REST).await;
    }
}
