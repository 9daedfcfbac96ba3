//! What stands behind the doors of a service that owns events: its journal, its log, the broker.
//!
//! A service says what it has (its views, what it publishes, whom it hears); how that runs beside
//! its doors, and begins again when it fails, is decided here once.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use chassis::health::{Dependency, Need};
use chassis::service::{Start, StartError};
use chassis::tasks::{OnFailure, OnShutdown, Shutdown, TaskResult};
use contracts::ops::ops_service_server::OpsServiceServer;
use journal::{EXPIRED_ANSWERS, Expiry, Journal, Ledger};
use opentelemetry::metrics::Meter;
use vocab::PageKeys;

use crate::broker;
use crate::consumer::{Consumer, ConsumerParts, ENDED_LETTERS, Listen, Refetch};
use crate::consuming::Consuming;
use crate::follower::Follower;
use crate::ops::OpsServer;
use crate::projector::{Projection, Projector};
use crate::publish::Publish;
use crate::relay::{Relay, RelaySettings};

mod operators;
mod settings;

pub use operators::Operated;
pub use settings::BackingSettings;

/// A task that begins again when it fails.
pub const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_millis(100),
    pause_max: Duration::from_secs(10),
};

/// What stands behind the doors of one service.
pub struct Backing<L: Ledger> {
    start: Start,
    settings: BackingSettings,
    journal: Journal<L>,
    meter: Meter,
}

impl<L: Ledger> Backing<L> {
    /// Takes the journal of a service that starts, which was opened by the same settings.
    pub fn new(start: &Start, settings: &BackingSettings, journal: &Journal<L>) -> Self {
        Self {
            start: start.clone(),
            settings: settings.clone(),
            journal: journal.clone(),
            meter: start.telemetry.meter(start.name),
        }
    }

    /// Runs something beside the doors until the process ends. It begins again when it fails.
    pub fn run<F>(
        &self,
        name: &'static str,
        at_end: OnShutdown,
        work: impl FnMut(Shutdown) -> F + Send + 'static,
    ) where
        F: Future<Output = TaskResult> + Send + 'static,
    {
        self.start.tasks.spawn(name, RESTART, at_end, work);
    }

    /// Follows the log, so that memory and watches hear of every replica's commits.
    pub fn follow(&self) -> Follower {
        let log = self.settings.log.clone();
        let follower = Follower::new(log, self.journal.on_commit());
        let reader = follower.clone();
        self.run("follower", OnShutdown::Drain, move |shutdown| {
            reader.clone().run(shutdown)
        });
        follower
    }

    /// Keeps views of the log.
    pub fn project(&self, projections: Vec<Arc<dyn Projection>>) {
        for projection in projections {
            let projector = Projector::new(
                projection,
                self.settings.log.clone(),
                self.settings.database().clone(),
                self.journal.on_commit(),
                instance(&self.start),
            );
            self.run("projector", OnShutdown::Drain, move |shutdown| {
                projector.clone().run(shutdown)
            });
        }
    }

    /// Forgets answers that nobody will ask for again, letters that ended, and these.
    pub fn forget(&self, these: &[Expiry]) {
        for expiry in [EXPIRED_ANSWERS, ENDED_LETTERS].iter().chain(these) {
            expiry.start(&self.settings.scan, &self.start.tasks);
        }
    }

    /// The broker, where there is one.
    pub async fn broker(&self) -> Result<Option<jetstream::Context>, StartError> {
        let Some(nats) = &self.settings.nats else {
            tracing::warn!("no broker is set, so nothing is published or heard");
            return Ok(None);
        };
        let client = broker::connect(nats.expose(), self.start.name).await;
        let client = client.map_err(StartError::of)?;
        Ok(Some(jetstream::new(client)))
    }

    /// Publishes what is committed.
    pub fn publish(
        &self,
        jetstream: &jetstream::Context,
        publish: Arc<dyn Publish>,
        settings: RelaySettings,
    ) {
        let (log, instance) = (self.settings.log.clone(), instance(&self.start));
        let relay = Relay::new(log, jetstream.clone(), publish, instance)
            .settings(settings)
            .nudged_by(self.journal.on_commit())
            .observed_by(&self.meter);
        self.run("relay", OnShutdown::Drain, move |shutdown| {
            relay.clone().run(shutdown)
        });
    }

    /// The handlers of `retail.ops.v1` for the service.
    pub fn operators(
        &self,
        operated: Operated,
        (follower, pages): (&Follower, &PageKeys),
    ) -> OpsServiceServer<OpsServer> {
        operated.server(
            &self.start,
            &self.settings,
            (follower.clone(), pages.clone()),
        )
    }

    /// The database, for the health of the service.
    pub fn postgres(&self) -> Dependency {
        let reads = self.journal.reads().clone();
        Dependency::new("postgres", Need::Required, move || {
            let reads = reads.clone();
            async move { reads.answers().await }
        })
    }
}

impl<L: Ledger> Backing<Consuming<L>>
where
    L::Command: Clone,
{
    /// Hears what another owner tells, and asks that owner where something is missing.
    pub fn hear(
        &self,
        jetstream: &jetstream::Context,
        listen: Arc<dyn Listen<L::Command>>,
        refetch: Arc<dyn Refetch>,
    ) {
        let parts = ConsumerParts {
            service: self.start.name,
            database: self.settings.database().clone(),
            scan: self.settings.scan.clone(),
            jetstream: jetstream.clone(),
            instance: instance(&self.start),
            build: operators::build_name(),
        };
        let consumer = Consumer::new(self.journal.clone(), listen, refetch, parts);
        self.run("consumer", OnShutdown::Drain, move |shutdown| {
            consumer.clone().run(shutdown)
        });
    }
}

/// Names this replica: leaders are called by it.
fn instance(start: &Start) -> String {
    format!("{}-{}", start.name, std::process::id())
}
