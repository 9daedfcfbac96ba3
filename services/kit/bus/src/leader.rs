//! Who leads: an advisory lock on a connection of its own, and a number that rises with each lead.
//!
//! The lock keeps replicas from working twice; the number, compared wherever the leader writes,
//! keeps a leader that slept through the loss of its lock from undoing another's work.

use std::time::Duration;

use chassis::tasks::Shutdown;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::log::{Bounded, LogError, session};

/// How often a replica without the lead asks for it.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// A lead: it lasts as long as its connection.
pub struct Lead {
    connection: PgConnection,
}

impl Lead {
    /// Waits for the lead; nothing comes back if the process ends first.
    pub async fn wait(
        options: &PgConnectOptions,
        name: &str,
        shutdown: &Shutdown,
    ) -> Result<Option<Self>, LogError> {
        let options = session(options);
        let mut connection = PgConnection::connect_with(&options).bounded().await?;
        while !shutdown.is_requested() {
            let sql = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
            let taken: bool = sqlx::query_scalar(sql)
                .bind(name)
                .fetch_one(&mut connection)
                .bounded()
                .await?;
            if taken {
                return Ok(Some(Self { connection }));
            }
            pause(ASK_EVERY, shutdown).await;
        }
        Ok(None)
    }

    /// Makes sure that the lead is still held; an error means that it is lost.
    pub async fn holds(&mut self) -> Result<(), LogError> {
        let ping = sqlx::query("SELECT 1").execute(&mut self.connection);
        ping.bounded().await.map(|_| ())
    }

    /// The connection that holds the lock, for the leader's own statements.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives up the value and keeps the connection, and with it the lead.
    pub fn into_connection(self) -> PgConnection {
        self.connection
    }
}

/// Pauses, but not beyond the shutdown.
pub async fn pause(pause: Duration, shutdown: &Shutdown) {
    tokio::select! {
        () = tokio::time::sleep(pause) => (),
        () = shutdown.requested() => (),
    }
}
