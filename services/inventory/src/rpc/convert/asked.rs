//! What callers ask to be held.

use chassis::fault::Fault;
use contracts::inventory as pb;
use contracts::validate::Path;

use super::{id, optional_id};
use crate::app::{Asked, AskedLine, Strategy};
use crate::domain::command::Part;

/// Reads lines with how to serve them.
pub fn asked(
    lines: &[pb::ReserveLine],
    preference: Option<&pb::AllocationPreference>,
    policy: pb::ReservePolicy,
) -> Result<Asked, Fault> {
    let root = Path::Root;
    let read = lines.iter().map(line).collect::<Result<_, _>>()?;
    let mut asked = Asked {
        lines: read,
        partial: policy == pb::ReservePolicy::Partial,
        ..Asked::default()
    };
    if let Some(wish) = preference {
        let at = root.field("preference");
        let locations = wish.location_ids.iter();
        let locations = locations.map(|it| id(&at.field("location_ids"), it));
        asked.strategy = strategy(wish.strategy());
        asked.locations = locations.collect::<Result<_, _>>()?;
        asked.locations_max = usize::try_from(wish.max_locations)
            .ok()
            .filter(|it| *it > 0);
        asked.stock_only = wish.stock_only;
    }
    Ok(asked)
}

/// Reads a way of choosing.
pub fn strategy(wire: pb::AllocationStrategy) -> Option<Strategy> {
    match wire {
        pb::AllocationStrategy::Unspecified => None,
        pb::AllocationStrategy::Given => Some(Strategy::Given),
        pb::AllocationStrategy::Priority => Some(Strategy::Priority),
        pb::AllocationStrategy::FewestSplits => Some(Strategy::FewestSplits),
        pb::AllocationStrategy::Fefo => Some(Strategy::Fefo),
    }
}

fn line(wire: &pb::ReserveLine) -> Result<AskedLine, Fault> {
    let root = Path::Root;
    let at = root.field("lines");
    Ok(AskedLine {
        product: id(&at.field("product_id"), &wire.product_id)?,
        quantity: wire.quantity,
        location: optional_id(&at.field("location_id"), &wire.location_id)?,
        lot: wire.lot_number.clone(),
    })
}

/// Reads parts of holds. The items of a part are as many as its units.
pub fn parts(wire: &[pb::ReservationPart]) -> Result<Vec<Part>, Fault> {
    let root = Path::Root;
    let at = root.field("parts");
    let read = wire.iter().map(|it| {
        super::goods::items(it.line_number, &it.serial_numbers, it.quantity)?;
        Ok(Part {
            line: it.line_number,
            quantity: it.quantity,
            location: optional_id(&at.field("location_id"), &it.location_id)?,
            serials: it.serial_numbers.clone(),
        })
    });
    read.collect()
}
