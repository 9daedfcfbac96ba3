//! The stored facts of a position, as the contract shows them one by one.

use bus::publish::outgoing;
use bus::{Message, Publish, Recorded, Unpublishable};
use chassis::fault::Fault;
use contracts::inventory as pb;
use contracts::inventory::stock_event::Event;
use prost::Message as _;
use vocab::ShortfallId;

use super::entry::{attached, held};
use super::hold::reference;
use super::position::{bucket, levels, policy};
use super::time;
use crate::db::read_fact;
use crate::domain::Fact;
use crate::domain::fact::{
    Adjustment, Goods, Leg, Move, PositionChange, PositionFact, Receipt, Told,
};
use crate::domain::levels::Bucket;

const ENVELOPE: &str = "retail.inventory.v1.StockEvent";

/// Facts as they are stored, not as they are published.
struct StockEvents;

/// Writes a recorded fact with all that is known of it.
pub fn event(recorded: &Recorded, history: i64) -> Result<pb::StockEvent, Fault> {
    let made = outgoing(&StockEvents, recorded, history).map_err(Fault::bug)?;
    let first = made.into_iter().next();
    let first = first.ok_or_else(|| Fault::bug("a fact became nothing"))?;
    pb::StockEvent::decode(first.payload).map_err(Fault::bug)
}

/// The lot, items and cost of what an entry moved, where it moved one sort of goods.
pub fn goods(what: &PositionChange) -> Option<&Goods> {
    match what {
        PositionChange::Added(it) => Some(&it.goods),
        PositionChange::Adjusted(it) => Some(&it.goods),
        PositionChange::Moved(it) => Some(&it.goods),
        PositionChange::Sold(it) | PositionChange::Returned(it, _) => Some(&it.goods),
        PositionChange::TransferredOut(it) | PositionChange::TransferredIn(it) => Some(&it.goods),
        _ => None,
    }
}

/// The document behind an entry, by its id.
pub fn document(what: &PositionChange) -> Option<String> {
    match what {
        PositionChange::Added(it) => Some(it.reference.id.clone()),
        PositionChange::Adjusted(it) => it.reference.as_ref().map(|it| it.id.clone()),
        PositionChange::Moved(it) => it.reference.as_ref().map(|it| it.id.clone()),
        PositionChange::Sold(it) | PositionChange::Returned(it, _) => Some(it.reference.id.clone()),
        PositionChange::TransferredOut(it) | PositionChange::TransferredIn(it) => {
            Some(it.transfer.to_string())
        }
        PositionChange::InboundChanged(it, _) => Some(it.id.clone()),
        _ => None,
    }
}

impl Publish for StockEvents {
    fn context(&self) -> &'static str {
        "inventory"
    }

    fn publish(&self, recorded: &Recorded) -> Result<Vec<Message>, Unpublishable> {
        let fact = read_fact(&recorded.kind, &recorded.payload)
            .map_err(|error| Unpublishable::Unreadable(error.to_string()))?;
        let Fact::Position(fact) = fact else {
            return Err(Unpublishable::KindUnknown(recorded.kind.clone()));
        };
        let (token, name, event) = told(&fact);
        let event = pb::StockEvent {
            metadata: None,
            event: Some(event),
        };
        Ok(vec![Message::new(name, ENVELOPE, token, &event)])
    }
}

type Typed = (&'static str, &'static str, Event);

fn told(fact: &PositionFact) -> Typed {
    match &fact.what {
        PositionChange::Added(it) => added(fact, it),
        PositionChange::Reserved(_)
        | PositionChange::Released(..)
        | PositionChange::Committed(..) => promised(fact),
        PositionChange::Adjusted(it) => adjusted(fact, it),
        PositionChange::Moved(it) => moved(fact, it),
        PositionChange::Sold(it) => sold(fact, it),
        PositionChange::Returned(it, bucket) => returned(fact, (it, *bucket)),
        PositionChange::TransferredOut(it) => transferred_out(fact, it),
        PositionChange::TransferredIn(it) => transferred_in(fact, it),
        PositionChange::InboundChanged(..) | PositionChange::PolicyChanged => ruled(fact),
    }
}

fn after(fact: &PositionFact) -> Option<pb::StockLevels> {
    Some(levels(&fact.after))
}

fn shortfall(fact: &PositionFact) -> String {
    let id = fact.shortfall.map(|it| it.id);
    id.as_ref().map(ShortfallId::to_string).unwrap_or_default()
}

fn discrepancy(fact: &PositionFact) -> String {
    let id = fact.discrepancy.map(|it| it.to_string());
    id.unwrap_or_default()
}

/// Units beyond what was on hand.
fn missing(fact: &PositionFact) -> i64 {
    fact.deltas.discrepancy.max(0)
}

fn added(fact: &PositionFact, it: &Receipt) -> Typed {
    let event = pb::StockAdded {
        quantity: it.quantity,
        reference: Some(reference(&it.reference)),
        unit_cost: it.goods.unit_cost.map(Into::into),
        lot_number: it.goods.lot.clone(),
        expiry_date: it.goods.expires.map(Into::into),
        bucket: bucket(it.bucket).into(),
        serial_numbers: it.goods.serials.clone(),
        opening: it.opening,
        on_order_quantity: -fact.deltas.on_order,
        metadata: attached(&it.metadata),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockAdded";
    ("stock_added", name, Event::StockAdded(event))
}

fn promised(fact: &PositionFact) -> Typed {
    let holds = fact.holds().iter().map(held).collect();
    match &fact.what {
        PositionChange::Released(_, reason) => {
            let event = pb::StockReleased {
                holds,
                reason: reason.clone(),
                shortfall_id: shortfall(fact),
                after: after(fact),
            };
            let name = "retail.inventory.v1.StockReleased";
            ("stock_released", name, Event::StockReleased(event))
        }
        PositionChange::Committed(_, serials) => {
            let event = pb::StockCommitted {
                holds,
                serial_numbers: serials.clone(),
                missing_quantity: missing(fact),
                discrepancy_id: discrepancy(fact),
                after: after(fact),
            };
            let name = "retail.inventory.v1.StockCommitted";
            ("stock_committed", name, Event::StockCommitted(event))
        }
        _ => {
            let event = pb::StockReserved {
                holds,
                after: after(fact),
            };
            let name = "retail.inventory.v1.StockReserved";
            ("stock_reserved", name, Event::StockReserved(event))
        }
    }
}

fn adjusted(fact: &PositionFact, it: &Adjustment) -> Typed {
    let event = pb::StockAdjusted {
        delta: it.delta,
        reason: it.reason,
        note: it.note.clone(),
        bucket: bucket(it.bucket).into(),
        lot_number: it.goods.lot.clone(),
        serial_numbers: it.goods.serials.clone(),
        unit_cost: it.goods.unit_cost.map(Into::into),
        reference: it.reference.as_ref().map(reference),
        missing_quantity: missing(fact),
        shortfall_id: shortfall(fact),
        discrepancy_id: discrepancy(fact),
        metadata: attached(&it.metadata),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockAdjusted";
    ("stock_adjusted", name, Event::StockAdjusted(event))
}

fn moved(fact: &PositionFact, it: &Move) -> Typed {
    let event = pb::StockMoved {
        quantity: it.quantity,
        from_bucket: bucket(it.from).into(),
        to_bucket: bucket(it.to).into(),
        reason: it.reason.clone(),
        note: it.note.clone(),
        lot_number: it.goods.lot.clone(),
        serial_numbers: it.goods.serials.clone(),
        reference: it.reference.as_ref().map(reference),
        fact_key: it.fact_key.clone(),
        found_quantity: it.found,
        shortfall_id: shortfall(fact),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockMoved";
    ("stock_moved", name, Event::StockMoved(event))
}

fn sold(fact: &PositionFact, it: &Told) -> Typed {
    let id = &it.reference.id;
    let sale = it.fact_key.is_empty() && id.starts_with("sal_");
    let event = pb::StockSold {
        quantity: it.quantity,
        sale_id: if sale { id.clone() } else { String::new() },
        reference: Some(reference(&it.reference)),
        fact_key: it.fact_key.clone(),
        lot_number: it.goods.lot.clone(),
        serial_numbers: it.goods.serials.clone(),
        unit_cost: it.goods.unit_cost.map(Into::into),
        missing_quantity: missing(fact),
        shortfall_id: shortfall(fact),
        discrepancy_id: discrepancy(fact),
        metadata: attached(&it.metadata),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockSold";
    ("stock_sold", name, Event::StockSold(event))
}

fn returned(fact: &PositionFact, (it, into): (&Told, Bucket)) -> Typed {
    let event = pb::StockReturned {
        quantity: it.quantity,
        reference: Some(reference(&it.reference)),
        fact_key: it.fact_key.clone(),
        lot_number: it.goods.lot.clone(),
        serial_numbers: it.goods.serials.clone(),
        unit_cost: it.goods.unit_cost.map(Into::into),
        metadata: attached(&it.metadata),
        bucket: bucket(into).into(),
        shortfall_id: shortfall(fact),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockReturned";
    ("stock_returned", name, Event::StockReturned(event))
}

fn transferred_out(fact: &PositionFact, it: &Leg) -> Typed {
    let event = pb::StockTransferredOut {
        quantity: it.quantity,
        transfer_id: it.transfer.to_string(),
        destination_location_id: it.other.to_string(),
        lot_number: it.goods.lot.clone(),
        serial_numbers: it.goods.serials.clone(),
        missing_quantity: missing(fact),
        discrepancy_id: discrepancy(fact),
        held_quantity: it.held.map_or(0, |it| it.quantity),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockTransferredOut";
    (
        "stock_transferred_out",
        name,
        Event::StockTransferredOut(event),
    )
}

fn transferred_in(fact: &PositionFact, it: &Leg) -> Typed {
    let event = pb::StockTransferredIn {
        quantity: it.quantity,
        transfer_id: it.transfer.to_string(),
        source_location_id: it.other.to_string(),
        damaged_quantity: it.damaged,
        in_transit_quantity: -fact.deltas.in_transit,
        lot_number: it.goods.lot.clone(),
        serial_numbers: it.goods.serials.clone(),
        shortfall_id: shortfall(fact),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockTransferredIn";
    (
        "stock_transferred_in",
        name,
        Event::StockTransferredIn(event),
    )
}

fn ruled(fact: &PositionFact) -> Typed {
    if let PositionChange::InboundChanged(document, expected) = &fact.what {
        let event = pb::StockInboundChanged {
            on_order_delta: fact.deltas.on_order,
            in_transit_delta: fact.deltas.in_transit,
            reference: Some(reference(document)),
            expected_time: expected.and_then(time),
            after: after(fact),
        };
        let name = "retail.inventory.v1.StockInboundChanged";
        return (
            "stock_inbound_changed",
            name,
            Event::StockInboundChanged(event),
        );
    }
    let event = pb::StockPolicyChanged {
        policy: Some(policy(fact.place, &fact.policy)),
        after: after(fact),
    };
    let name = "retail.inventory.v1.StockPolicyChanged";
    (
        "stock_policy_changed",
        name,
        Event::StockPolicyChanged(event),
    )
}
