//! The catalog as a service: its parts, put together and started.

use std::sync::Arc;
use std::time::Duration;

use bus::{Follower, Projector, Relay, RelaySettings, broker};
use chassis::health::{Dependency, Need};
use chassis::service::{Served, Service, Start, StartError};
use chassis::tasks::{OnFailure, OnShutdown};
use journal::{EXPIRED_ANSWERS, Journal};
use opentelemetry::metrics::Meter;

use crate::app::{App, Catalog, Defaults};
use crate::cache::ProductCache;
use crate::controls::{Controls, read_controlled};
use crate::db::{CatalogStore, DuePrices};
use crate::events::{CatalogEvents, keep_current};
use crate::jobs::DuePricesJob;
use crate::rpc::{Rpc, ops};
use crate::settings::CatalogSettings;

/// The name of the service.
const NAME: &str = "catalog";

/// A task that begins again when it fails.
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_millis(100),
    pause_max: Duration::from_secs(10),
};

/// The catalog, ready to be served.
pub fn service() -> Service {
    Service::new(NAME, CatalogSettings::read, |it, settings| {
        start(it, settings, Controls::default())
    })
}

/// The catalog with mechanisms turned off, to show that tests notice. Production refuses it.
#[doc(hidden)]
pub fn controlled(controls: Controls) -> Service {
    Service::new(NAME, read_controlled, |it, settings| {
        start(it, settings, controls)
    })
}

async fn start(
    start: Start,
    settings: CatalogSettings,
    controls: Controls,
) -> Result<Served, StartError> {
    let meter = start.telemetry.meter(NAME);
    let cache = Arc::new(ProductCache::new(settings.cache_bytes, &meter));
    let parts = Parts {
        journal: open(&start, &settings, &controls, &meter)?,
        start,
        settings,
    };
    let defaults = Defaults {
        locale: parts.settings.locale.clone(),
        currency: parts.settings.currency,
    };
    let clock = parts.start.clock.clone();
    let app = App::new(parts.journal.clone(), Arc::clone(&cache), clock, defaults);
    let follower = parts.follow(cache)?;
    parts.project()?;
    parts.enforce_prices(&app);
    parts.forget()?;
    let pressure = parts.journal.pressure();
    parts.publish(&meter, controls.relay).await?;
    let operators = ops::server(&parts.start, &parts.settings, follower.clone())?;
    let server = Rpc::server(app.clone(), parts.settings.pages, follower);
    let postgres = Dependency::new("postgres", Need::Required, move || {
        let app = app.clone();
        async move { app.is_well().await }
    });
    let served = Served::default().with(server).with(operators);
    Ok(served.needing(postgres).under(pressure))
}

fn open(
    start: &Start,
    settings: &CatalogSettings,
    controls: &Controls,
    meter: &Meter,
) -> Result<Journal<Catalog>, StartError> {
    let url = settings.database.expose();
    let mut options = journal::Settings::of(NAME, url).map_err(StartError::of)?;
    if let Some(replica) = &settings.replica {
        options.replica = Some(replica.expose().parse().map_err(StartError::of)?);
    }
    options.controls = controls.journal.clone();
    options.writers = controls.writers.unwrap_or(options.writers);
    Journal::open(Catalog, CatalogStore, options, &start.tasks, meter).map_err(StartError::of)
}

/// What the tasks of the service are made from.
struct Parts {
    start: Start,
    settings: CatalogSettings,
    journal: Journal<Catalog>,
}

impl Parts {
    /// Follows the log: the cache and the watches hear of every replica's commits.
    fn follow(&self, cache: Arc<ProductCache>) -> Result<Follower, StartError> {
        let log = self.settings.log.expose().parse().map_err(StartError::of)?;
        let follower = Follower::new(log, self.journal.on_commit());
        let (reader, listener) = (follower.clone(), follower.clone());
        let tasks = &self.start.tasks;
        tasks.spawn("follower", RESTART, OnShutdown::Drain, move |shutdown| {
            reader.clone().run(shutdown)
        });
        tasks.spawn("cache", RESTART, OnShutdown::Abort, move |shutdown| {
            keep_current(listener.clone(), Arc::clone(&cache), shutdown)
        });
        Ok(follower)
    }

    /// Keeps the views of the log: the index of search, and that of events.
    fn project(&self) -> Result<(), StartError> {
        let (log, database) = (self.settings.log.expose(), self.settings.database.expose());
        for projection in ops::projections(&self.settings) {
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

    /// Publishes what is committed, where there is a broker.
    async fn publish(&self, meter: &Meter, settings: RelaySettings) -> Result<(), StartError> {
        let Some(nats) = &self.settings.nats else {
            tracing::warn!("no broker is set, so nothing is published");
            return Ok(());
        };
        let client = broker::connect(nats.expose(), NAME).await;
        let client = client.map_err(StartError::of)?;
        let jetstream = async_nats::jetstream::new(client);
        let log = self.settings.log.expose().parse().map_err(StartError::of)?;
        let instance = ops::instance(&self.start);
        let relay = Relay::new(log, jetstream, Arc::new(CatalogEvents), instance)
            .settings(settings)
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
        Ok(())
    }

    /// Puts scheduled prices in force.
    fn enforce_prices(&self, app: &App) {
        let (app, url) = (app.clone(), self.settings.scan.expose().clone());
        let tasks = &self.start.tasks;
        tasks.spawn("due prices", RESTART, OnShutdown::Drain, move |shutdown| {
            let (app, due) = (app.clone(), DuePrices::of(&url));
            async move { DuePricesJob::new(app, due?, NAME).run(shutdown).await }
        });
    }
}
