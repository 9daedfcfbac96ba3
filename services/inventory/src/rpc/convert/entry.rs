//! Entries of the ledger, as the contract shows them.

use chassis::fault::Fault;
use contracts::common;
use contracts::inventory as pb;
use journal::Recorded;
use prost::Message;
use vocab::StockTransactionId;

use super::hold::reference;
use super::position::deltas;
use super::time;
use crate::db::read_fact;
use crate::domain::Fact;
use crate::domain::fact::{Goods, Held, PositionChange, PositionFact};
use crate::domain::levels::Bucket;
use crate::domain::reservation::Reference;

/// The number of a transfer among the sorts of documents.
const TRANSFER: i32 = 4;

/// Reads a recorded fact as an entry of the ledger.
pub fn read(recorded: &Recorded) -> Result<PositionFact, Fault> {
    match read_fact(&recorded.kind, &recorded.payload).map_err(Fault::bug)? {
        Fact::Position(fact) => Ok(*fact),
        _ => Err(Fault::bug("another fact stands in a position's stream")),
    }
}

/// Writes an entry; a change of rules has none.
pub fn entry(recorded: &Recorded, fact: &PositionFact) -> Option<pb::StockTransaction> {
    let mut entry = pb::StockTransaction {
        transaction_id: name(recorded).to_string(),
        tenant_id: recorded.tenant.to_string(),
        product_id: fact.place.product.to_string(),
        location_id: fact.place.location.to_string(),
        deltas: Some(deltas(&fact.deltas)),
        actor: Some(common::Actor {
            r#type: recorded.actor.kind.into(),
            actor_id: recorded.actor.id.clone(),
        }),
        effective_time: time(recorded.effective_at),
        record_time: time(recorded.recorded_at),
        position_version: recorded.version,
        holds: fact.holds().iter().map(held).collect(),
        shortfall_id: fact
            .shortfall
            .map(|it| it.id.to_string())
            .unwrap_or_default(),
        discrepancy_id: fact
            .discrepancy
            .map(|it| it.to_string())
            .unwrap_or_default(),
        ..pb::StockTransaction::default()
    };
    entry.r#type = kind(&fact.what)?.into();
    describe(&mut entry, &fact.what);
    Some(entry)
}

/// The entry shares its bits with the fact behind it.
pub fn name(recorded: &Recorded) -> StockTransactionId {
    StockTransactionId::from_uuid(recorded.event_id.uuid())
}

/// What kind of movement it is.
pub fn kind(what: &PositionChange) -> Option<pb::TransactionType> {
    Some(match what {
        PositionChange::Added(it) if it.opening => pb::TransactionType::Opening,
        PositionChange::Added(_) => pb::TransactionType::Receipt,
        PositionChange::Reserved(_) => pb::TransactionType::Reservation,
        PositionChange::Released(..) => pb::TransactionType::Release,
        PositionChange::Committed(..) => pb::TransactionType::Commit,
        PositionChange::Adjusted(_) => pb::TransactionType::Adjustment,
        PositionChange::Moved(it) => match it.to {
            Bucket::Sellable => pb::TransactionType::Restore,
            Bucket::Damaged => pb::TransactionType::Damage,
            Bucket::Quarantined => pb::TransactionType::Quarantine,
        },
        PositionChange::Sold(_) => pb::TransactionType::Sale,
        PositionChange::Returned(..) => pb::TransactionType::Return,
        PositionChange::TransferredOut(_) => pb::TransactionType::TransferOut,
        PositionChange::TransferredIn(_) => pb::TransactionType::TransferIn,
        PositionChange::InboundChanged(..) => pb::TransactionType::Inbound,
        PositionChange::PolicyChanged => return None,
    })
}

/// Adds what only some kinds have.
fn describe(entry: &mut pb::StockTransaction, what: &PositionChange) {
    match what {
        PositionChange::Added(it) => {
            cause(entry, Some(&it.reference), &it.goods);
            entry.metadata = attached(&it.metadata);
        }
        PositionChange::Adjusted(it) => {
            cause(entry, it.reference.as_ref(), &it.goods);
            entry.adjustment_reason = it.reason;
            entry.note.clone_from(&it.note);
            entry.metadata = attached(&it.metadata);
        }
        PositionChange::Moved(it) => {
            cause(entry, it.reference.as_ref(), &it.goods);
            entry.note.clone_from(&it.note);
        }
        PositionChange::Sold(it) | PositionChange::Returned(it, _) => {
            cause(entry, Some(&it.reference), &it.goods);
            entry.metadata = attached(&it.metadata);
        }
        PositionChange::TransferredOut(it) | PositionChange::TransferredIn(it) => {
            let document = Reference {
                kind: TRANSFER,
                id: it.transfer.to_string(),
            };
            cause(entry, Some(&document), &it.goods);
        }
        PositionChange::InboundChanged(document, _) => {
            cause(entry, Some(document), &Goods::default());
        }
        PositionChange::Committed(_, serials) => entry.serial_numbers.clone_from(serials),
        PositionChange::Reserved(_)
        | PositionChange::Released(..)
        | PositionChange::PolicyChanged => {}
    }
}

fn cause(entry: &mut pb::StockTransaction, document: Option<&Reference>, goods: &Goods) {
    entry.reference = document.map(reference);
    entry.lot_number.clone_from(&goods.lot);
    entry.expiry_date = goods.expires.map(Into::into);
    entry.unit_cost = goods.unit_cost.map(Into::into);
    entry.serial_numbers.clone_from(&goods.serials);
}

/// Reads what a caller's system attached; what cannot be read was never sent.
pub fn attached(bytes: &[u8]) -> Option<prost_types::Struct> {
    match bytes.is_empty() {
        true => None,
        false => prost_types::Struct::decode(bytes).ok(),
    }
}

/// Writes the part of one hold.
pub fn held(it: &Held) -> pb::HoldQuantity {
    pb::HoldQuantity {
        reservation_id: it.reservation.to_string(),
        quantity: it.quantity,
        backordered_quantity: it.backordered,
        lot_number: String::new(),
    }
}
