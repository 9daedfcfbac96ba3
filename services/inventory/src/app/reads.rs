//! Positions as they are, one by one, by product, in lists, and as a shopper may know them.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::call::Call;
use chassis::fault::{Fault, Kind, Reason};
use journal::Recorded;
use tokio::time::sleep;
use vocab::{Date, LocationId, ProductId};

use super::App;
use super::past::entry_of;
use crate::db::{EntryCursor, EntryList, PositionList, PositionOrder, Stretch, Versioned};
use crate::domain::Place;
use crate::domain::fact::PositionFact;
use crate::domain::position::Position;

/// How long to wait before looking again for a version that is not there yet.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What is left of the deadline for saying that it did not come.
const TO_ANSWER: Duration = Duration::from_millis(250);
/// Positions that are read at once where all are wanted.
const PAGE: i64 = 1_000;
/// How many pages of entries are looked through for one page of a list.
const LOOKS_MAX: usize = 20;

/// What a shopper may know of a product's stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buyable {
    /// Units that can be shipped from stock.
    pub available: i64,
    /// Units that can be promised beyond that.
    pub beyond: i64,
    /// The first day of shipping, while it is sold before it is there.
    pub from: Option<Date>,
}

/// What is wanted to be bought, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The product.
    pub product: ProductId,
    /// Only what is there.
    pub location: Option<LocationId>,
}

impl App {
    /// A position that has at least a version; an untouched one, where nothing ever happened.
    pub async fn position(
        &self,
        call: &Call,
        place: Place,
        min_version: i64,
    ) -> Result<Versioned, Fault> {
        loop {
            let list = PositionList {
                products: vec![place.product],
                locations: vec![place.location],
                limit: 1,
                ..PositionList::default()
            };
            let found = self.db.list_positions(call.tenant, list).await?;
            let found = found.into_iter().next().unwrap_or_else(|| Versioned {
                position: Position::untouched(place),
                version: 0,
                recorded_at: None,
            });
            if found.version >= min_version {
                return Ok(found);
            }
            if call.deadline.left() <= TO_ANSWER {
                let reason = Reason::new(Kind::Unavailable, Reason::SHARED, "PROJECTION_BEHIND");
                return Err(Fault::new(reason, "the version asked for is not there yet"));
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// All positions under some filters, in the order of their names.
    pub async fn all_positions(
        &self,
        call: &Call,
        mut list: PositionList,
    ) -> Result<Vec<Versioned>, Fault> {
        (list.order, list.limit) = (PositionOrder::Place, PAGE);
        let mut all = Vec::new();
        loop {
            let page = self.db.list_positions(call.tenant, list.clone()).await?;
            let full = i64::try_from(page.len()).is_ok_and(|it| it >= PAGE);
            list.after = page.last().map(|it| list.order.cursor(it));
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
    }

    /// A page of positions.
    pub async fn list_positions(
        &self,
        call: &Call,
        list: PositionList,
    ) -> Result<Vec<Versioned>, Fault> {
        self.db.list_positions(call.tenant, list).await
    }

    /// The base units of some products, as the contract numbers them.
    pub async fn units(
        &self,
        call: &Call,
        products: impl IntoIterator<Item = ProductId>,
    ) -> Result<BTreeMap<ProductId, i32>, Fault> {
        let known = self.known.products(call.tenant, products).await?;
        let units = known.iter().map(|(id, it)| (*id, it.unit));
        Ok(units.collect())
    }

    /// A page of the ledger of a product, and where the next one begins. What the database cannot
    /// tell apart, `fits` does; what is looked through for one page is bounded, so that a page may
    /// be short though more follow.
    pub async fn list_entries(
        &self,
        call: &Call,
        (product, locations): (ProductId, Vec<LocationId>),
        (mut list, fits): (EntryList, impl Fn(&PositionFact) -> bool + Send),
    ) -> Result<(Vec<(Recorded, PositionFact)>, Option<EntryCursor>), Fault> {
        let positions = PositionList {
            products: vec![product],
            locations,
            ..PositionList::default()
        };
        let positions = self.all_positions(call, positions).await?;
        list.places = positions.iter().map(|it| it.position.place).collect();
        let size = usize::try_from(list.limit).unwrap_or(usize::MAX);
        list.limit += 1;
        let mut found = Vec::new();
        for _ in 0..LOOKS_MAX {
            let page = self.db.list_entries(call.tenant, list.clone()).await?;
            let full = page.len() > size;
            list.after = page.last().map(cursor);
            for recorded in page {
                let fact = entry_of(&recorded)?;
                if fits(&fact) {
                    found.push((recorded, fact));
                }
            }
            if found.len() > size {
                found.truncate(size);
                let next = found.last().map(|it| cursor(&it.0));
                return Ok((found, next));
            }
            if !full {
                return Ok((found, None));
            }
        }
        Ok((found, list.after))
    }

    /// Facts of one position in the order of their versions, behind one of them.
    pub async fn facts(
        &self,
        call: &Call,
        place: Place,
        (after, limit): (i64, i64),
    ) -> Result<Vec<Recorded>, Fault> {
        let stretch = Stretch {
            after,
            ..Stretch::upto(i64::MAX, limit)
        };
        self.db.stretch(call.tenant, place, stretch).await
    }

    /// The fact of a position with a version.
    pub async fn fact_at(
        &self,
        call: &Call,
        place: Place,
        version: i64,
    ) -> Result<Option<PositionFact>, Fault> {
        let found = self.facts(call, place, (version - 1, 1)).await?;
        found.first().map(entry_of).transpose()
    }

    /// Which of its lives the database is in.
    pub async fn history(&self, call: &Call) -> Result<i64, Fault> {
        self.db.history(call.tenant).await
    }

    /// What can be bought of some products, each by itself, from what is in mind. Nothing of what
    /// is not known, and nothing from closed locations.
    pub async fn buyable(&self, call: &Call, wishes: &[Wish]) -> Result<Vec<Buyable>, Fault> {
        let (tenant, day) = (call.tenant, self.clock.now().utc_date());
        let products: Vec<ProductId> = wishes.iter().map(|it| it.product).collect();
        let known = self.known.products(tenant, products.clone()).await?;
        let shelves = self.known.shelves(tenant, products).await?;
        let seen = shelves.values().flat_map(|it| it.seen());
        let seen: Vec<LocationId> = seen.map(|it| it.position.place.location).collect();
        let places = self.known.locations(tenant, seen).await?;
        let open = |it: &LocationId| places.get(it).is_some_and(|it| it.open);
        let answer = |wish: &Wish| {
            let mut buyable = Buyable::default();
            if known.get(&wish.product).is_none_or(|it| it.bundle) {
                return buyable;
            }
            let shelf = shelves.get(&wish.product).map(|it| it.seen());
            for seen in shelf.unwrap_or_default() {
                let place = seen.position.place;
                let here = wish.location.is_none_or(|it| it == place.location);
                if here && open(&place.location) {
                    buyable.add(&seen.position, day);
                }
            }
            buyable
        };
        Ok(wishes.iter().map(answer).collect())
    }
}

impl Buyable {
    fn add(&mut self, position: &Position, day: Date) {
        let there = position.in_stock();
        self.available += there;
        self.beyond += (position.promisable(day) - there).max(0);
        let preorder = position.policy.preorder.filter(|it| day < it.from);
        let days = [self.from, preorder.map(|it| it.from)];
        self.from = days.into_iter().flatten().min();
    }
}

fn cursor(it: &Recorded) -> EntryCursor {
    EntryCursor {
        at: it.recorded_at,
        position: it.position,
    }
}
