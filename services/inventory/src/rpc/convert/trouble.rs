//! Shortfalls and discrepancies, as the contract shows them.

use contracts::inventory as pb;
use uuid::Uuid;
use vocab::{StockTransactionId, TenantId};

use super::hold::reference;
use super::time;
use crate::app::ShortfallFound;
use crate::db::DiscrepancyRow;
use crate::domain::etag_of;

/// Writes a shortfall with the holds that it touches.
pub fn shortfall(tenant: TenantId, found: &ShortfallFound) -> pb::Shortfall {
    let it = &found.row;
    let holds = found.holds.iter().map(|it| pb::TouchedHold {
        reservation_id: it.id.to_string(),
        reference: Some(reference(&it.reference)),
        kind: match it.firm {
            true => pb::ReservationKind::Firm.into(),
            false => pb::ReservationKind::Timed.into(),
        },
        quantity: it.quantity,
    });
    let state = match it.closing {
        None => pb::ShortfallState::Open,
        Some(_) => pb::ShortfallState::Closed,
    };
    pb::Shortfall {
        shortfall_id: it.id.to_string(),
        tenant_id: tenant.to_string(),
        product_id: it.place.product.to_string(),
        location_id: it.place.location.to_string(),
        state: state.into(),
        open_quantity: it.open,
        peak_quantity: it.peak,
        opening_transaction_id: entry(it.opening),
        closing_transaction_id: it.closing.map(entry).unwrap_or_default(),
        holds: holds.collect(),
        etag: etag_of(it.id, it.version).to_string(),
        open_time: time(it.opened_at),
        close_time: it.closed_at.and_then(time),
    }
}

/// Writes a discrepancy.
pub fn discrepancy(tenant: TenantId, it: &DiscrepancyRow) -> pb::Discrepancy {
    pb::Discrepancy {
        discrepancy_id: it.id.to_string(),
        tenant_id: tenant.to_string(),
        product_id: it.place.product.to_string(),
        location_id: it.place.location.to_string(),
        state: pb::DiscrepancyState::Open.into(),
        quantity: it.quantity,
        transaction_id: entry(it.opening),
        open_time: time(it.opened_at),
        ..pb::Discrepancy::default()
    }
}

/// The entry shares its bits with the fact behind it.
fn entry(fact: Uuid) -> String {
    StockTransactionId::from_uuid(fact).to_string()
}
