//! What callers say of goods that moved.

use std::collections::BTreeSet;

use chassis::fault::Fault;
use contracts::common;
use contracts::inventory as pb;
use contracts::validate::Path;
use prost::Message;
use vocab::{Date, Money};

use super::hold::reference_of;
use super::position::bucket_of;
use super::{effective, etag, id, own_id, unfit};
use crate::domain::command::{Adjust, MoveUnits, Receive};
use crate::domain::fact::{Adjustment, Goods, Move, Receipt};
use crate::domain::levels::Bucket;
use crate::domain::{Place, Refusal};

/// Reads a receipt.
pub fn receive(wire: &pb::ReceiveStockRequest) -> Result<Receive, Fault> {
    let location = own_id("location_id", &wire.location_id)?;
    let root = Path::Root;
    let reference = wire.reference.as_ref().map(reference_of);
    let reference = reference.unwrap_or_default();
    let metadata = attached(wire.metadata.as_ref());
    let mut lines = Vec::with_capacity(wire.lines.len());
    for (number, line) in (1..).zip(&wire.lines) {
        let at = root.field("lines");
        let product = id(&at.field("product_id"), &line.product_id)?;
        let said = (line.lot_number.as_str(), line.expiry_date.as_ref());
        let goods = goods(said, line.unit_cost.as_ref(), &line.serial_numbers)?;
        counted(number, &goods, line.quantity)?;
        let receipt = Receipt {
            quantity: line.quantity,
            reference: reference.clone(),
            bucket: bucket_of(line.bucket()),
            goods,
            opening: false,
            metadata: metadata.clone(),
        };
        lines.push((Place::new(product, location), receipt));
    }
    Ok(Receive {
        lines,
        effective_at: effective(wire.effective_time.as_ref())?,
    })
}

/// Reads an adjustment.
pub fn adjust(wire: &pb::AdjustStockRequest) -> Result<Adjust, Fault> {
    let product = own_id("product_id", &wire.product_id)?;
    let location = own_id("location_id", &wire.location_id)?;
    let goods = goods(
        (&wire.lot_number, None),
        wire.unit_cost.as_ref(),
        &wire.serial_numbers,
    )?;
    counted(1, &goods, wire.delta.abs())?;
    Ok(Adjust {
        place: Place::new(product, location),
        correction: wire.reason() == pb::AdjustmentReason::Correction,
        adjustment: Adjustment {
            delta: wire.delta,
            reason: wire.reason,
            bucket: bucket_of(wire.bucket()),
            goods,
            note: wire.note.clone(),
            reference: wire.reference.as_ref().map(reference_of),
            metadata: attached(wire.metadata.as_ref()),
        },
        effective_at: effective(wire.effective_time.as_ref())?,
        etag: etag(&wire.etag),
    })
}

/// Reads a move between conditions.
pub fn move_units(wire: &pb::MoveStockRequest) -> Result<MoveUnits, Fault> {
    let product = own_id("product_id", &wire.product_id)?;
    let location = own_id("location_id", &wire.location_id)?;
    let (from, to) = (bucket_of(wire.from_bucket()), bucket_of(wire.to_bucket()));
    if from == to {
        return Err(same_bucket(from));
    }
    let goods = goods((&wire.lot_number, None), None, &wire.serial_numbers)?;
    counted(1, &goods, wire.quantity)?;
    Ok(MoveUnits {
        place: Place::new(product, location),
        units: Move {
            quantity: wire.quantity,
            from,
            to,
            found: 0,
            reason: wire.reason.clone(),
            goods,
            note: wire.note.clone(),
            reference: wire.reference.as_ref().map(reference_of),
            fact_key: String::new(),
        },
        effective_at: effective(wire.effective_time.as_ref())?,
        etag: etag(&wire.etag),
    })
}

fn same_bucket(_: Bucket) -> Fault {
    let root = Path::Root;
    unfit(
        &root.field("to_bucket"),
        "move.other_bucket",
        "must be another condition",
    )
}

/// Reads what is known of units themselves.
pub fn goods(
    (lot, expires): (&str, Option<&common::Date>),
    unit_cost: Option<&common::Money>,
    serials: &[String],
) -> Result<Goods, Fault> {
    let root = Path::Root;
    let expires = expires.filter(|_| !lot.is_empty()).map(Date::try_from);
    let expires = expires
        .transpose()
        .map_err(|_| unfit(&root.field("expiry_date"), "date", "must be a day"))?;
    let cost = unit_cost.map(Money::try_from).transpose();
    let text = "must be an amount that its currency can express";
    Ok(Goods {
        lot: lot.to_owned(),
        expires,
        unit_cost: cost.map_err(|_| unfit(&root.field("unit_cost"), "money.exact", text))?,
        serials: serials.to_vec(),
    })
}

/// Refuses serial numbers that are not as many as the units, or stand twice.
pub fn counted(line: i32, goods: &Goods, quantity: i64) -> Result<(), Fault> {
    items(line, &goods.serials, quantity)
}

/// Refuses items that are not as many as the units, or stand twice.
pub fn items(line: i32, serials: &[String], quantity: i64) -> Result<(), Fault> {
    let different: BTreeSet<&String> = serials.iter().collect();
    let all = i64::try_from(different.len()).is_ok_and(|it| it == quantity);
    match serials.is_empty() || (all && different.len() == serials.len()) {
        true => Ok(()),
        false => Err(Refusal::SerialCountMismatch(line).into()),
    }
}

/// Keeps what a caller's system attached as bytes.
pub fn attached(wire: Option<&prost_types::Struct>) -> Vec<u8> {
    wire.map(Message::encode_to_vec).unwrap_or_default()
}
