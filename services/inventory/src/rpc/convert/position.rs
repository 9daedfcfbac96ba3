//! Positions, their numbers and their rules, as the contract shows them.

use contracts::inventory as pb;
use vocab::{Date, Moment, TenantId};

use super::time;
use crate::domain::Place;
use crate::domain::etag_of;
use crate::domain::levels::{Bucket, Levels};
use crate::domain::position::{Policy, Position};

/// A position at a version, as a day sees it.
pub struct Shown<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub place: Place,
    /// Its numbers.
    pub levels: &'a Levels,
    /// Its rules.
    pub policy: &'a Policy,
    /// How many entries it has.
    pub version: i64,
    /// When the last one was recorded.
    pub at: Option<Moment>,
}

impl<'a> Shown<'a> {
    /// A position as it is.
    pub fn of(tenant: TenantId, it: &'a Position, version: i64, at: Option<Moment>) -> Self {
        Self {
            tenant,
            place: it.place,
            levels: &it.levels,
            policy: &it.policy,
            version,
            at,
        }
    }

    /// Writes it, with what follows from its numbers on a day.
    pub fn on(&self, day: Date) -> pb::StockPosition {
        let (levels, policy) = (self.levels, self.policy);
        pb::StockPosition {
            product_id: self.place.product.to_string(),
            location_id: self.place.location.to_string(),
            tenant_id: self.tenant.to_string(),
            on_hand: levels.on_hand,
            reserved: levels.reserved,
            damaged: levels.damaged,
            quarantined: levels.quarantined,
            on_order: levels.on_order,
            in_transit: levels.in_transit,
            available: levels.available(),
            promisable: policy.promisable(levels, day),
            backorder_cap: policy.cap(day),
            backordered: levels.backordered,
            open_shortfall: levels.open_shortfall,
            discrepancy: levels.discrepancy,
            low_stock: policy.is_low(levels),
            version: self.version,
            etag: etag_of(self.place, self.version).to_string(),
            update_time: self.at.and_then(time),
            ..pb::StockPosition::default()
        }
    }
}

/// Writes the stored numbers.
pub fn levels(it: &Levels) -> pb::StockLevels {
    pb::StockLevels {
        on_hand: it.on_hand,
        reserved: it.reserved,
        damaged: it.damaged,
        quarantined: it.quarantined,
        on_order: it.on_order,
        in_transit: it.in_transit,
        backordered: it.backordered,
        open_shortfall: it.open_shortfall,
        discrepancy: it.discrepancy,
    }
}

/// Writes by how much each number changed.
pub fn deltas(it: &Levels) -> pb::StockDeltas {
    pb::StockDeltas {
        on_hand: it.on_hand,
        reserved: it.reserved,
        damaged: it.damaged,
        quarantined: it.quarantined,
        on_order: it.on_order,
        in_transit: it.in_transit,
        backordered: it.backordered,
        open_shortfall: it.open_shortfall,
        discrepancy: it.discrepancy,
    }
}

/// Writes rules.
pub fn policy(place: Place, it: &Policy) -> pb::StockPolicy {
    pb::StockPolicy {
        product_id: place.product.to_string(),
        location_id: place.location.to_string(),
        low_stock_threshold: it.low_stock_threshold,
        safety_stock: it.safety_stock,
        backorder_cap: it.backorder_cap,
        preorder: it.preorder.map(|it| pb::PreorderTerms {
            available_from_date: Some(it.from.into()),
            limit: it.limit,
        }),
        etag: etag_of(format!("policy-{place}"), it.revision).to_string(),
        update_time: it.updated_at.and_then(time),
    }
}

/// Writes a condition.
pub fn bucket(it: Bucket) -> pb::StockBucket {
    match it {
        Bucket::Sellable => pb::StockBucket::Sellable,
        Bucket::Damaged => pb::StockBucket::Damaged,
        Bucket::Quarantined => pb::StockBucket::Quarantined,
    }
}

/// Reads a condition; unset ones are good.
pub fn bucket_of(wire: pb::StockBucket) -> Bucket {
    match wire {
        pb::StockBucket::Unspecified | pb::StockBucket::Sellable => Bucket::Sellable,
        pb::StockBucket::Damaged => Bucket::Damaged,
        pb::StockBucket::Quarantined => Bucket::Quarantined,
    }
}
