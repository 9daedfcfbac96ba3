//! Connections of the journal: how they are set, and how long anybody waits for one.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use tokio::time::timeout;

/// How long a new connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How many statements a connection keeps prepared: every set of tables that batches touch.
const STATEMENTS_MAX: usize = 512;

/// What ends a statement, a wait or a transaction that is left alone, whatever became of us.
const LIMITS: [(&str, &str); 7] = [
    ("statement_timeout", "2s"),
    ("lock_timeout", "500ms"),
    ("idle_in_transaction_session_timeout", "5s"),
    ("client_connection_check_interval", "1s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// What keeps the plans of the statements that find rows by arrays, made while a table was empty,
/// right when it has grown.
const PLANS: [(&str, &str); 4] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// Sets connections for statements that the journal wrote.
pub(crate) fn for_batches(options: &PgConnectOptions, name: &str) -> PgConnectOptions {
    for_reads(options, name).options(PLANS)
}

/// Sets connections for any statement.
pub(crate) fn for_reads(options: &PgConnectOptions, name: &str) -> PgConnectOptions {
    let options = options.clone().options(LIMITS).application_name(name);
    options.statement_cache_capacity(STATEMENTS_MAX)
}

/// Connects, or gives up in time.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connecting = timeout(CONNECT_WITHIN, options.connect());
    connecting.await.unwrap_or_else(|_| Err(silence()))
}

/// The error of a server that does not answer in time.
pub(crate) fn silence() -> sqlx::Error {
    sqlx::Error::Io(ErrorKind::TimedOut.into())
}
