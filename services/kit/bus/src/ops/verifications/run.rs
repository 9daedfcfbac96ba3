//! One run of a verification: refolds on a connection of its own and saves how far it has come.
//!
//! That connection holds the lock of the service's runs, so it is alone, and whoever finds a
//! running row without the lock knows that its run broke off.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chassis::fault::{Fault, chain};
use chassis::tasks::TaskResult;
use journal::{Report, VerifyError};
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use vocab::VerificationId;

use super::super::refold::{Refold, Scope};
use super::rows::{self, End};
use crate::begun::begun;
use crate::log::session;

/// How often a run saves how far it has come, and looks whether it was cancelled.
const SAVE_EVERY: Duration = Duration::from_millis(500);
/// How long the end of a run that was cancelled is waited for.
const TRIES: u32 = 20;
const TRY_EVERY: Duration = Duration::from_millis(100);

const LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
const LOCK_OF_TX: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))";
const BROKE_OFF: End = End {
    state: "failed",
    error: "INTERRUPTED",
};

/// The right to run, for as long as its connection lasts.
pub(super) struct Turn(PgConnection);

impl Turn {
    /// Takes the turn, unless a run has it.
    pub async fn take(
        options: &PgConnectOptions,
        service: &str,
        reader: &mut PgConnection,
    ) -> Result<Result<Self, rows::Run>, Fault> {
        // A server that waits or sorts sees this soon when the run was dropped.
        let vanished = [("client_connection_check_interval", "500")];
        let options = session(options).options(vanished);
        let connect = PgConnection::connect_with(&options).await;
        let mut connection = connect.map_err(journal::fault)?;
        for _ in 0..TRIES {
            if locked(&mut connection, LOCK, service).await? {
                return Ok(Ok(Self(connection)));
            }
            let running = rows::running(&mut *reader).await.map_err(journal::fault)?;
            if let Some(running) = running {
                return Ok(Err(running));
            }
            // One that has ended, or was cancelled, is about to let go.
            tokio::time::sleep(TRY_EVERY).await;
        }
        Err(Fault::unavailable("verification"))
    }
}

/// Marks a run that is running and has nobody who runs it.
pub(super) async fn settle(pool: &PgPool, service: &str) -> Result<(), Fault> {
    let mut tx = begun(pool).await.map_err(journal::fault)?;
    let running = rows::running(&mut tx).await.map_err(journal::fault)?;
    if let Some(running) = running
        && locked(&mut tx, LOCK_OF_TX, service).await?
    {
        let id = VerificationId::from_uuid(running.verification_id);
        let ended = rows::end(&mut tx, id, BROKE_OFF).await;
        ended.map_err(journal::fault)?;
    }
    tx.commit().await.map_err(journal::fault)
}

/// Whoever has the turn knows that nothing runs.
pub(super) async fn clear(connection: &mut PgConnection) -> Result<(), Fault> {
    let left = rows::running(&mut *connection).await;
    if let Some(left) = left.map_err(journal::fault)? {
        let id = VerificationId::from_uuid(left.verification_id);
        let ended = rows::end(connection, id, BROKE_OFF).await;
        ended.map_err(journal::fault)?;
    }
    Ok(())
}

async fn locked(
    connection: &mut PgConnection,
    sql: &'static str,
    service: &str,
) -> Result<bool, Fault> {
    let lock = sqlx::query_scalar(sql).bind(format!("verification of {service}"));
    lock.fetch_one(connection).await.map_err(journal::fault)
}

/// A run that was begun.
pub(super) struct Job {
    pub id: VerificationId,
    pub scope: Scope,
    pub turn: Turn,
    pub refold: Arc<dyn Refold>,
    pub pool: PgPool,
}

impl Job {
    /// Runs to the end, or until somebody cancels it.
    pub async fn run(self) -> TaskResult {
        let Turn(mut connection) = self.turn;
        let (tell, told) = watch::channel(Report::default());
        let mut saving = Saving {
            id: self.id,
            pool: self.pool,
            told,
            kept: 0,
        };
        let mut progress = |report: &Report| tell.send_modify(|it| catch_up(it, report));
        let ended = {
            let refold = self.refold;
            let mut folding = pin!(refold.refold(&mut connection, &self.scope, &mut progress));
            loop {
                tokio::select! {
                    ended = &mut folding => break Some(ended),
                    () = tokio::time::sleep(SAVE_EVERY) => if !saving.save().await { break None },
                }
            }
        };
        let saved = match ended {
            Some(Ok(report)) => {
                tell.send_modify(|it| catch_up(it, &report));
                saving.end(verdict(&report)).await
            }
            Some(Err(error)) => {
                tracing::warn!(error = chain(&error), "verification failed");
                saving.end(failure(&error)).await
            }
            None => Ok(()),
        };
        // Lets go of the snapshot and the lock now; a connection that is gone has done so.
        connection.close_hard().await?;
        saved.map_err(Into::into)
    }
}

fn verdict(report: &Report) -> End {
    let state = if report.found == 0 {
        "clean"
    } else {
        "different"
    };
    End { state, error: "" }
}

fn failure(error: &VerifyError) -> End {
    let error = match error {
        VerifyError::Database(_) => "DATABASE_UNAVAILABLE",
        VerifyError::Table(_) => "TABLE_MISDESCRIBED",
    };
    End {
        state: "failed",
        error,
    }
}

/// Takes over what a report says beyond what is known of it.
fn catch_up(known: &mut Report, report: &Report) {
    let new = report.differences.get(known.differences.len()..);
    known.differences.extend_from_slice(new.unwrap_or_default());
    known.streams = report.streams;
    known.facts = report.facts;
    known.rows = report.rows;
    known.found = report.found;
    known.position = report.position;
}

/// What is written of a run while it runs.
struct Saving {
    id: VerificationId,
    pool: PgPool,
    told: watch::Receiver<Report>,
    kept: usize,
}

impl Saving {
    /// Saves how far it has come. False if it was cancelled.
    async fn save(&mut self) -> bool {
        match self.write(None).await {
            Ok(is_running) => is_running,
            Err(error) => {
                tracing::warn!(error = chain(&error), "verification was not saved");
                true
            }
        }
    }

    async fn end(&mut self, end: End) -> Result<(), sqlx::Error> {
        self.write(Some(end)).await.map(|_| ())
    }

    async fn write(&mut self, end: Option<End>) -> Result<bool, sqlx::Error> {
        let mut report = self.told.borrow().clone();
        let new = report.differences.split_off(self.kept);
        let mut tx = self.pool.begin().await?;
        let is_running = rows::advance(&mut tx, self.id, &report).await?;
        if is_running {
            rows::keep(&mut tx, self.id, (self.kept, &new)).await?;
        }
        if let Some(end) = end {
            rows::end(&mut tx, self.id, end).await?;
        }
        tx.commit().await?;
        self.kept += new.len();
        Ok(is_running)
    }
}
