//! Publishes what a service commits: everything, in the order of each stream, from one leader.
//!
//! What is read comes by the difference of two snapshots, what is sent goes in a chain that the
//! broker itself keeps. **Invariant:** the cursor moves only when the broker has acknowledged, and
//! only for the leader whose epoch it carries; a broker that lost something is filled again.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use chassis::fault::chain;
use chassis::tasks::{Shutdown, TaskResult};
use opentelemetry::metrics::Meter;
use sqlx::postgres::PgConnectOptions;
use thiserror::Error;

use crate::leader::{Lead, pause};
use crate::log::{LogError, Reading};
use crate::nudge::{Nudge, Nudged};
use crate::publish::Publish;

mod chain;
mod cursor;
mod gauge;
mod house;
mod reign;
mod rewind;
mod sender;
mod spans;
mod status;
mod stream;

pub use gauge::Gauges;
pub use rewind::Cause;
pub use status::{Behind, Observed, Rewound, Status, behind, status};

use reign::Reign;

/// How long a replica rests whose lead ended badly.
const REST: Duration = Duration::from_millis(500);

/// What a relay goes by. The defaults are those of production.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// How often the log is looked at without a nudge.
    pub poll: Duration,
    /// How many messages are on their way at most.
    pub window: usize,
    /// How long an acknowledgement may take, counted from the send.
    pub ack_within: Duration,
    /// How far back is published again where no checkpoint helps.
    pub replay_window: Duration,
    /// How often a checkpoint is taken.
    pub checkpoint_every: Duration,
    /// How often the stream is looked at and cleaned up.
    pub keep_house_every: Duration,
    /// How long a message stays after every durable has acknowledged it.
    pub purge_after: Duration,
    /// How the log is read; anything but the default is a control of tests.
    pub reading: Reading,
    /// Whether messages name the one before them; off only in a control of tests.
    pub chained: bool,
    /// Whether a stream that went back is filled again; off only in a control of tests.
    pub rewind: bool,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(100),
            window: 256,
            ack_within: Duration::from_secs(2),
            replay_window: Duration::from_secs(8 * 86_400),
            checkpoint_every: Duration::from_secs(60),
            keep_house_every: Duration::from_secs(15),
            purge_after: Duration::from_secs(3_600),
            reading: Reading::default(),
            chained: true,
            rewind: true,
        }
    }
}

/// Says why a lead of the relay ended.
#[derive(Debug, Error)]
pub(crate) enum Ended {
    /// The database failed it.
    #[error("the log failed the relay")]
    Log(#[from] LogError),
    /// Somebody else leads.
    #[error("another replica leads since epoch {0}")]
    Deposed(i64),
    /// The process ends.
    #[error("the process ends")]
    Shutdown,
}

impl From<sqlx::Error> for Ended {
    fn from(error: sqlx::Error) -> Self {
        Self::Log(error.into())
    }
}

/// The relay of one service in one replica.
#[derive(Clone)]
pub struct Relay {
    log: PgConnectOptions,
    jetstream: Context,
    publish: Arc<dyn Publish>,
    nudged: Nudged,
    instance: String,
    settings: RelaySettings,
    gauges: Gauges,
}

impl Relay {
    /// Takes what it reads (as the role of the log), where it publishes, and how facts are mapped.
    pub fn new(
        log: PgConnectOptions,
        jetstream: Context,
        publish: Arc<dyn Publish>,
        instance: impl Into<String>,
    ) -> Self {
        Self {
            log,
            jetstream,
            publish,
            nudged: Nudge::default().listen(),
            instance: instance.into(),
            settings: RelaySettings::default(),
            gauges: Gauges::default(),
        }
    }

    /// Listens to the commits of this process: `journal.on_commit()`.
    #[must_use]
    pub fn nudged_by(mut self, commits: impl Into<Nudged>) -> Self {
        self.nudged = commits.into();
        self
    }

    /// Goes by other settings.
    #[must_use]
    pub fn settings(mut self, settings: RelaySettings) -> Self {
        self.settings = settings;
        self
    }

    /// Exports `retail.relay.published`, `.rewinds`, `.unpublishable`, `.lag`, `.stream.usage`.
    #[must_use]
    pub fn observed_by(self, meter: &Meter) -> Self {
        self.gauges.export(meter, self.publish.context());
        self
    }

    /// What it has counted in this process.
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// Waits for the lead, leads while it lasts, and begins again, until the process ends.
    pub async fn run(self, shutdown: Shutdown) -> TaskResult {
        while !shutdown.is_requested() {
            match self.lead(&shutdown).await {
                Ok(()) | Err(Ended::Shutdown) => (),
                Err(Ended::Deposed(epoch)) => {
                    tracing::warn!(relay.epoch = epoch, "relay was deposed");
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "relay lost its lead");
                    pause(REST, &shutdown).await;
                }
            }
        }
        Ok(())
    }

    async fn lead(&self, shutdown: &Shutdown) -> Result<(), Ended> {
        let name = lock_name(self.publish.context());
        let Some(lead) = Lead::wait(&self.log, &name, shutdown).await? else {
            return Ok(());
        };
        let mut reign = Reign::begin(self, lead, shutdown).await?;
        reign.work().await
    }
}

/// The name of the lock that the leading relay of a context holds.
fn lock_name(context: &str) -> String {
    format!("relay of {context}")
}
