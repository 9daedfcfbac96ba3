//! The services that are in this binary: the one place that knows them all.

use anyhow::Result;
use auth::{Auth, AuthRows, AuthStore};
use bus::{Consuming, ConsumingStore};
use catalog::{Catalog, CatalogRows, CatalogStore};
use chassis::contract::Contracts;
use chassis::service::Service;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use inventory::{Inventory, InventoryRows, InventoryStore};
use journal::{Derived, Ledger, Store, Verify};

use crate::db::{self, Migrator};
use crate::services::{self, Spec};
use crate::verify::Compared;

/// Folds the streams of one service anew, as the role of the log at a URL.
pub type Fold = fn(String) -> BoxFuture<'static, Result<Compared>>;

/// A service that can be started.
pub struct Served {
    /// What the stack knows of it.
    pub spec: &'static Spec,
    /// The service itself.
    pub service: fn() -> Service,
    /// The schema of its database, if it has one.
    pub migrations: Option<fn() -> Migrator>,
    /// How its history is judged, if it has one.
    pub verify: Option<Fold>,
}

/// Every service of this build, in the order of their start.
pub fn all() -> Vec<Served> {
    vec![
        Served {
            spec: &services::AUTH,
            service: auth::service,
            migrations: Some(auth::migrations),
            verify: Some(|log| auth_compared(log).boxed()),
        },
        Served {
            spec: &services::CATALOG,
            service: catalog::service,
            migrations: Some(catalog::migrations),
            verify: Some(|log| {
                let rows = CatalogRows::default();
                compare(log, Catalog, CatalogStore, rows).boxed()
            }),
        },
        Served {
            spec: &services::INVENTORY,
            service: inventory::service,
            migrations: Some(inventory::migrations),
            verify: Some(|log| compare(log, Inventory, InventoryStore, InventoryRows).boxed()),
        },
    ]
}

/// Auth decides by the contracts of this build, and listens to others.
async fn auth_compared(log: String) -> Result<Compared> {
    let contracts = Contracts::built()?;
    let ledger = Consuming(Auth::of(&contracts));
    let store = ConsumingStore::new::<Auth>(AuthStore);
    compare(log, ledger, store, AuthRows::default()).await
}

/// Folds the streams of one ledger anew, and recomputes the rows that follow from them.
async fn compare<L, S, D>(log: String, ledger: L, store: S, mut rows: D) -> Result<Compared>
where
    L: Ledger,
    S: Store<L>,
    D: Derived<L>,
{
    let mut connection = db::connect(&log).await?;
    let verify = Verify::new(&ledger, &store)?.derived(&mut rows);
    let report = verify.run(&mut connection).await?;
    let mut differences: Vec<String> = report.differences.iter().map(told).collect();
    let listed = u64::try_from(differences.len())?;
    if report.found > listed {
        differences.push(format!("and {} more", report.found - listed));
    }
    Ok(Compared {
        streams: report.streams,
        events: report.facts,
        differences,
    })
}

fn told(difference: &journal::Difference) -> String {
    let journal::Difference {
        tenant,
        of,
        id,
        version,
        what,
        ..
    } = difference;
    format!("{tenant} {of} {id} at version {version}: {what}")
}
