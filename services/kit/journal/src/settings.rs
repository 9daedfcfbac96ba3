//! How a journal is set, and the limits that it keeps.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use chassis::settings::{Reader, Secret};
use sqlx::postgres::PgConnectOptions;
use vocab::Moment;

/// The most commands that one transaction takes.
pub const BATCH_COMMANDS_MAX: usize = 512;
/// The most keys that one transaction locks, and that one command may name.
pub const BATCH_KEYS_MAX: usize = 4_096;
/// The most commands that wait for one writer: sixteen full batches.
const QUEUE_MAX: usize = 8_192;
/// The most writers and readers of one process: all processes share what the server lets in.
const WRITERS_MAX: usize = 16;
const READERS_MAX: usize = 64;
/// Connections for reads of doors, with which two cores are busy.
const READERS: usize = 8;

/// How a journal is set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the service, which is the actor of merged facts.
    pub service: String,
    /// The database, as the role of the service.
    pub database: PgConnectOptions,
    /// A copy of the database for plain reads; the database itself, if there is none.
    pub replica: Option<PgConnectOptions>,
    /// How many writers there are, each with a connection of its own.
    pub writers: NonZeroUsize,
    /// How many connections there are for reads.
    pub readers: NonZeroUsize,
    /// How many commands may wait for one writer.
    pub queue_max: usize,
    /// By how much the time of decisions differs from that of the database; for tests.
    pub offset: ClockOffset,
    #[doc(hidden)]
    pub controls: Controls,
}

/// Puts the time of decisions forward or back. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct ClockOffset(Arc<AtomicI64>);

/// Switches that show in tests what a mechanism is for, by turning it off.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Controls {
    /// Neither reads nor writes what was answered before.
    pub forget_answers: bool,
    /// Locks in the order in which commands came.
    pub unsorted_locks: bool,
    /// Waits between the writes of a batch and its commit.
    pub pause_before_commit: Option<Duration>,
}

impl Settings {
    /// The settings of a service whose database has this URL.
    pub fn of(service: impl Into<String>, url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self {
            service: service.into(),
            database: PgConnectOptions::from_str(url)?,
            replica: None,
            writers: usual_writers(),
            readers: NonZeroUsize::new(READERS).unwrap_or(NonZeroUsize::MIN),
            queue_max: QUEUE_MAX,
            offset: ClockOffset::default(),
            controls: Controls::default(),
        })
    }
}

impl Settings {
    /// Reads the settings of a service from its variables: `DATABASE_URL` (which all services of a
    /// process may share), `REPLICA_URL`, `WRITERS` and `READERS`, behind the service's prefix.
    pub fn read(reader: &mut Reader<'_>, service: &str) -> Option<Self> {
        let url = match reader.own_or_shared::<Secret<String>>("DATABASE_URL") {
            Some(None) => reader.shared("DATABASE_URL", None),
            found => found.flatten(),
        };
        let replica: Option<Option<Secret<String>>> = reader.maybe("REPLICA_URL");
        let writers = reader.bounded("WRITERS", 1..=WRITERS_MAX, usual_writers().get());
        let readers = reader.bounded("READERS", 1..=READERS_MAX, READERS);
        let set = Self::of(service, url?.expose()).ok();
        if set.is_none() {
            reader.refuse("DATABASE_URL", "must be the URL of a Postgres database");
        }
        let replica = replica?.map(|url| PgConnectOptions::from_str(url.expose()).ok());
        if matches!(replica, Some(None)) {
            reader.refuse("REPLICA_URL", "must be the URL of a Postgres database");
        }
        Some(Self {
            replica: replica.flatten(),
            writers: NonZeroUsize::new(writers?)?,
            readers: NonZeroUsize::new(readers?)?,
            ..set?
        })
    }
}

impl ClockOffset {
    /// Puts the time forward.
    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(micros(by), Ordering::Relaxed);
    }

    /// Puts the time back.
    pub fn back(&self, by: Duration) {
        self.0.fetch_sub(micros(by), Ordering::Relaxed);
    }

    /// Returns the time of decisions when the database says `time`.
    pub(crate) fn apply(&self, time: Moment) -> Moment {
        let offset = self.0.load(Ordering::Relaxed);
        let by = Duration::from_micros(offset.unsigned_abs());
        let moved = if offset < 0 {
            time.minus(by)
        } else {
            time.plus(by)
        };
        moved.unwrap_or(time)
    }
}

/// One writer per two cores; more only take turns at the same disk.
fn usual_writers() -> NonZeroUsize {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new(cores / 2).unwrap_or(NonZeroUsize::MIN)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
