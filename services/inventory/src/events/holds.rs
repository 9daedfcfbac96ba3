//! What facts about holds are told as.

use bus::Message;
use contracts::inventory as pb;
use contracts::inventory::reservation_event::Event;
use vocab::TenantId;

use crate::domain::fact::{Moved, ReservationChange, ReservationFact};
use crate::domain::reservation::{Reservation, Term};
use crate::rpc::convert::{hold, time};

const ENVELOPE: &str = "retail.inventory.v1.ReservationEvent";

/// What a fact about a hold is told as.
pub fn hold_message(tenant: TenantId, fact: &ReservationFact) -> Message {
    let (event_type, token, event) = told(tenant, fact);
    let event = pb::ReservationEvent {
        metadata: None,
        event: Some(event),
    };
    Message::new(event_type, ENVELOPE, token, &event)
}

type Typed = (&'static str, &'static str, Event);

fn told(tenant: TenantId, fact: &ReservationFact) -> Typed {
    let after = &fact.after;
    let whole = || Some(hold::hold(tenant, after, None));
    match &fact.what {
        ReservationChange::Reserved => (
            "retail.inventory.v1.InventoryReserved",
            "inventory_reserved",
            Event::InventoryReserved(pb::InventoryReserved {
                reservation: whole(),
            }),
        ),
        ReservationChange::Rejected(why) => (
            "retail.inventory.v1.InventoryReservationRejected",
            "inventory_reservation_rejected",
            Event::InventoryReservationRejected(pb::InventoryReservationRejected {
                reference: Some(hold::reference(&after.reference)),
                shortages: why.shortages().iter().map(hold::shortage).collect(),
                ordinal: ordinal(after),
                reason: why.reason().to_owned(),
            }),
        ),
        ReservationChange::Committed(moved, key) => (
            "retail.inventory.v1.InventoryCommitted",
            "inventory_committed",
            Event::InventoryCommitted(pb::InventoryCommitted {
                reservation: whole(),
                changes: moved.iter().map(change).collect(),
                fulfillment_id: named(key),
            }),
        ),
        ReservationChange::Released(moved, reason, key) => (
            "retail.inventory.v1.InventoryReleased",
            "inventory_released",
            Event::InventoryReleased(pb::InventoryReleased {
                reservation: whole(),
                reason: reason.clone(),
                changes: moved.iter().map(change).collect(),
                release_key: named(key),
            }),
        ),
        ReservationChange::Extended(..)
        | ReservationChange::Adopted(..)
        | ReservationChange::Revoked(_) => ended(fact),
    }
}

fn ended(fact: &ReservationFact) -> Typed {
    let after = &fact.after;
    let reservation_id = after.id.to_string();
    let reference = Some(hold::reference(&after.reference));
    match &fact.what {
        ReservationChange::Extended(end, epoch) => (
            "retail.inventory.v1.InventoryReservationExtended",
            "inventory_reservation_extended",
            Event::InventoryReservationExtended(pb::InventoryReservationExtended {
                reservation_id,
                reference,
                epoch: *epoch,
                expire_time: time(*end),
            }),
        ),
        ReservationChange::Adopted(adopter, order) => (
            "retail.inventory.v1.InventoryReservationAdopted",
            "inventory_reservation_adopted",
            Event::InventoryReservationAdopted(pb::InventoryReservationAdopted {
                reservation_id,
                reference,
                adopter_reservation_id: adopter.to_string(),
                order_id: order.clone(),
                epoch: after.epoch(),
            }),
        ),
        _ => (
            "retail.inventory.v1.InventoryReservationRevoked",
            "inventory_reservation_revoked",
            Event::InventoryReservationRevoked(pb::InventoryReservationRevoked {
                reservation_id,
                order_id: match &after.term {
                    Term::Firm { .. } => after.reference.id.clone(),
                    Term::Timed { .. } => String::new(),
                },
                reason: after.release_reason.clone(),
            }),
        ),
    }
}

fn ordinal(it: &Reservation) -> i32 {
    match &it.term {
        Term::Firm { ordinal, .. } => *ordinal,
        Term::Timed { .. } => 0,
    }
}

/// The name that an order gave a step, without what sort of step it was.
fn named(key: &str) -> String {
    let named = key.split_once(':').map(|it| it.1);
    named.unwrap_or_default().to_owned()
}

/// Entries of one commit are taken together, so that only readers of the ledger know which one.
fn change(it: &Moved) -> pb::HoldChange {
    pb::HoldChange {
        line_number: it.line,
        product_id: it.place.product.to_string(),
        location_id: it.place.location.to_string(),
        lot_number: String::new(),
        quantity: it.quantity,
        transaction_id: String::new(),
    }
}
