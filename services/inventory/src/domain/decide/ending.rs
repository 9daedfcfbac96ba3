//! How units leave a hold: they are taken out of stock, or given back.

use std::collections::BTreeMap;

use super::draft::{Cause, Draft};
use crate::domain::Place;
use crate::domain::command::Part;
use crate::domain::fact::{Held, Moved, PositionChange};
use crate::domain::levels::{Bucket, Levels};
use crate::domain::refusal::Refusal;
use crate::domain::reservation::{Line, Reservation};

/// What leaves a hold, allocation by allocation, with the single items that were named.
#[derive(Default)]
pub(super) struct Leaving {
    pub moved: Vec<Moved>,
    serials: BTreeMap<Place, Vec<String>>,
}

/// What of a hold the parts mean. Without parts: all that it holds.
pub(super) fn parts(hold: &Reservation, parts: &[Part]) -> Result<Leaving, Refusal> {
    let mut left = hold.lines.clone();
    let mut leaving = Leaving::default();
    if parts.is_empty() {
        for line in &mut left {
            let held = line.held();
            leaving.moved.extend(out_of(line, held, None));
        }
        return Ok(leaving);
    }
    for part in parts {
        let line = left.iter_mut().find(|it| it.number == part.line);
        let line = line.ok_or(Refusal::LineUnknown(part.line))?;
        let remaining = remaining(line, part.location);
        if part.quantity > remaining {
            return Err(Refusal::QuantityExceeded {
                line: part.line,
                remaining,
            });
        }
        leaving.add(out_of(line, part.quantity, part.location), &part.serials);
    }
    Ok(leaving)
}

impl Leaving {
    /// Adds units, and the items that they are, if they were named.
    fn add(&mut self, moved: Vec<Moved>, serials: &[String]) {
        let mut items = serials.iter();
        for it in &moved {
            let count = usize::try_from(it.quantity).unwrap_or(usize::MAX);
            let here = items.by_ref().take(count).cloned();
            self.serials.entry(it.place).or_default().extend(here);
        }
        self.moved.extend(moved);
    }
}

fn remaining(line: &Line, at: Option<vocab::LocationId>) -> i64 {
    let there = line.allocations.iter();
    let there = there.filter(|it| at.is_none_or(|at| it.location == at));
    there.map(|it| it.quantity).sum()
}

/// Takes units out of the allocations of a line, in their order.
fn out_of(line: &mut Line, quantity: i64, at: Option<vocab::LocationId>) -> Vec<Moved> {
    let mut left = quantity;
    let mut moved = Vec::new();
    for it in &mut line.allocations {
        let taken = left.min(it.quantity);
        if taken == 0 || at.is_some_and(|at| it.location != at) {
            continue;
        }
        it.quantity -= taken;
        left -= taken;
        moved.push(Moved {
            line: line.number,
            place: it.place(),
            quantity: taken,
        });
    }
    moved
}

/// Refuses to go on without positions that the command did not name: the hold was moved since.
pub(super) fn named(moved: &[Moved], places: &[Place]) -> Result<(), Refusal> {
    match moved.iter().all(|it| places.contains(&it.place)) {
        true => Ok(()),
        false => Err(Refusal::Outrun),
    }
}

/// Writes that promises ended without the goods leaving.
pub(super) fn give_back(
    draft: &mut Draft<'_>,
    reservation: vocab::ReservationId,
    (moved, reason): (&[Moved], &str),
) {
    for (place, quantity) in sums(moved) {
        let change = Levels {
            reserved: -quantity,
            ..Levels::default()
        };
        let held = Held {
            reservation,
            quantity,
            backordered: uncovered(&draft.position(place).levels, change),
        };
        let what = PositionChange::Released(vec![held], reason.to_owned());
        draft.record(place, what, (change, Cause::Promise));
    }
}

/// Writes that promised units left. What is not on hand is a discrepancy.
pub(super) fn take_out(
    draft: &mut Draft<'_>,
    reservation: vocab::ReservationId,
    leaving: &Leaving,
) {
    for (place, quantity) in sums(&leaving.moved) {
        let levels = draft.position(place).levels;
        let mut change = levels.outgoing(Bucket::Sellable, quantity);
        change.reserved = -quantity;
        let held = Held {
            reservation,
            quantity,
            backordered: uncovered(&levels, change),
        };
        let items = leaving.serials.get(&place).cloned().unwrap_or_default();
        let what = PositionChange::Committed(vec![held], items);
        draft.record(place, what, (change, Cause::World));
    }
}

/// How many of the units that a promise ends for had been promised beyond the good ones.
pub(super) fn uncovered(levels: &Levels, change: Levels) -> i64 {
    let closed = (levels.gap() - (*levels + change).gap()).max(0);
    (closed - levels.open_shortfall).max(0)
}

fn sums(moved: &[Moved]) -> BTreeMap<Place, i64> {
    let mut sums = BTreeMap::new();
    for it in moved {
        *sums.entry(it.place).or_default() += it.quantity;
    }
    sums
}
