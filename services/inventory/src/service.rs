//! Inventory as a service: its parts, put together and started.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use bus::consumer::ENDED_LETTERS;
use bus::ops::{Letters, Redriver};
use bus::{Consumer, ConsumerParts, Consuming, ConsumingStore, Follower, Listen};
use bus::{Projector, Relay, broker};
use chassis::client::{Credentials, Peers, Retries};
use chassis::health::{Dependency, Need};
use chassis::service::{Served, Service, Start, StartError};
use chassis::tasks::{OnFailure, OnShutdown};
use journal::{EXPIRED_ANSWERS, Journal};
use opentelemetry::metrics::Meter;
use thiserror::Error;

use crate::app::{App, Inventory, Known};
use crate::db::{Db, InventoryStore, OverHolds};
use crate::domain::Command;
use crate::events::{InventoryEvents, Owner, ProductIntake, StoreIntake, keep_in_mind};
use crate::jobs::OverHoldsJob;
use crate::rpc::{Rpc, ops};
use crate::settings::InventorySettings;

/// The name of the service.
const NAME: &str = "inventory";

/// A task that begins again when it fails.
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_millis(100),
    pause_max: Duration::from_secs(10),
};

/// Inventory, ready to be served.
pub fn service() -> Service {
    Service::new(NAME, InventorySettings::read, start)
}

async fn start(start: Start, settings: InventorySettings) -> Result<Served, StartError> {
    let meter = start.telemetry.meter(NAME);
    let parts = Parts {
        journal: open(&start, &settings, &meter)?,
        start,
        settings,
    };
    let pressure = parts.journal.pressure();
    let db = Db::new(parts.journal.reads().clone());
    let known = Known::new(db, parts.settings.shelves);
    let clock = parts.start.clock.clone();
    let app = App::new(parts.journal.clone(), known.clone(), clock);
    let follower = parts.follow(known)?;
    parts.project()?;
    parts.end_holds(&app);
    parts.forget()?;
    if let Some(jetstream) = parts.broker().await? {
        parts.publish(&jetstream, &meter)?;
        parts.listen(&jetstream)?;
    }
    let letters: Arc<dyn Letters> = Arc::new(Redriver::new(NAME, parts.journal.clone()));
    let operators = ops::server(&parts.start, &parts.settings, (follower.clone(), letters))?;
    let rpc = Rpc::new(app.clone(), parts.settings.pages, follower);
    let postgres = Dependency::new("postgres", Need::Required, move || {
        let app = app.clone();
        async move { app.is_well().await }
    });
    let served = Served::default().with(rpc.stock()).with(rpc.order_holds());
    let served = served.with(operators);
    Ok(served.needing(postgres).under(pressure))
}

fn open(
    start: &Start,
    settings: &InventorySettings,
    meter: &Meter,
) -> Result<Journal<Consuming<Inventory>>, StartError> {
    let url = settings.database.expose();
    let mut options = journal::Settings::of(NAME, url).map_err(StartError::of)?;
    if let Some(replica) = &settings.replica {
        options.replica = Some(replica.expose().parse().map_err(StartError::of)?);
    }
    let store = ConsumingStore::new::<Inventory>(InventoryStore);
    let ledger = Consuming(Inventory);
    Journal::open(ledger, store, options, &start.tasks, meter).map_err(StartError::of)
}

/// An owner of events that no setting places.
#[derive(Debug, Error)]
#[error("{0}, whose events are heard, has no place in the settings")]
struct Unplaced(&'static str);

/// What the tasks of the service are made from.
struct Parts {
    start: Start,
    settings: InventorySettings,
    journal: Journal<Consuming<Inventory>>,
}

impl Parts {
    /// Follows the log: what is in mind and the watches hear of every replica's commits.
    fn follow(&self, known: Known) -> Result<Follower, StartError> {
        let log = self.settings.log.expose().parse().map_err(StartError::of)?;
        let follower = Follower::new(log, self.journal.on_commit());
        let (reader, listener) = (follower.clone(), follower.clone());
        let tasks = &self.start.tasks;
        tasks.spawn("follower", RESTART, OnShutdown::Drain, move |shutdown| {
            reader.clone().run(shutdown)
        });
        tasks.spawn("mind", RESTART, OnShutdown::Abort, move |shutdown| {
            keep_in_mind(listener.clone(), known.clone(), shutdown)
        });
        Ok(follower)
    }

    /// Keeps the views of the log: the index of events.
    fn project(&self) -> Result<(), StartError> {
        let (log, database) = (self.settings.log.expose(), self.settings.database.expose());
        for projection in ops::projections() {
            let projector = Projector::new(
                projection,
                log.parse().map_err(StartError::of)?,
                database.parse().map_err(StartError::of)?,
                self.journal.on_commit(),
                ops::instance(&self.start),
            );
            let run = move |shutdown| projector.clone().run(shutdown);
            let tasks = &self.start.tasks;
            tasks.spawn("projector", RESTART, OnShutdown::Drain, run);
        }
        Ok(())
    }

    /// The broker, where there is one.
    async fn broker(&self) -> Result<Option<jetstream::Context>, StartError> {
        let Some(nats) = &self.settings.nats else {
            tracing::warn!("no broker is set, so nothing is published or heard");
            return Ok(None);
        };
        let client = broker::connect(nats.expose(), NAME).await;
        let client = client.map_err(StartError::of)?;
        Ok(Some(jetstream::new(client)))
    }

    /// Hears what others tell of products, locations and goods.
    fn listen(&self, jetstream: &jetstream::Context) -> Result<(), StartError> {
        let credentials = Credentials::default();
        let peers = self
            .start
            .connect(&self.settings.peers, credentials, Retries::Here)?;
        let intakes: [Arc<dyn Listen<Command>>; 2] =
            [Arc::new(ProductIntake), Arc::new(StoreIntake)];
        for listen in intakes {
            self.hear(jetstream, (&peers, listen))?;
        }
        Ok(())
    }

    fn hear(
        &self,
        jetstream: &jetstream::Context,
        (peers, listen): (&Peers, Arc<dyn Listen<Command>>),
    ) -> Result<(), StartError> {
        let owner = peers.find(listen.source());
        let owner = owner.ok_or_else(|| StartError::of(Unplaced(listen.source())))?;
        let parts = ConsumerParts {
            service: NAME,
            database: self
                .settings
                .database
                .expose()
                .parse()
                .map_err(StartError::of)?,
            scan: self
                .settings
                .scan
                .expose()
                .parse()
                .map_err(StartError::of)?,
            jetstream: jetstream.clone(),
            instance: ops::instance(&self.start),
            build: ops::build_name(),
        };
        let refetch = Arc::new(Owner::new(owner.clone()));
        let consumer = Consumer::new(self.journal.clone(), listen, refetch, parts);
        let tasks = &self.start.tasks;
        tasks.spawn("consumer", RESTART, OnShutdown::Drain, move |shutdown| {
            consumer.clone().run(shutdown)
        });
        Ok(())
    }

    /// Publishes what is committed.
    fn publish(&self, jetstream: &jetstream::Context, meter: &Meter) -> Result<(), StartError> {
        let log = self.settings.log.expose().parse().map_err(StartError::of)?;
        let instance = ops::instance(&self.start);
        let relay = Relay::new(log, jetstream.clone(), Arc::new(InventoryEvents), instance)
            .nudged_by(self.journal.on_commit())
            .observed_by(meter);
        let tasks = &self.start.tasks;
        tasks.spawn("relay", RESTART, OnShutdown::Drain, move |shutdown| {
            relay.clone().run(shutdown)
        });
        Ok(())
    }

    /// Forgets answers that nobody will ask for again.
    fn forget(&self) -> Result<(), StartError> {
        let scan = self
            .settings
            .scan
            .expose()
            .parse()
            .map_err(StartError::of)?;
        EXPIRED_ANSWERS.start(&scan, &self.start.tasks);
        ENDED_LETTERS.start(&scan, &self.start.tasks);
        Ok(())
    }

    /// Ends holds whose time is over.
    fn end_holds(&self, app: &App) {
        let (app, url) = (app.clone(), self.settings.scan.expose().clone());
        let tasks = &self.start.tasks;
        tasks.spawn("over holds", RESTART, OnShutdown::Drain, move |shutdown| {
            let (app, over) = (app.clone(), OverHolds::of(&url));
            async move { OverHoldsJob::new(app, over?, NAME).run(shutdown).await }
        });
    }
}
