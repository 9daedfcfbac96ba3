//! Where a service keeps its events, and whom it tells.

use std::fmt;
use std::str::FromStr;

use chassis::settings::{Reader, Secret};
use sqlx::postgres::PgConnectOptions;

/// Where a service keeps its events, and whom it tells, behind the prefix of the service:
///
/// | variable | form | default |
/// |---|---|---|
/// | `…_DATABASE_URL` | Postgres, as the service's role | `DATABASE_URL` |
/// | `…_REPLICA_URL` | a read replica for plain reads | none: the database itself |
/// | `…_SCAN_URL` | Postgres, as the role that finds work | the database |
/// | `…_LOG_URL` | Postgres, as the role that reads the log | the database |
/// | `…_NATS_URL` | the broker | `NATS_URL`; without, nothing is published or heard |
/// | `…_WRITERS`, `…_READERS` | connections that write and read | by cores; 8 |
#[derive(Clone)]
pub struct BackingSettings {
    /// How the journal is set.
    pub journal: journal::Settings,
    /// The database, as the role that finds work.
    pub scan: PgConnectOptions,
    /// The database, as the role that reads the log.
    pub log: PgConnectOptions,
    /// The broker.
    pub nats: Option<Secret<String>>,
}

impl BackingSettings {
    /// Reads them, so that all mistakes are found.
    pub fn read(reader: &mut Reader<'_>, service: &str) -> Option<Self> {
        let journal = journal::Settings::read(reader, service);
        let (scan, log) = (place(reader, "SCAN_URL"), place(reader, "LOG_URL"));
        let nats = reader.own_or_shared::<Secret<String>>("NATS_URL");
        let journal = journal?;
        Some(Self {
            scan: scan?.unwrap_or_else(|| journal.database.clone()),
            log: log?.unwrap_or_else(|| journal.database.clone()),
            journal,
            nats: nats?,
        })
    }

    /// The database, as the role of the service.
    pub fn database(&self) -> &PgConnectOptions {
        &self.journal.database
    }
}

impl fmt::Debug for BackingSettings {
    /// Shows nothing: passwords are part of where a database is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackingSettings").finish_non_exhaustive()
    }
}

/// Where a database is, if that is said; the outer `None` is a mistake.
fn place(reader: &mut Reader<'_>, name: &str) -> Option<Option<PgConnectOptions>> {
    let Some(url) = reader.maybe::<Secret<String>>(name)? else {
        return Some(None);
    };
    let place = PgConnectOptions::from_str(url.expose()).ok();
    if place.is_none() {
        reader.refuse(name, "must be the URL of a Postgres database");
    }
    place.map(Some)
}
