//! Transactions that begin whole, even where the caller goes away meanwhile.

use sqlx::postgres::PgPool;
use sqlx::{Postgres, Transaction};
use tokio_util::task::TaskTracker;

/// Begins a transaction, in a task that nobody can drop: a begin that is given up half-way leaves a
/// connection in the pool that is in a transaction, and whoever gets it next writes into that.
pub(crate) async fn begun(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begins = TaskTracker::new().spawn(async move { pool.begin().await });
    match begins.await {
        Ok(begun) => begun,
        Err(error) => Err(sqlx::Error::Io(std::io::Error::other(error))),
    }
}
