//! The catalog as a service: its parts, put together and started.

use std::sync::Arc;

use bus::Backing;
use chassis::service::{Served, Service, Start, StartError};
use chassis::tasks::OnShutdown;
use journal::Journal;

use crate::app::{App, Catalog, Defaults};
use crate::cache::ProductCache;
use crate::controls::{Controls, read_controlled};
use crate::db::{CatalogStore, DUE_PRICES};
use crate::events::{CatalogEvents, keep_current};
use crate::jobs::enforce;
use crate::rpc::{Rpc, ops};
use crate::settings::CatalogSettings;

/// The name of the service.
pub const NAME: &str = "catalog";

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
    let journal = open(&start, &settings, &controls)?;
    let backing = Backing::new(&start, &settings.backing, &journal);
    let meter = start.telemetry.meter(NAME);
    let cache = Arc::new(ProductCache::new(settings.cache_bytes, &meter));
    let defaults = Defaults {
        locale: settings.locale.clone(),
        currency: settings.currency,
    };
    let kept = Arc::clone(&cache);
    let app = App::new(journal.clone(), cache, start.clock.clone(), defaults);
    let follower = backing.follow();
    let heard = follower.clone();
    backing.run("cache", OnShutdown::Abort, move |shutdown| {
        keep_current(heard.clone(), Arc::clone(&kept), shutdown)
    });
    backing.project(ops::projections(&settings.locale));
    backing.forget(&[]);
    let (pricing, scan) = (app.clone(), settings.backing.scan.clone());
    backing.run(DUE_PRICES.name, OnShutdown::Drain, move |shutdown| {
        let app = pricing.clone();
        DUE_PRICES.run(scan.clone(), shutdown, move |found| {
            enforce(app.clone(), NAME, found)
        })
    });
    if let Some(jetstream) = backing.broker().await? {
        backing.publish(&jetstream, Arc::new(CatalogEvents), controls.relay);
    }
    let operated = ops::operated(&settings.locale);
    let operators = backing.operators(operated, (&follower, &settings.pages));
    let served = Served::default().with(Rpc::server(app, settings.pages, follower));
    let served = served.with(operators).needing(backing.postgres());
    Ok(served.under(journal.pressure()))
}

fn open(
    start: &Start,
    settings: &CatalogSettings,
    controls: &Controls,
) -> Result<Journal<Catalog>, StartError> {
    let mut options = settings.backing.journal.clone();
    options.controls = controls.journal.clone();
    options.writers = controls.writers.unwrap_or(options.writers);
    let meter = start.telemetry.meter(NAME);
    Journal::open(Catalog, CatalogStore, options, &start.tasks, &meter).map_err(StartError::of)
}
