//! What can go wrong while a test gets its servers ready.

use std::path::PathBuf;

use crate::TimedOut;

/// Why the testbed cannot give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not where `make tools` puts it.
    #[error("{} is missing: run `make tools`", .0.display())]
    Missing(PathBuf),
    /// No folder for temporary files is open to the user that Postgres runs as.
    #[error("no folder for temporary files can be reached by user {0}: set TMPDIR to one")]
    NoGround(u32),
    /// The folder for servers belongs to somebody else.
    #[error("{} belongs to another user: remove it, or set TMPDIR", .0.display())]
    Foreign(PathBuf),
    /// A server ended when it should have run.
    #[error("{what} ended: {how}; the end of its log:\n{log}")]
    Ended {
        /// The server.
        what: &'static str,
        /// Its exit status.
        how: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// A server is not running, so it cannot do what was asked.
    #[error("{0} is not running: restart it first")]
    NotRunning(&'static str),
    /// A server did not become ready in time.
    #[error("{what} is not ready; the end of its log:\n{log}")]
    NotReady {
        /// The server.
        what: &'static str,
        /// The last lines that it wrote.
        log: String,
        /// What was waited for.
        #[source]
        late: TimedOut,
    },
    /// The operating system refused.
    #[error("cannot {action}")]
    System {
        /// What was tried.
        action: String,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// Postgres refused a statement of the testbed.
    #[error("postgres refuses the testbed")]
    Database(#[from] sqlx::Error),
    /// The migrations of a test do not apply.
    #[error("the migrations do not apply")]
    Migrations(#[from] sqlx::migrate::MigrateError),
}

/// Says what was tried when the operating system refused.
pub trait Trying<T> {
    /// Turns the refusal into an [`Error`].
    fn trying(self, action: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T, E: Into<std::io::Error>> Trying<T> for Result<T, E> {
    fn trying(self, action: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::System {
            action: action(),
            source: source.into(),
        })
    }
}
