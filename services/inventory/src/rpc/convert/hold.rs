//! Holds, as the contract shows them.

use contracts::common;
use contracts::inventory as pb;
use vocab::{Moment, TenantId};

use super::time;
use crate::domain::etag_of;
use crate::domain::reservation::{
    Allocation, HoldState, Line, Reference, Reservation, Shortage, Term,
};

/// Writes a hold as it is at a time: one whose time is over is EXPIRED before anybody says so.
pub fn hold(tenant: TenantId, it: &Reservation, now: Option<Moment>) -> pb::Reservation {
    let over = now.is_some_and(|now| it.is_over(now));
    let (kind, end, epoch, ordinal) = match &it.term {
        Term::Timed { expires_at, epoch } => {
            let stone = it.state == HoldState::Revoked;
            let end = (!stone).then_some(*expires_at);
            (pb::ReservationKind::Timed, end, *epoch, 0)
        }
        Term::Firm { ordinal, .. } => (pb::ReservationKind::Firm, None, 0, *ordinal),
    };
    pb::Reservation {
        reservation_id: it.id.to_string(),
        tenant_id: tenant.to_string(),
        reference: Some(reference(&it.reference)),
        kind: kind.into(),
        state: match over {
            true => pb::ReservationState::Expired.into(),
            false => state(&it.state).into(),
        },
        lines: it.lines.iter().map(line).collect(),
        shortages: it.shortages.iter().map(shortage).collect(),
        expire_time: end.and_then(time),
        epoch,
        ordinal,
        adopted_reservation_id: it.adopted.map(|it| it.to_string()).unwrap_or_default(),
        adopter_reservation_id: it.adopter.map(|it| it.to_string()).unwrap_or_default(),
        release_reason: it.release_reason.clone(),
        version: it.version,
        etag: etag_of(it.id, it.version).to_string(),
        create_time: time(it.created_at),
        update_time: time(it.updated_at),
        ..pb::Reservation::default()
    }
}

fn state(it: &HoldState) -> pb::ReservationState {
    match it {
        HoldState::Active => pb::ReservationState::Active,
        HoldState::Committed => pb::ReservationState::Committed,
        HoldState::Released => pb::ReservationState::Released,
        HoldState::Expired => pb::ReservationState::Expired,
        HoldState::Adopted => pb::ReservationState::Adopted,
        HoldState::Refused(_) => pb::ReservationState::Refused,
        HoldState::Revoked => pb::ReservationState::Revoked,
    }
}

fn line(it: &Line) -> pb::ReservationLine {
    pb::ReservationLine {
        line_number: it.number,
        product_id: it.product.to_string(),
        quantity: it.quantity,
        committed_quantity: it.committed,
        released_quantity: it.released,
        allocations: it.allocations.iter().map(allocation).collect(),
    }
}

fn allocation(it: &Allocation) -> pb::Allocation {
    pb::Allocation {
        product_id: it.product.to_string(),
        location_id: it.location.to_string(),
        lot_number: String::new(),
        quantity: it.quantity,
        committed_quantity: it.committed,
        backordered_quantity: it.backordered,
    }
}

/// Writes a shortage.
pub fn shortage(it: &Shortage) -> pb::Shortage {
    pb::Shortage {
        product_id: it.product.to_string(),
        location_id: it.location.map(|it| it.to_string()).unwrap_or_default(),
        requested: it.requested,
        available: it.available,
    }
}

/// Writes a document.
pub fn reference(it: &Reference) -> common::Reference {
    common::Reference {
        kind: it.kind,
        reference_id: it.id.clone(),
    }
}

/// Reads a document, which the rules of the contract have judged.
pub fn reference_of(wire: &common::Reference) -> Reference {
    Reference {
        kind: wire.kind,
        id: wire.reference_id.clone(),
    }
}
