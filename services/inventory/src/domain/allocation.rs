//! How the locations of a hold are chosen, as a pure plan over what was seen.
//!
//! The plan says where each line may be taken from, the first choice first. How much each position
//! gives is decided under its lock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use vocab::{LocationId, Moment, ProductId};

use super::Place;

/// How many sets of locations are compared before the next best way is taken.
const SETS_MAX: usize = 20_000;

/// A way of choosing locations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Every line names its location.
    Given,
    /// In order of priority.
    Priority,
    /// As few as possible.
    FewestSplits,
    /// The lots that expire first.
    Fefo,
}

/// How a tenant's stock is held when the caller does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocationPolicy {
    /// The way of choosing; as few as possible, if nothing is said.
    pub strategy: Option<Strategy>,
    /// Locations in order of priority.
    pub locations: Vec<LocationId>,
    /// Whether others are left out.
    pub listed_only: bool,
    /// Lots with fewer days left are not promised.
    pub min_shelf_days: i32,
    /// How long a timed hold lasts; a quarter of an hour, if nothing is said.
    pub ttl: Option<Duration>,
    /// Counts its facts; 0 where nothing was set.
    pub version: i64,
    /// When it was last set.
    pub updated_at: Option<Moment>,
}

/// It was set, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocationFact {
    /// As it is after it.
    pub after: AllocationPolicy,
}

/// A line to be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// What.
    pub product: ProductId,
    /// Units.
    pub quantity: i64,
    /// The only location, if the line names one.
    pub given: Option<LocationId>,
}

/// What there is to choose from.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// The lines.
    pub needs: &'a [Need],
    /// The locations that may serve lines which name none, the preferred one first.
    pub ranked: &'a [LocationId],
    /// What each position can give, of all that may be taken from.
    pub rooms: &'a BTreeMap<Place, i64>,
    /// The way of choosing.
    pub strategy: Strategy,
    /// The most locations that may serve together.
    pub max: Option<usize>,
}

impl Choice<'_> {
    /// The positions that may serve each line, the first choice first.
    pub fn plan(&self) -> Vec<Vec<Place>> {
        let order = self.order();
        let places = |need: &Need| match need.given {
            Some(given) => self.there(need.product, &[given]),
            None if self.strategy == Strategy::Given => Vec::new(),
            None => self.there(need.product, &order),
        };
        self.needs.iter().map(places).collect()
    }

    fn there(&self, product: ProductId, order: &[LocationId]) -> Vec<Place> {
        let places = order.iter().map(|it| Place::new(product, *it));
        places.filter(|it| self.rooms.contains_key(it)).collect()
    }

    /// Locations in the order in which lines without one are served. Without a limit all follow
    /// the chosen ones: what was seen may be gone by the time of the lock.
    fn order(&self) -> Vec<LocationId> {
        let one = self.ranked.len() <= 1;
        let by_rank = one || self.strategy != Strategy::FewestSplits;
        if self.max.is_none() && by_rank {
            return self.ranked.to_vec();
        }
        let chosen = match self.strategy {
            Strategy::FewestSplits => self.fewest(),
            _ => self.walked(),
        };
        let mut order: Vec<LocationId> = self.ranked.to_vec();
        let others = |it: &LocationId| self.max.is_none() && !chosen.contains(it);
        order.retain(|it| chosen.contains(it));
        order.extend(self.ranked.iter().copied().filter(others));
        order
    }

    fn forced(&self) -> BTreeSet<LocationId> {
        self.needs.iter().filter_map(|it| it.given).collect()
    }

    fn limit(&self) -> usize {
        self.max.unwrap_or(usize::MAX)
    }

    /// By rank, each that still adds something, up to the limit.
    fn walked(&self) -> BTreeSet<LocationId> {
        let mut chosen = self.forced();
        let mut served = self.served(&chosen);
        for location in self.ranked {
            if chosen.len() >= self.limit() || served >= self.wanted() {
                break;
            }
            if !chosen.insert(*location) {
                continue;
            }
            let with = self.served(&chosen);
            if with == served {
                chosen.remove(location);
            }
            served = with;
        }
        chosen
    }

    /// The smallest set that serves everything, the first by rank among equals; where too many
    /// sets would have to be compared, or none serves everything, the best next one each time.
    fn fewest(&self) -> BTreeSet<LocationId> {
        let forced = self.forced();
        let useful: Vec<LocationId> = self.useful(&forced);
        let room = self.limit().saturating_sub(forced.len()).min(useful.len());
        let mut compared = 0;
        for size in 0..=room {
            compared += sets(useful.len(), size);
            if compared > SETS_MAX {
                break;
            }
            if let Some(found) = self.of_size(&forced, (&useful, size)) {
                return found;
            }
        }
        self.greedy(forced, &useful)
    }

    /// Locations that have some of what lines without a location need, by rank.
    fn useful(&self, forced: &BTreeSet<LocationId>) -> Vec<LocationId> {
        let free = self.needs.iter().filter(|it| it.given.is_none());
        let products: BTreeSet<ProductId> = free.map(|it| it.product).collect();
        let has = |it: &LocationId| {
            let mut there = products.iter().map(|product| Place::new(*product, *it));
            there.any(|it| self.rooms.get(&it).is_some_and(|room| *room > 0))
        };
        let ranked = self.ranked.iter().copied();
        ranked
            .filter(|it| !forced.contains(it) && has(it))
            .collect()
    }

    fn of_size(
        &self,
        forced: &BTreeSet<LocationId>,
        (useful, size): (&[LocationId], usize),
    ) -> Option<BTreeSet<LocationId>> {
        let mut picks: Vec<usize> = (0..size).collect();
        loop {
            let picked = picks.iter().filter_map(|at| useful.get(*at));
            let set = forced.iter().chain(picked).copied().collect();
            if self.served(&set) >= self.wanted() {
                return Some(set);
            }
            if !next(&mut picks, useful.len()) {
                return None;
            }
        }
    }

    fn greedy(
        &self,
        mut chosen: BTreeSet<LocationId>,
        useful: &[LocationId],
    ) -> BTreeSet<LocationId> {
        let mut served = self.served(&chosen);
        while chosen.len() < self.limit() && served < self.wanted() {
            let mut best = None;
            for location in useful.iter().filter(|it| !chosen.contains(it)) {
                let mut with = chosen.clone();
                with.insert(*location);
                let gained = self.served(&with) - served;
                if best.is_none_or(|(most, _)| gained > most) {
                    best = Some((gained, *location));
                }
            }
            match best.filter(|it| it.0 > 0) {
                Some((gained, location)) => {
                    chosen.insert(location);
                    served += gained;
                }
                None => break,
            }
        }
        chosen
    }

    fn wanted(&self) -> i64 {
        self.needs.iter().map(|it| it.quantity).sum()
    }

    /// Units that a set of locations can serve of all lines together.
    fn served(&self, set: &BTreeSet<LocationId>) -> i64 {
        let mut taken: BTreeMap<Place, i64> = BTreeMap::new();
        let mut served = 0;
        let (given, free): (Vec<&Need>, Vec<&Need>) =
            self.needs.iter().partition(|it| it.given.is_some());
        for need in given.into_iter().chain(free) {
            let mut left = need.quantity;
            let places = set.iter().map(|it| Place::new(need.product, *it));
            for place in places.filter(|it| need.given.is_none_or(|at| at == it.location)) {
                let used = taken.entry(place).or_default();
                let room = self.rooms.get(&place).copied().unwrap_or(0) - *used;
                let part = left.min(room).max(0);
                *used += part;
                left -= part;
            }
            served += need.quantity - left;
        }
        served
    }
}

/// How many sets of a size there are; more than can be compared counts as that.
fn sets(of: usize, size: usize) -> usize {
    let mut count = 1_usize;
    for step in 0..size {
        count = count.saturating_mul(of - step) / (step + 1);
        if count > SETS_MAX {
            return SETS_MAX + 1;
        }
    }
    count
}

/// The next set in the order of ranks; says whether there was one.
fn next(picks: &mut [usize], of: usize) -> bool {
    let size = picks.len();
    for at in (0..size).rev() {
        let last = of - (size - at);
        let Some(pick) = picks.get(at).copied().filter(|it| *it < last) else {
            continue;
        };
        for (step, slot) in picks.iter_mut().skip(at).enumerate() {
            *slot = pick + 1 + step;
        }
        return true;
    }
    false
}

#[cfg(test)]
mod tests;
