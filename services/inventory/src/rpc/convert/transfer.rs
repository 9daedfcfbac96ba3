//! Transfers, as the contract shows them and as callers ask for them.

use chassis::fault::Fault;
use contracts::inventory as pb;
use contracts::validate::Path;
use vocab::TenantId;

use super::{goods, id, own_id, time, unfit};
use crate::app::Plan;
use crate::domain::command::Shipment;
use crate::domain::etag_of;
use crate::domain::transfer::{Arrival, Transfer, TransferLine, TransferState};

/// Writes a transfer.
pub fn transfer(tenant: TenantId, it: &Transfer) -> pb::Transfer {
    let over = it.state == TransferState::Completed;
    pb::Transfer {
        transfer_id: it.id.to_string(),
        tenant_id: tenant.to_string(),
        source_location_id: it.source.to_string(),
        destination_location_id: it.destination.to_string(),
        lines: it.lines.iter().map(|line| written(line, over)).collect(),
        state: state(it.state).into(),
        reservation_id: it.hold.to_string(),
        note: it.note.clone(),
        expected_time: it.expected_at.and_then(time),
        ship_time: it.shipped_at.and_then(time),
        end_time: it.ended_at.and_then(time),
        etag: etag_of(it.id, it.version).to_string(),
        create_time: time(it.created_at),
        update_time: time(it.updated_at),
    }
}

fn written(it: &TransferLine, over: bool) -> pb::TransferLine {
    pb::TransferLine {
        line_number: it.number,
        product_id: it.product.to_string(),
        quantity: it.quantity,
        lot_number: String::new(),
        shipped_quantity: it.shipped,
        received_quantity: it.received,
        damaged_quantity: it.damaged,
        variance: if over { it.variance() } else { 0 },
    }
}

fn state(it: TransferState) -> pb::TransferState {
    match it {
        TransferState::Open => pb::TransferState::Open,
        TransferState::InTransit => pb::TransferState::InTransit,
        TransferState::Completed => pb::TransferState::Completed,
        TransferState::Cancelled => pb::TransferState::Cancelled,
    }
}

/// Reads a state of a filter.
pub fn state_of(wire: pb::TransferState) -> Option<TransferState> {
    Some(match wire {
        pb::TransferState::Unspecified => return None,
        pb::TransferState::Open => TransferState::Open,
        pb::TransferState::InTransit => TransferState::InTransit,
        pb::TransferState::Completed => TransferState::Completed,
        pb::TransferState::Cancelled => TransferState::Cancelled,
    })
}

/// Reads a transfer to plan.
pub fn plan(wire: &pb::Transfer) -> Result<Plan, Fault> {
    let root = Path::Root;
    let at = root.field("transfer");
    let lines = wire.lines.iter().map(|it| {
        let product = id(&at.field("lines"), &it.product_id)?;
        Ok((product, it.quantity, it.lot_number.clone()))
    });
    let expected = wire.expected_time.as_ref();
    let expected = expected.map(contracts::convert::moment).transpose();
    let text = "must lie between 1970 and 2200";
    Ok(Plan {
        source: own_id("source_location_id", &wire.source_location_id)?,
        destination: own_id("destination_location_id", &wire.destination_location_id)?,
        lines: lines.collect::<Result<_, Fault>>()?,
        note: wire.note.clone(),
        expected_at: expected
            .map_err(|_| unfit(&at.field("expected_time"), "timestamp.era", text))?,
    })
}

/// Reads what leaves.
pub fn shipment(wire: &pb::TransferShipment) -> Result<Shipment, Fault> {
    goods::items(wire.line_number, &wire.serial_numbers, wire.quantity)?;
    Ok(Shipment {
        line: wire.line_number,
        quantity: wire.quantity,
        serials: wire.serial_numbers.clone(),
    })
}

/// Reads what arrived.
pub fn arrival(wire: &pb::TransferArrival) -> Result<Arrival, Fault> {
    goods::items(wire.line_number, &wire.serial_numbers, wire.quantity)?;
    if wire.damaged_quantity > wire.quantity {
        let root = Path::Root;
        let at = root.field("arrivals");
        let text = "must not exceed the quantity";
        return Err(unfit(
            &at.field("damaged_quantity"),
            "arrival.damaged",
            text,
        ));
    }
    Ok(Arrival {
        line: wire.line_number,
        quantity: wire.quantity,
        damaged: wire.damaged_quantity,
        serials: wire.serial_numbers.clone(),
    })
}
