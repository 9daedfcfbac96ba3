//! Which units a request gets: demand for one product is summed over all lines, place by place.

use std::collections::BTreeMap;

use vocab::ProductId;

use super::draft::{Cause, Draft};
use crate::domain::Place;
use crate::domain::command::{Demand, Wanted};
use crate::domain::fact::{Held, PositionChange};
use crate::domain::levels::Levels;
use crate::domain::refusal::NotHeld;
use crate::domain::reservation::{Allocation, Line, Shortage};

/// What a request gets.
pub(super) struct Granted {
    pub lines: Vec<Line>,
    pub shortages: Vec<Shortage>,
}

/// Divides what can be promised among the lines. Lines with the fewest places to choose from come
/// first, so that no line takes what only another one could use.
pub(super) fn grant(draft: &mut Draft<'_>, wanted: &Wanted) -> Result<Granted, NotHeld> {
    let mut rooms = Rooms::of(draft, wanted);
    let mut order: Vec<&Demand> = wanted.lines.iter().collect();
    order.sort_by_key(|it| it.places.len());
    let mut lines = Vec::with_capacity(order.len());
    for demand in order {
        lines.push(rooms.line(demand));
    }
    lines.sort_by_key(|it| it.number);
    let shortages = shortages(wanted, &lines);
    let nothing = lines.iter().all(|it| it.quantity == 0);
    if !shortages.is_empty() && (!wanted.partial || nothing) {
        return Err(NotHeld::Insufficient(shortages));
    }
    lines.retain(|it| it.quantity > 0 || wanted.partial);
    Ok(Granted { lines, shortages })
}

/// Writes the entries of a hold: one for each position, whatever the number of lines. The lines
/// learn what of them was promised beyond the good units.
pub(super) fn promise(
    draft: &mut Draft<'_>,
    reservation: vocab::ReservationId,
    lines: &mut [Line],
) {
    let mut sums: BTreeMap<Place, i64> = BTreeMap::new();
    for it in lines.iter().flat_map(|it| &it.allocations) {
        *sums.entry(it.place()).or_default() += it.quantity;
    }
    for (place, quantity) in sums {
        let before = draft.position(place).levels;
        let change = Levels {
            reserved: quantity,
            ..Levels::default()
        };
        let mut beyond = (before + change).gap() - before.gap();
        let held = Held {
            reservation,
            quantity,
            backordered: beyond,
        };
        draft.record(
            place,
            PositionChange::Reserved(vec![held]),
            (change, Cause::Promise),
        );
        let all = lines.iter_mut().rev().flat_map(|it| &mut it.allocations);
        for it in all.filter(|it| it.place() == place) {
            it.backordered = beyond.min(it.quantity);
            beyond -= it.backordered;
        }
    }
}

/// What can still be promised at each place.
struct Rooms(BTreeMap<Place, i64>);

impl Rooms {
    fn of(draft: &mut Draft<'_>, wanted: &Wanted) -> Self {
        let day = draft.now().utc_date();
        let places = wanted.lines.iter().flat_map(|it| &it.places);
        let room = |place: &Place| {
            let position = draft.position(*place);
            let room = match wanted.stock_only {
                true => position.in_stock(),
                false => position.promisable(day),
            };
            (*place, room)
        };
        Self(places.map(room).collect())
    }

    fn line(&mut self, demand: &Demand) -> Line {
        let mut left = demand.quantity;
        let mut allocations = Vec::with_capacity(1);
        for place in &demand.places {
            let Some(room) = self.0.get_mut(place) else {
                continue;
            };
            let quantity = left.min(*room);
            if quantity == 0 {
                continue;
            }
            *room -= quantity;
            left -= quantity;
            allocations.push(Allocation {
                product: place.product,
                location: place.location,
                quantity,
                committed: 0,
                backordered: 0,
            });
        }
        Line {
            number: demand.number,
            product: demand.product,
            quantity: demand.quantity - left,
            committed: 0,
            released: 0,
            allocations,
        }
    }
}

/// What each product lacks, all lines together.
fn shortages(wanted: &Wanted, lines: &[Line]) -> Vec<Shortage> {
    let mut sums: BTreeMap<ProductId, Shortage> = BTreeMap::new();
    for demand in &wanted.lines {
        let line = lines.iter().find(|it| it.number == demand.number);
        let sum = sums.entry(demand.product).or_insert_with(|| Shortage {
            product: demand.product,
            location: demand.given,
            requested: 0,
            available: 0,
        });
        if sum.location != demand.given {
            sum.location = None;
        }
        sum.requested += demand.quantity;
        sum.available += line.map_or(0, |it| it.quantity);
    }
    let short = sums.into_values();
    short.filter(|it| it.available < it.requested).collect()
}
