//! The end of a transaction, and what became of it when nobody could say so.
//!
//! A connection that is lost during COMMIT leaves the outcome unknown. The number of the
//! transaction tells when it is over, and nothing more: after a crash the number was given to
//! another one. So rows are believed, and only rows.

use std::time::Duration;

use sqlx::{PgConnection, Row as _, query_with, raw_sql};
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use vocab::EventId;

use super::locking::key_arguments_of;
use super::{ALIVE_WITHIN, Failure, Line};
use crate::announce::{Begin, begin};
use crate::connection::{connect, silence};
use crate::failure::Class;
use crate::ledger::Ledger;
use crate::value::Value;
use crate::wire::value;

/// The first pause between two questions about an unknown outcome; doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// What Postgres says of the number of a transaction that it has not given out yet.
const IN_THE_FUTURE: &str = "22023";

/// How to find out whether a transaction was committed.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub xid: u64,
    pub evidence: Evidence,
}

/// One row that a transaction wrote.
#[derive(Clone, Debug)]
pub(super) enum Evidence {
    /// A fact, with an id that nobody else gave.
    Fact {
        tenant: Uuid,
        stream: String,
        version: i64,
        event_id: EventId,
    },
    /// The answer to a request.
    Answer { name: [Value; 4], answer: Vec<u8> },
    /// A row of state.
    State {
        table: usize,
        tenant: Uuid,
        key: Vec<Value>,
        state: Vec<Value>,
    },
}

impl<L: Ledger> Line<L> {
    /// Commits, and says whether that is certain; else nothing was committed.
    pub(super) async fn commit(
        &mut self,
        mut connection: PgConnection,
        proof: Proof,
    ) -> Result<bool, Failure> {
        let commit = raw_sql("COMMIT").execute(&mut connection);
        match timeout(ALIVE_WITHIN, commit).await {
            Ok(Ok(_)) => {
                self.connection = Some(connection);
                return Ok(true);
            }
            // A deferred constraint: the server says so, and has rolled back.
            Ok(Err(error)) if matches!(Class::of(&error), Class::Caused | Class::Raced) => {
                self.connection = Some(connection);
                return Err(error.into());
            }
            Ok(Err(error)) => tracing::warn!(error = %error, "commit lost"),
            Err(_) => tracing::warn!("commit not answered"),
        }
        drop(connection);
        self.shared.metrics.unknown();
        Ok(self.found_out(&proof).await)
    }

    /// Asks until it is known whether a transaction was committed.
    async fn found_out(&mut self, proof: &Proof) -> bool {
        let mut pause = PAUSE;
        loop {
            let ask = timeout(ALIVE_WITHIN, self.ask(proof)).await;
            match ask.unwrap_or(Err(silence())) {
                Ok(Some(committed)) => {
                    tracing::info!(committed, "outcome of a lost commit found");
                    return committed;
                }
                Ok(None) => (),
                Err(error) => tracing::debug!(error = %error, "outcome of a commit not known yet"),
            }
            sleep(pause + self.jitter(pause)).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
    }

    /// Asks once; nothing, while the transaction runs.
    async fn ask(&mut self, proof: &Proof) -> Result<Option<bool>, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        if runs(&mut connection, proof.xid).await? {
            self.connection = Some(connection);
            return Ok(None);
        }
        let tenant = proof.evidence.tenant();
        raw_sql(begin(Begin::Reading, [tenant]))
            .execute(&mut connection)
            .await?;
        let found = self.stands(&mut connection, &proof.evidence).await?;
        raw_sql("COMMIT").execute(&mut connection).await?;
        self.connection = Some(connection);
        Ok(Some(found))
    }

    /// Says whether a row is there as it was written.
    async fn stands(
        &self,
        connection: &mut PgConnection,
        evidence: &Evidence,
    ) -> Result<bool, sqlx::Error> {
        match evidence {
            Evidence::Fact {
                tenant,
                stream,
                version,
                event_id,
            } => {
                let text = "SELECT event_id = $4 FROM events \
                     WHERE tenant_id = $1 AND stream_id = $2 AND version = $3";
                let found = sqlx::query_scalar(text).bind(tenant).bind(stream);
                let found = found.bind(version).bind(event_id.uuid());
                let found: Option<bool> = found.fetch_optional(connection).await?;
                Ok(found.unwrap_or_default())
            }
            Evidence::Answer { name, answer } => {
                let found = answer_of(connection, name).await?;
                Ok(found.as_ref() == Some(answer))
            }
            Evidence::State {
                table,
                tenant,
                key,
                state,
            } => {
                let found = self.state_of(connection, (*table, *tenant, key)).await?;
                Ok(found.as_ref() == Some(state))
            }
        }
    }

    async fn state_of(
        &self,
        connection: &mut PgConnection,
        (at, tenant, key): (usize, Uuid, &[Value]),
    ) -> Result<Option<Vec<Value>>, sqlx::Error> {
        let statements = &self.shared.statements;
        let Some((table, text)) = statements.tables.get(at).zip(statements.read.get(at)) else {
            return Ok(None);
        };
        let arguments = key_arguments_of(table, std::iter::once((tenant, key.to_vec())));
        let arguments = arguments.map_err(sqlx::Error::Encode)?;
        let row = query_with(text.clone(), arguments)
            .fetch_one(connection)
            .await?;
        if row.try_get::<Option<bool>, _>(2)?.is_none() {
            return Ok(None);
        }
        let first = if table.aggregate { 5 } else { 3 };
        let columns = table.columns.iter().enumerate();
        let values = columns.map(|(at, column)| value(&row, first + at, column.kind));
        values.collect::<Result<_, _>>().map(Some)
    }
}

impl Evidence {
    fn tenant(&self) -> Uuid {
        match self {
            Self::Fact { tenant, .. } | Self::State { tenant, .. } => *tenant,
            Self::Answer { name, .. } => match name {
                [Value::Uuid(tenant), ..] => *tenant,
                _ => Uuid::nil(),
            },
        }
    }
}

/// Says whether a transaction is still open.
async fn runs(connection: &mut PgConnection, xid: u64) -> Result<bool, sqlx::Error> {
    let status = sqlx::query_scalar("SELECT pg_xact_status($1::text::xid8)");
    let status = status.bind(xid.to_string()).fetch_one(connection).await;
    match status {
        Ok(status) => Ok(Option::<String>::as_deref(&status) == Some("in progress")),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(IN_THE_FUTURE) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn answer_of(
    connection: &mut PgConnection,
    name: &[Value; 4],
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let [
        Value::Uuid(tenant),
        Value::Text(principal),
        Value::Text(method),
        Value::Uuid(request),
    ] = name
    else {
        return Ok(None);
    };
    let text = "SELECT answer FROM idempotency \
         WHERE tenant_id = $1 AND principal = $2 AND method = $3 AND request_id = $4";
    let answer = sqlx::query_scalar(text).bind(tenant).bind(principal);
    let answer = answer.bind(method).bind(request);
    answer.fetch_optional(connection).await
}
