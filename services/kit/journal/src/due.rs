//! Finds work whose time has come, whoever's it is, and hands it to a service round by round.
//!
//! It reads as the role that finds work: ids, tenants and times, and nothing else. What is found is
//! decided again under its lock, so replicas may find the same: the slower one has nothing to do.

use std::time::Duration;

use chassis::fault::chain;
use chassis::tasks::{Shutdown, TaskResult};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Connection, PgConnection};

/// Work of one kind whose time comes.
#[derive(Clone, Copy, Debug)]
pub struct Due<T> {
    /// What is looked for, as in `prices`.
    pub name: &'static str,
    /// Finds at most `$1` of them, the longest due first.
    pub sql: &'static str,
    /// Reads one of them.
    pub read: fn(&PgRow) -> Result<T, sqlx::Error>,
    /// How often to look. What is due waits at most this long, and the commit's time.
    pub every: Duration,
    /// So many in one round; more follow without a pause.
    pub round: i64,
}

impl<T: Send> Due<T> {
    /// Looks until the process ends. `work` does a round, and says whether all of it went well;
    /// after a round that did not, and after one that was not full, there is a pause.
    pub async fn run<F>(
        self,
        scan: PgConnectOptions,
        shutdown: Shutdown,
        mut work: impl FnMut(Vec<T>) -> F + Send,
    ) -> TaskResult
    where
        F: Future<Output = bool> + Send,
    {
        let mut connection = None;
        while !shutdown.is_requested() {
            let found = match self.find(&scan, &mut connection).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "{} cannot be looked for", self.name);
                    Vec::new()
                }
            };
            let full = i64::try_from(found.len()).is_ok_and(|it| it >= self.round);
            let well = work(found).await;
            if !(full && well) {
                tokio::select! {
                    () = tokio::time::sleep(self.every) => {}
                    () = shutdown.requested() => {}
                }
            }
        }
        Ok(())
    }

    /// Returns some of them, by the database's clock.
    async fn find(
        &self,
        scan: &PgConnectOptions,
        kept: &mut Option<PgConnection>,
    ) -> Result<Vec<T>, sqlx::Error> {
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => PgConnection::connect_with(scan).await?,
        };
        let query = sqlx::query(self.sql).bind(self.round);
        let rows = query.fetch_all(&mut connection).await?;
        // Kept only after it worked; a broken one is left behind.
        *kept = Some(connection);
        rows.iter().map(self.read).collect()
    }
}
