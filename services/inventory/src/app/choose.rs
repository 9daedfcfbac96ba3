//! Which positions may serve a request, the first choice first.
//!
//! What is in mind names them; how much each can give is decided under the locks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::{Date, LocationId, ProductId};

use super::App;
use super::known::{Seen, Shelf};
use crate::domain::Place;
use crate::domain::allocation::{AllocationPolicy, Choice, Need};
use crate::domain::command::{Demand, Wanted};
use crate::domain::key::Location;
use crate::domain::position::Position;
use crate::domain::refusal::NotHeld;

pub use crate::domain::allocation::Strategy;

/// What is asked for, before positions are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The lines, in their order.
    pub lines: Vec<AskedLine>,
    /// How to choose locations.
    pub strategy: Option<Strategy>,
    /// The only locations to take from, the preferred one first; all, if there are none.
    pub locations: Vec<LocationId>,
    /// The most locations that may serve together.
    pub locations_max: Option<usize>,
    /// Takes only units that are there.
    pub stock_only: bool,
    /// Holds what there is, where not all is there.
    pub partial: bool,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedLine {
    /// What.
    pub product: ProductId,
    /// Units.
    pub quantity: i64,
    /// Where, if the line says so.
    pub location: Option<LocationId>,
    /// Only this lot; empty: any.
    pub lot: String,
}

/// What was seen of all that may serve a request.
pub struct Looked {
    /// How the tenant's stock is held.
    pub policy: Arc<AllocationPolicy>,
    /// The way of choosing that is used.
    pub strategy: Strategy,
    /// The locations, and what is known of them.
    pub places: BTreeMap<LocationId, Arc<Location>>,
    shelves: BTreeMap<ProductId, Arc<Shelf>>,
    day: Date,
}

impl App {
    /// Chooses positions for what is asked. A refusal is part of the answer: an order's hold
    /// remembers it.
    pub(super) async fn choose(
        &self,
        call: &Call,
        asked: &Asked,
    ) -> Result<Result<Wanted, NotHeld>, Fault> {
        let looked = match self.look(call, asked).await? {
            Ok(looked) => looked,
            Err(why) => return Ok(Err(why)),
        };
        let named = named(asked);
        let mut closed = named.iter().filter(|it| !looked.is_open(**it));
        if let Some(id) = closed.next() {
            return Ok(Err(NotHeld::LocationClosed(*id)));
        }
        Ok(Ok(looked.wanted(asked)))
    }

    /// Looks at all that may serve what is asked.
    pub(super) async fn look(
        &self,
        call: &Call,
        asked: &Asked,
    ) -> Result<Result<Looked, NotHeld>, Fault> {
        let tenant = call.tenant;
        let products: Vec<ProductId> = asked.lines.iter().map(|it| it.product).collect();
        let known = self.known.products(tenant, products.clone()).await?;
        let unknown = |id: &&ProductId| known.get(id).is_none_or(|it| it.bundle);
        if let Some(id) = products.iter().find(unknown) {
            return Ok(Err(NotHeld::ProductUnknown(*id)));
        }
        if let Some(it) = asked.lines.iter().find(|it| !it.lot.is_empty()) {
            return Ok(Err(NotHeld::LotUnknown(it.product, it.lot.clone())));
        }
        let shelves = self.known.shelves(tenant, products).await?;
        let named = named(asked);
        let there = shelves.values().flat_map(|it| it.seen());
        let there: BTreeSet<LocationId> = there.map(|it| it.position.place.location).collect();
        let places = self.known.locations(tenant, named.union(&there).copied());
        let places = places.await?;
        if let Some(id) = named.iter().find(|id| !places.contains_key(id)) {
            return Ok(Err(NotHeld::LocationUnknown(*id)));
        }
        let policy = self.known.allocation(tenant).await?;
        let strategy = asked.strategy.or(policy.strategy);
        let strategy = strategy.unwrap_or(Strategy::FewestSplits);
        if strategy == Strategy::Given {
            let mut lines = (1..).zip(&asked.lines);
            if let Some((number, _)) = lines.find(|it| it.1.location.is_none()) {
                return Ok(Err(NotHeld::LocationMissing(number)));
            }
        }
        Ok(Ok(Looked {
            policy,
            strategy,
            places,
            shelves,
            day: self.clock.now().utc_date(),
        }))
    }
}

/// The locations that a request names.
fn named(asked: &Asked) -> BTreeSet<LocationId> {
    let of_lines = asked.lines.iter().filter_map(|it| it.location);
    of_lines.chain(asked.locations.iter().copied()).collect()
}

impl Looked {
    /// Whether new promises are made at a location.
    pub fn is_open(&self, location: LocationId) -> bool {
        self.places.get(&location).is_some_and(|it| it.open)
    }

    /// Whether the request or the tenant leaves a location out for lines that name none.
    pub fn excludes(&self, asked: &Asked, location: LocationId) -> bool {
        if !asked.locations.is_empty() {
            return !asked.locations.contains(&location);
        }
        let listed = &self.policy.locations;
        self.policy.listed_only && !listed.is_empty() && !listed.contains(&location)
    }

    /// The positions of a product, as they were seen last.
    pub fn shelf(&self, product: ProductId) -> Vec<Seen> {
        let shelf = self.shelves.get(&product);
        shelf.map(|it| it.seen()).unwrap_or_default()
    }

    /// What a position can give to what is asked.
    pub fn room(&self, asked: &Asked, position: &Position) -> i64 {
        match asked.stock_only {
            true => position.in_stock(),
            false => position.promisable(self.day),
        }
    }

    /// Open locations that may serve lines without one, the preferred one first: as the request
    /// says, as the tenant lists them, then as store ranks them.
    fn ranked(&self, asked: &Asked) -> Vec<LocationId> {
        let at = |all: &[LocationId], it: LocationId| {
            let found = all.iter().position(|known| *known == it);
            found.unwrap_or(usize::MAX)
        };
        let open = self.places.iter().filter(|it| it.1.open);
        let open = open.filter(|it| !self.excludes(asked, *it.0));
        let mut ranked: Vec<_> = open
            .map(|(id, it)| {
                let wish = at(&asked.locations, *id);
                let listed = at(&self.policy.locations, *id);
                ((wish, listed, it.priority, it.code.clone()), *id)
            })
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|it| it.1).collect()
    }

    /// The positions that may serve each line.
    pub fn wanted(&self, asked: &Asked) -> Wanted {
        let needs = asked.lines.iter().map(|it| Need {
            product: it.product,
            quantity: it.quantity,
            given: it.location,
        });
        let needs: Vec<Need> = needs.collect();
        let mut rooms: BTreeMap<Place, i64> = BTreeMap::new();
        for shelf in self.shelves.values() {
            for seen in shelf.seen() {
                let room = self.room(asked, &seen.position);
                rooms.insert(seen.position.place, room);
            }
        }
        let choice = Choice {
            needs: &needs,
            ranked: &self.ranked(asked),
            rooms: &rooms,
            strategy: self.strategy,
            max: asked.locations_max,
        };
        let lines = (1..).zip(&asked.lines).zip(choice.plan());
        let lines = lines.map(|((number, line), places)| Demand {
            number,
            product: line.product,
            quantity: line.quantity,
            given: line.location,
            places,
        });
        Wanted {
            lines: lines.collect(),
            stock_only: asked.stock_only,
            partial: asked.partial,
        }
    }
}
