//! What this process keeps in mind: products, locations, and which positions there are.
//!
//! It only helps to name keys and to refuse early what nobody can answer; every promise is decided
//! on rows under their locks, so what is a little old here can cost a refusal and never a unit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::fault::Fault;
use journal::Recorded;
use moka::future::Cache;
use vocab::{LocationId, ProductId, TenantId};

use crate::db::{Db, read_fact};
use crate::domain::allocation::AllocationPolicy;
use crate::domain::key::{Location, Product};
use crate::domain::position::Position;
use crate::domain::{Fact, Place};

/// How long a product is kept in mind: its kind and unit never change.
const PRODUCT_FOR: Duration = Duration::from_secs(60);
/// How long a location is: it opens and closes.
const LOCATION_FOR: Duration = Duration::from_secs(5);
/// How long a shelf is, which is kept as the log says.
const SHELF_FOR: Duration = Duration::from_secs(60);

/// The positions of one product.
#[derive(Debug, Default)]
pub struct Shelf {
    /// Whether all of them were read once; before, only what happened meanwhile is there.
    ready: AtomicBool,
    seen: RwLock<BTreeMap<LocationId, Seen>>,
}

/// A position as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The position.
    pub position: Position,
    /// Its version then.
    pub version: i64,
}

impl Shelf {
    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// The positions as they were seen last.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.values().cloned().collect()
    }

    /// Whether there is such a position.
    pub fn has(&self, location: LocationId) -> bool {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.contains_key(&location)
    }

    /// Sees a position, unless a later version was seen.
    pub fn see(&self, it: Seen) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let known = seen.get(&it.position.place.location);
        if known.is_none_or(|known| known.version < it.version) {
            seen.insert(it.position.place.location, it);
        }
    }
}

/// What is kept in mind.
#[derive(Clone, Debug)]
pub struct Known {
    db: Db,
    products: Cache<(TenantId, ProductId), Arc<Product>>,
    locations: Cache<(TenantId, LocationId), Arc<Location>>,
    shelves: Cache<(TenantId, ProductId), Arc<Shelf>>,
    allocations: Cache<TenantId, Arc<AllocationPolicy>>,
}

impl Known {
    /// Keeps so many shelves in mind.
    pub fn new(db: Db, shelves: u64) -> Self {
        Self {
            db,
            products: Cache::builder()
                .max_capacity(shelves)
                .time_to_live(PRODUCT_FOR)
                .build(),
            locations: Cache::builder()
                .max_capacity(shelves)
                .time_to_live(LOCATION_FOR)
                .build(),
            shelves: Cache::builder()
                .max_capacity(shelves)
                .time_to_live(SHELF_FOR)
                .build(),
            allocations: Cache::builder()
                .max_capacity(shelves)
                .time_to_live(LOCATION_FOR)
                .build(),
        }
    }

    /// What is known of some products; unknown ones are left out.
    pub async fn products(
        &self,
        tenant: TenantId,
        ids: impl IntoIterator<Item = ProductId>,
    ) -> Result<BTreeMap<ProductId, Arc<Product>>, Fault> {
        let (mut found, mut missing) = (BTreeMap::new(), BTreeSet::new());
        for id in ids {
            match self.products.get(&(tenant, id)).await {
                Some(product) => drop(found.insert(id, product)),
                None => drop(missing.insert(id)),
            }
        }
        if !missing.is_empty() {
            let read = self.db.products(tenant, missing.into_iter().collect());
            for (id, product) in read.await? {
                let product = Arc::new(product);
                self.products.insert((tenant, id), product.clone()).await;
                found.insert(id, product);
            }
        }
        Ok(found)
    }

    /// What is known of some locations; unknown ones are left out.
    pub async fn locations(
        &self,
        tenant: TenantId,
        ids: impl IntoIterator<Item = LocationId>,
    ) -> Result<BTreeMap<LocationId, Arc<Location>>, Fault> {
        let (mut found, mut missing) = (BTreeMap::new(), BTreeSet::new());
        for id in ids {
            match self.locations.get(&(tenant, id)).await {
                Some(location) => drop(found.insert(id, location)),
                None => drop(missing.insert(id)),
            }
        }
        if !missing.is_empty() {
            let read = self.db.locations(tenant, missing.into_iter().collect());
            for (id, location) in read.await? {
                let location = Arc::new(location);
                self.locations.insert((tenant, id), location.clone()).await;
                found.insert(id, location);
            }
        }
        Ok(found)
    }

    /// The shelves of some products. A product without any position has an empty one.
    pub async fn shelves(
        &self,
        tenant: TenantId,
        ids: impl IntoIterator<Item = ProductId>,
    ) -> Result<BTreeMap<ProductId, Arc<Shelf>>, Fault> {
        let (mut found, mut missing) = (BTreeMap::new(), BTreeSet::new());
        for id in ids {
            match self.shelves.get(&(tenant, id)).await {
                Some(shelf) if shelf.is_ready() => drop(found.insert(id, shelf)),
                _ => drop(missing.insert(id)),
            }
        }
        // Put in mind before they are read: what happens meanwhile is seen too.
        for id in &missing {
            let shelf = self
                .shelves
                .get_with((tenant, *id), async { Arc::default() });
            found.insert(*id, shelf.await);
        }
        if !missing.is_empty() {
            let read = self
                .db
                .positions_of(tenant, missing.iter().copied().collect());
            for row in read.await? {
                if let Some(shelf) = found.get(&row.position.place.product) {
                    shelf.see(Seen {
                        position: row.position,
                        version: row.version,
                    });
                }
            }
            let read = missing.iter().filter_map(|id| found.get(id));
            read.for_each(|shelf| shelf.ready.store(true, Ordering::Release));
        }
        Ok(found)
    }

    /// How a tenant's stock is held; all defaults where nothing was set.
    pub async fn allocation(&self, tenant: TenantId) -> Result<Arc<AllocationPolicy>, Fault> {
        if let Some(policy) = self.allocations.get(&tenant).await {
            return Ok(policy);
        }
        let read = self.db.allocation(tenant).await?;
        let policy = Arc::new(read.unwrap_or_default());
        self.allocations.insert(tenant, policy.clone()).await;
        Ok(policy)
    }

    /// Forgets how a tenant's stock is held: it has changed.
    pub async fn forget_allocation(&self, tenant: TenantId) {
        self.allocations.invalidate(&tenant).await;
    }

    /// Sees what became of a position, if its shelf is in mind.
    pub async fn heed(&self, recorded: &Recorded) {
        let Ok(place) = recorded.stream_id.parse::<Place>() else {
            return;
        };
        let shelf = self.shelves.get(&(recorded.tenant, place.product)).await;
        let Some(shelf) = shelf else { return };
        if let Ok(Fact::Position(fact)) = read_fact(&recorded.kind, &recorded.payload) {
            let position = Position {
                levels: fact.after,
                policy: fact.policy,
                ..Position::untouched(place)
            };
            shelf.see(Seen {
                position,
                version: recorded.version,
            });
        }
    }

    /// Forgets all shelves: something may have been missed.
    pub fn forget(&self) {
        self.shelves.invalidate_all();
    }
}
