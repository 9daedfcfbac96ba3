//! The settings of connections that lead or read the log, and the patience with them.

use std::future::Future;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::LogError;

/// How long a statement may take before the connection counts as lost. Reading a chunk of a large
/// pass takes longest, when a million rows are sorted first.
const PATIENCE: Duration = Duration::from_secs(20);

/// What every such connection sets. A vanished host loses its session within 25 seconds, else it
/// would keep a lead for hours. The planner has no better way than the indexes, whatever it
/// believes of a table that was small when it looked.
const SETTINGS: &[(&str, &str)] = &[
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
    ("statement_timeout", "20000"),
    ("lock_timeout", "5000"),
    ("idle_in_transaction_session_timeout", "60000"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// Adds the settings of such a connection.
pub fn session(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options(SETTINGS.iter().copied())
}

/// Waits for the database, but not for ever.
pub trait Bounded<T> {
    /// Gives the answer, or an error when it took too long. The connection is of no use then.
    fn bounded(self) -> impl Future<Output = Result<T, LogError>> + Send;
}

impl<T, F: Future<Output = Result<T, sqlx::Error>> + Send> Bounded<T> for F {
    async fn bounded(self) -> Result<T, LogError> {
        match tokio::time::timeout(PATIENCE, self).await {
            Ok(answer) => answer.map_err(LogError::from),
            Err(_) => Err(LogError::Late),
        }
    }
}
