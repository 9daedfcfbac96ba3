//! Reading the log of one service: what became visible between two snapshots.
//!
//! Positions are drawn before they are visible, so "everything behind position n" loses events, and
//! "everything below the oldest open transaction" turns streams round. The difference of two
//! snapshots does neither. **Invariant:** a kept snapshot holds nothing that a crash of the server
//! could take back, and the log is only read on a primary.

use journal::Recorded;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use thiserror::Error;

mod pass;
mod place;
mod session;
mod snapshot;
#[cfg(test)]
mod tests;

pub use pass::{Pass, Reading};
pub use place::Place;
pub use session::{Bounded, session};
pub use snapshot::{Malformed, Snapshot};

/// Says why the log cannot be read.
#[derive(Debug, Error)]
pub enum LogError {
    /// The database refuses, or the connection is gone.
    #[error("the log cannot be read")]
    Database(#[from] sqlx::Error),
    /// The database did not answer in time; the connection is given up.
    #[error("the database did not answer in time")]
    Late,
    /// A row or a snapshot is not what the tables promise.
    #[error("the log holds what it must not: {0}")]
    Damaged(String),
    /// The server is a standby, whose snapshots do not know of open transactions.
    #[error("the log is read on a primary only")]
    Standby,
}

/// A connection from which the log is read, as a role that sees the rows of every tenant.
pub struct Log {
    connection: PgConnection,
    place: Place,
    reading: Reading,
    /// The largest position seen, which only a control of tests goes by.
    read_up_to: i64,
}

impl Log {
    /// Connects with the settings that readers of the log need.
    pub async fn open(options: &PgConnectOptions) -> Result<Self, LogError> {
        let options = session(options);
        Self::on(PgConnection::connect_with(&options).bounded().await?).await
    }

    /// Reads from a connection that was opened by [`session`].
    pub async fn on(mut connection: PgConnection) -> Result<Self, LogError> {
        let place = Place::of(&mut connection).await?;
        let reading = Reading::default();
        Ok(Self {
            connection,
            place,
            reading,
            read_up_to: 0,
        })
    }

    /// Reads in another way; only controls of tests do.
    #[must_use]
    pub fn reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// Whose log it is, and in which of its lives.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The connection, between two passes.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Takes the present snapshot, in a statement of its own.
    pub async fn now(&mut self) -> Result<Snapshot, LogError> {
        let text: String = sqlx::query_scalar("SELECT pg_current_snapshot()::text")
            .fetch_one(&mut self.connection)
            .bounded()
            .await?;
        text.parse().map_err(LogError::from)
    }

    /// Takes the present snapshot, cut to what is durable, so that it may be kept before anything
    /// is read up to it.
    pub async fn settled(&mut self) -> Result<Snapshot, LogError> {
        let now = self.now().await?;
        // By its number: a bare `xid` would be the text of the answer, by which 9 is behind 10.
        let sql = "SELECT e.xid::text FROM events e WHERE e.xid < $1::text::xid8
            ORDER BY e.xid DESC LIMIT 1";
        let last: Option<String> = sqlx::query_scalar(sql)
            .bind(now.behind().to_string())
            .fetch_optional(&mut self.connection)
            .bounded()
            .await?;
        let last = last.map_or(Ok(0), |it| it.parse());
        let last = last.map_err(|_| LogError::Damaged("a transaction's number".to_owned()))?;
        Ok(now.cut(last))
    }

    /// Begins to read what is visible now and was not in the old snapshot.
    pub async fn since(&mut self, old: &Snapshot) -> Result<Pass<'_>, LogError> {
        let new = self.now().await?;
        Pass::between(self, old.clone(), new).await
    }

    /// Begins to read what is visible in the new snapshot and was not in the old one.
    pub async fn between(&mut self, old: &Snapshot, new: &Snapshot) -> Result<Pass<'_>, LogError> {
        Pass::between(self, old.clone(), new.clone()).await
    }

    /// Begins to read again what a snapshot shows and what was recorded within the last seconds.
    pub async fn prefix(&mut self, of: &Snapshot, seconds: i64) -> Result<Pass<'_>, LogError> {
        Pass::prefix(self, of.clone(), seconds).await
    }

    /// Reads all that is between a snapshot and now: for callers that know it to be little.
    pub async fn all_since(
        &mut self,
        old: &Snapshot,
    ) -> Result<(Vec<Recorded>, Snapshot), LogError> {
        let mut pass = self.since(old).await?;
        let mut all = Vec::new();
        while let Some(chunk) = pass.next().await? {
            all.extend(chunk);
        }
        Ok((all, pass.end().await?))
    }
}
