//! Applies a service's own events to tables made for reading, each event exactly once.
//!
//! The cursor is saved in the transaction of the effect, by the one leader whose epoch it carries.
//! A build that projects otherwise raises its version: a second copy is filled from the first event
//! beside the served one, which is kept up meanwhile, and the two are exchanged in one commit.

use std::sync::Arc;
use std::time::Duration;

use chassis::fault::chain;
use chassis::tasks::{Shutdown, TaskResult};
use futures_util::future::BoxFuture;
use journal::Recorded;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use thiserror::Error;
use vocab::EventId;

use crate::leader::{Lead, pause};
use crate::log::LogError;
use crate::nudge::Nudged;

mod cursor;
mod reign;
mod status;
mod tenants;

pub use status::{ProjectionStatus, projection_status, projection_statuses, request_rebuild};

use reign::Reign;

/// How often the log is looked at without a nudge.
const POLL: Duration = Duration::from_millis(100);
/// How long a replica rests whose lead ended badly.
const REST: Duration = Duration::from_millis(500);

/// One of the two copies of a projection's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Copy {
    /// The first one, served when a projection is new.
    A,
    /// The other one.
    B,
}

impl Copy {
    /// As it is stored: 0 or 1.
    pub const fn number(self) -> i16 {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }

    /// Reads what is stored.
    pub const fn of_number(number: i16) -> Self {
        if number == 0 { Self::A } else { Self::B }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Says why events were not applied.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The database failed; it is tried again.
    #[error("the database failed the projection")]
    Database(#[from] sqlx::Error),
    /// An event can never be applied; the projection stands still at it.
    #[error("the event {event} cannot be applied: {why}")]
    Inapplicable {
        /// Which one.
        event: EventId,
        /// Why, for our own log.
        why: String,
    },
}

/// A view that a service derives from its own log.
///
/// Everything runs as the role of the service, with the tenants of the events announced.
pub trait Projection: Send + Sync + 'static {
    /// Names it within the service.
    fn name(&self) -> &'static str;

    /// Raised whenever this build projects otherwise than the last one.
    fn version(&self) -> i32;

    /// Applies events, in order, to one copy. Called again after a rollback.
    fn apply<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
        events: &'c [Recorded],
    ) -> BoxFuture<'c, Result<(), ApplyError>>;

    /// Removes the rows of the announced tenants from one copy.
    fn clear<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>>;
}

/// Keeps one projection up to date.
#[derive(Clone)]
pub struct Projector {
    projection: Arc<dyn Projection>,
    log: PgConnectOptions,
    service: PgConnectOptions,
    nudged: Nudged,
    instance: String,
}

/// Says why a lead of a projector ended.
#[derive(Debug, Error)]
pub(crate) enum Ended {
    /// The log failed it.
    #[error("the log failed the projector")]
    Log(#[from] LogError),
    /// Somebody else leads.
    #[error("another replica leads the projection")]
    Deposed,
}

impl From<sqlx::Error> for Ended {
    fn from(error: sqlx::Error) -> Self {
        Self::Log(error.into())
    }
}

impl Projector {
    /// Takes what to project, the log as its role, and the tables as the role of the service.
    pub fn new(
        projection: Arc<dyn Projection>,
        log: PgConnectOptions,
        service: PgConnectOptions,
        commits: impl Into<Nudged>,
        instance: impl Into<String>,
    ) -> Self {
        Self {
            projection,
            log,
            service,
            nudged: commits.into(),
            instance: instance.into(),
        }
    }

    /// Waits for the lead, projects while it lasts, and begins again, until the process ends.
    pub async fn run(self, shutdown: Shutdown) -> TaskResult {
        while !shutdown.is_requested() {
            if let Err(error) = self.lead(&shutdown).await {
                let name = self.projection.name();
                tracing::warn!(projection.name = name, error = chain(&error), "lead lost");
                pause(REST, &shutdown).await;
            }
        }
        Ok(())
    }

    async fn lead(&self, shutdown: &Shutdown) -> Result<(), Ended> {
        let name = format!("projection {}", self.projection.name());
        let Some(lead) = Lead::wait(&self.log, &name, shutdown).await? else {
            return Ok(());
        };
        let mut reign = Reign::begin(self, lead).await?;
        let mut nudged = self.nudged.clone();
        while !shutdown.is_requested() {
            if !reign.round().await? {
                tokio::select! {
                    () = nudged.within(POLL) => (),
                    () = shutdown.requested() => (),
                }
            }
        }
        Ok(())
    }
}
