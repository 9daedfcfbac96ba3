//! Inventory as a service: its parts, put together and started.

use std::sync::Arc;

use async_nats::jetstream;
use bus::consumer::Owner;
use bus::ops::{Letters, Redriver};
use bus::{Backing, Consuming, ConsumingStore, Follower, Listen, RelaySettings};
use chassis::client::Retries;
use chassis::service::{Served, Service, Start, StartError};
use chassis::tasks::OnShutdown;
use journal::Journal;
use thiserror::Error;

use crate::app::{App, Inventory, Known};
use crate::db::{Db, InventoryStore, OVER_HOLDS};
use crate::domain::Command;
use crate::events::{InventoryEvents, ProductIntake, StoreIntake, keep_in_mind};
use crate::jobs::end;
use crate::rpc::{Rpc, ops};
use crate::settings::InventorySettings;

/// The name of the service.
pub const NAME: &str = "inventory";

/// Inventory, ready to be served.
pub fn service() -> Service {
    Service::new(NAME, InventorySettings::read, start)
}

async fn start(start: Start, settings: InventorySettings) -> Result<Served, StartError> {
    let journal = open(&start, &settings)?;
    let backing = Backing::new(&start, &settings.backing, &journal);
    let db = Db::new(journal.reads().clone());
    let known = Known::new(db, settings.shelves);
    let app = App::new(journal.clone(), known.clone(), start.clock.clone());
    let follower = backing.follow();
    keep_known(&backing, &follower, known);
    backing.project(ops::projections());
    backing.forget(&[]);
    end_holds(&backing, &settings, &app);
    if let Some(jetstream) = backing.broker().await? {
        let publish = Arc::new(InventoryEvents);
        backing.publish(&jetstream, publish, RelaySettings::default());
        listen(&start, &settings, (&backing, &jetstream))?;
    }
    let letters: Arc<dyn Letters> = Arc::new(Redriver::new(NAME, journal.clone()));
    let operated = ops::operated(letters);
    let operators = backing.operators(operated, (&follower, &settings.pages));
    let rpc = Rpc::new(app, settings.pages, follower);
    let served = Served::default().with(rpc.stock()).with(rpc.order_holds());
    let served = served.with(operators).needing(backing.postgres());
    Ok(served.under(journal.pressure()))
}

fn open(
    start: &Start,
    settings: &InventorySettings,
) -> Result<Journal<Consuming<Inventory>>, StartError> {
    let options = settings.backing.journal.clone();
    let store = ConsumingStore::new::<Inventory>(InventoryStore);
    let meter = start.telemetry.meter(NAME);
    let ledger = Consuming(Inventory);
    Journal::open(ledger, store, options, &start.tasks, &meter).map_err(StartError::of)
}

/// Keeps what is in mind as every replica's commits say.
fn keep_known(backing: &Backing<Consuming<Inventory>>, follower: &Follower, known: Known) {
    let follower = follower.clone();
    backing.run("mind", OnShutdown::Abort, move |shutdown| {
        keep_in_mind(follower.clone(), known.clone(), shutdown)
    });
}

/// Ends holds whose time is over.
fn end_holds(backing: &Backing<Consuming<Inventory>>, settings: &InventorySettings, app: &App) {
    let (app, scan) = (app.clone(), settings.backing.scan.clone());
    backing.run(OVER_HOLDS.name, OnShutdown::Drain, move |shutdown| {
        let app = app.clone();
        OVER_HOLDS.run(scan.clone(), shutdown, move |found| {
            end(app.clone(), NAME, found)
        })
    });
}

/// An owner of events that no setting places.
#[derive(Debug, Error)]
#[error("{0}, whose events are heard, has no place in the settings")]
struct Unplaced(&'static str);

/// Hears what others tell of products, locations and goods.
fn listen(
    start: &Start,
    settings: &InventorySettings,
    (backing, jetstream): (&Backing<Consuming<Inventory>>, &jetstream::Context),
) -> Result<(), StartError> {
    let peers = start.connect(&settings.peers, start.credentials.clone(), Retries::Here)?;
    let intakes: [Arc<dyn Listen<Command>>; 2] = [Arc::new(ProductIntake), Arc::new(StoreIntake)];
    for listen in intakes {
        let owner = peers.find(listen.source());
        let owner = owner.ok_or_else(|| StartError::of(Unplaced(listen.source())))?;
        let refetch = Arc::new(Owner::new(owner.clone()));
        backing.hear(jetstream, listen, refetch);
    }
    Ok(())
}
