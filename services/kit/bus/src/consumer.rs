//! Reads another service's events and hands them to the journal, each once and in order.
//!
//! One replica reads a durable at a time. A message is acknowledged after the commit of its effect;
//! what comes early is refetched from its owner, what can never be applied is put aside with its
//! stream, and nothing is ever skipped.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use bytes::Bytes;
use chassis::fault::{Fault, chain};
use chassis::tasks::{Shutdown, TaskResult};
use futures_util::future::BoxFuture;
use journal::{Journal, Ledger};
use sqlx::postgres::PgConnectOptions;
use thiserror::Error;
use vocab::TenantId;

use crate::consuming::{Consuming, Place};
use crate::leader::{Lead, pause};
use crate::log::LogError;

mod apply;
mod cursor;
mod delivery;
mod expiry;
mod order;
mod owner;
mod reader;
mod reign;
mod repair;
mod tally;

pub use cursor::{ConsumerStatus, consumer_status, consumer_statuses};
pub use delivery::Delivery;
pub use expiry::ENDED_LETTERS;
pub use owner::Owner;
pub use tally::Tally;

use reign::Reign;

/// The first pause of a replica whose lead ended badly.
const REST: Duration = Duration::from_millis(250);

/// Why a delivery can never be applied by this build.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Poison {
    /// The bytes are not what the subject promises.
    #[error("the event cannot be read: {0}")]
    Unreadable(String),
    /// A newer build of the owner wrote it.
    #[error("the kind of event is not known")]
    KindUnknown,
    /// It is an event that this consumer's rules refuse.
    #[error("the event is refused: {0}")]
    Refused(String),
}

/// The present state of an aggregate, as its owner tells it.
pub struct Present<C> {
    /// Of which version it is.
    pub place: Place,
    /// What it means here.
    pub effect: Option<C>,
}

/// What a service makes of another one's events.
pub trait Listen<C>: Send + Sync + 'static {
    /// Names the durable, such as `inventory-orders`.
    fn name(&self) -> &'static str;

    /// The context whose events are read, such as `order`.
    fn source(&self) -> &'static str;

    /// What an event means here; nothing for one that is not needed.
    fn effect(&self, delivery: &Delivery) -> Result<Option<C>, Poison>;

    /// The full names of the events that are needed, for operators. Empty: every kind.
    fn event_types(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether [`Listen::resync`] can read an aggregate's present state from its owner.
    fn is_resyncable(&self) -> bool {
        false
    }

    /// Reads an aggregate's present state from its owner; nothing where there is none to keep.
    fn resync<'a>(
        &'a self,
        _tenant: TenantId,
        _stream: &'a str,
    ) -> BoxFuture<'a, Result<Option<Present<C>>, Fault>> {
        Box::pin(async { Ok(None) })
    }

    /// The broker has forgotten events that were never read here. Streams with later events heal
    /// by themselves; a consumer that has to know every stream reads them all anew.
    fn missed(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
}

/// One published event as its owner gives it out again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is published.
    pub subject: String,
    /// The full name of the variant.
    pub event_type: String,
    /// The whole envelope.
    pub payload: Bytes,
}

/// Fetches a range of a stream's versions from its owner, in order, as many as it gives at once.
pub trait Refetch: Send + Sync + 'static {
    /// From one version to another, both included; nothing if the owner has none of them.
    fn fetch<'a>(
        &'a self,
        tenant: TenantId,
        stream: &'a str,
        versions: (i64, i64),
    ) -> BoxFuture<'a, Result<Vec<Fetched>, Fault>>;
}

/// What a consumer runs with.
#[derive(Clone)]
pub struct ConsumerParts {
    /// The service that reads, which is the actor of what it causes.
    pub service: &'static str,
    /// The database as the role of the service, for lead and bookkeeping.
    pub database: PgConnectOptions,
    /// The database as the role that finds work.
    pub scan: PgConnectOptions,
    /// The broker.
    pub jetstream: Context,
    /// Names this replica.
    pub instance: String,
    /// Names this build: a newer one redrives what an older one did not know.
    pub build: String,
}

/// What a consumer goes by. The defaults are those of production.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerSettings {
    /// How many messages are taken at once.
    pub chunk: usize,
    /// How many may be delivered and not acknowledged.
    pub ack_pending: i64,
    /// After how long the broker delivers again.
    pub ack_wait: Duration,
    /// How long a gap may fill by itself before it is refetched.
    pub gap_wait: Duration,
    /// How often a defect is tried before the stream stands still.
    pub attempts: u32,
    /// How often work is looked for and progress is told.
    pub look_every: Duration,
    /// Whether the inbox is asked; off only in a control of tests.
    pub inbox: bool,
}

impl Default for ConsumerSettings {
    fn default() -> Self {
        Self {
            chunk: 256,
            ack_pending: 1_024,
            ack_wait: Duration::from_secs(30),
            gap_wait: Duration::from_millis(50),
            attempts: 5,
            look_every: Duration::from_secs(1),
            inbox: true,
        }
    }
}

/// One durable's reader in one replica.
pub struct Consumer<L: Ledger> {
    journal: Journal<Consuming<L>>,
    listen: Arc<dyn Listen<L::Command>>,
    refetch: Arc<dyn Refetch>,
    parts: ConsumerParts,
    settings: ConsumerSettings,
    tally: Tally,
}

impl<L: Ledger> Clone for Consumer<L> {
    fn clone(&self) -> Self {
        Self {
            journal: self.journal.clone(),
            listen: self.listen.clone(),
            refetch: self.refetch.clone(),
            parts: self.parts.clone(),
            settings: self.settings,
            tally: self.tally.clone(),
        }
    }
}

/// Says why a lead of a consumer ended.
#[derive(Debug, Error)]
pub(crate) enum Ended {
    /// The database failed it.
    #[error("the database failed the consumer")]
    Log(#[from] LogError),
    /// Somebody else leads.
    #[error("another replica reads the durable")]
    Deposed,
    /// The reader broke; it is opened again.
    #[error("the reader of the durable broke: {0}")]
    Reader(String),
    /// The process ends.
    #[error("the process ends")]
    Shutdown,
}

impl<L: Ledger> Consumer<L>
where
    L::Command: Clone,
{
    /// Takes where effects go, what events mean, and where gaps are filled from.
    pub fn new(
        journal: Journal<Consuming<L>>,
        listen: Arc<dyn Listen<L::Command>>,
        refetch: Arc<dyn Refetch>,
        parts: ConsumerParts,
    ) -> Self {
        Self {
            journal,
            listen,
            refetch,
            parts,
            settings: ConsumerSettings::default(),
            tally: Tally::default(),
        }
    }

    /// Goes by other settings.
    #[must_use]
    pub fn settings(self, settings: ConsumerSettings) -> Self {
        Self { settings, ..self }
    }

    /// What it has counted in this process.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Waits for the lead, reads while it lasts, and begins again, until the process ends.
    pub async fn run(self, shutdown: Shutdown) -> TaskResult {
        while !shutdown.is_requested() {
            match self.lead(&shutdown).await {
                Ok(()) | Err(Ended::Shutdown) => (),
                Err(error) => {
                    let name = self.listen.name();
                    tracing::warn!(consumer.name = name, error = chain(&error), "lead lost");
                    pause(REST, &shutdown).await;
                }
            }
        }
        Ok(())
    }

    async fn lead(&self, shutdown: &Shutdown) -> Result<(), Ended> {
        let name = format!("consumer {}", self.listen.name());
        let Some(lead) = Lead::wait(&self.parts.database, &name, shutdown).await? else {
            return Ok(());
        };
        let mut reign = Reign::begin(self, lead, shutdown).await?;
        reign.work().await
    }
}
