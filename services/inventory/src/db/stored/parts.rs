//! The parts that several stored forms share.

use journal::Unreadable;
use vocab::{Currency, Date, Money};

use super::{id, moment, optional_bytes, optional_id};
use crate::domain::fact::{Goods, Held, ShortfallMark};
use crate::domain::levels::{Bucket, Levels};
use crate::domain::position::{Policy, Preorder};
use crate::domain::reservation::Reference;

/// Numbers, or changes of them.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct StoredLevels {
    #[prost(sint64, tag = "1")]
    on_hand: i64,
    #[prost(sint64, tag = "2")]
    reserved: i64,
    #[prost(sint64, tag = "3")]
    damaged: i64,
    #[prost(sint64, tag = "4")]
    quarantined: i64,
    #[prost(sint64, tag = "5")]
    on_order: i64,
    #[prost(sint64, tag = "6")]
    in_transit: i64,
    #[prost(sint64, tag = "7")]
    backordered: i64,
    #[prost(sint64, tag = "8")]
    open_shortfall: i64,
    #[prost(sint64, tag = "9")]
    discrepancy: i64,
}

impl From<Levels> for StoredLevels {
    fn from(it: Levels) -> Self {
        Self {
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
}

impl From<StoredLevels> for Levels {
    fn from(it: StoredLevels) -> Self {
        Self {
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
}

/// The rules of a position.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct StoredPolicy {
    #[prost(int64, optional, tag = "1")]
    threshold: Option<i64>,
    #[prost(int64, tag = "2")]
    safety: i64,
    #[prost(int64, tag = "3")]
    cap: i64,
    #[prost(int32, optional, tag = "4")]
    preorder_from: Option<i32>,
    #[prost(int64, tag = "5")]
    preorder_limit: i64,
    #[prost(int64, tag = "6")]
    revision: i64,
    #[prost(int64, optional, tag = "7")]
    updated_at: Option<i64>,
}

impl StoredPolicy {
    /// The rules, unless they are all defaults.
    pub fn of(it: &Policy) -> Option<Self> {
        let set = Self {
            threshold: it.low_stock_threshold,
            safety: it.safety_stock,
            cap: it.backorder_cap,
            preorder_from: it.preorder.map(|it| it.from.day_number()),
            preorder_limit: it.preorder.map_or(0, |it| it.limit),
            revision: it.revision,
            updated_at: it.updated_at.map(|it| it.micros()),
        };
        (*it != Policy::default()).then_some(set)
    }

    /// Reads rules; none are all defaults.
    pub fn read(stored: Option<Self>) -> Result<Policy, Unreadable> {
        let Some(it) = stored else {
            return Ok(Policy::default());
        };
        let preorder = it.preorder_from.map(|from| {
            let from = Date::from_day_number(from).map_err(Unreadable::because)?;
            Ok(Preorder {
                from,
                limit: it.preorder_limit,
            })
        });
        Ok(Policy {
            low_stock_threshold: it.threshold,
            safety_stock: it.safety,
            backorder_cap: it.cap,
            preorder: preorder.transpose()?,
            revision: it.revision,
            updated_at: it.updated_at.map(moment).transpose()?,
        })
    }
}

/// The part that one hold has in an entry.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredHeld {
    #[prost(bytes = "vec", tag = "1")]
    reservation: Vec<u8>,
    #[prost(int64, tag = "2")]
    quantity: i64,
    #[prost(int64, tag = "3")]
    backordered: i64,
}

impl From<&Held> for StoredHeld {
    fn from(it: &Held) -> Self {
        Self {
            reservation: super::bytes(it.reservation),
            quantity: it.quantity,
            backordered: it.backordered,
        }
    }
}

impl StoredHeld {
    /// Reads it.
    pub fn read(&self) -> Result<Held, Unreadable> {
        Ok(Held {
            reservation: id(&self.reservation)?,
            quantity: self.quantity,
            backordered: self.backordered,
        })
    }
}

/// How an entry touched a shortfall.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredMark {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bool, tag = "2")]
    opened: bool,
    #[prost(int64, tag = "3")]
    peak: i64,
}

impl From<ShortfallMark> for StoredMark {
    fn from(it: ShortfallMark) -> Self {
        Self {
            id: super::bytes(it.id),
            opened: it.opened,
            peak: it.peak,
        }
    }
}

impl StoredMark {
    /// Reads it.
    pub fn read(&self) -> Result<ShortfallMark, Unreadable> {
        Ok(ShortfallMark {
            id: id(&self.id)?,
            opened: self.opened,
            peak: self.peak,
        })
    }
}

/// A document.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredReference {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    id: String,
}

impl From<&Reference> for StoredReference {
    fn from(it: &Reference) -> Self {
        Self {
            kind: it.kind,
            id: it.id.clone(),
        }
    }
}

impl From<StoredReference> for Reference {
    fn from(it: StoredReference) -> Self {
        Self {
            kind: it.kind,
            id: it.id,
        }
    }
}

/// What is known of units themselves.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredGoods {
    #[prost(string, tag = "1")]
    lot: String,
    #[prost(int32, optional, tag = "2")]
    expires: Option<i32>,
    #[prost(string, tag = "3")]
    currency: String,
    #[prost(int64, tag = "4")]
    cost_minor: i64,
    #[prost(string, repeated, tag = "5")]
    serials: Vec<String>,
}

impl StoredGoods {
    /// What is known, if anything is.
    pub fn of(it: &Goods) -> Option<Self> {
        let cost = it.unit_cost.as_ref();
        let stored = Self {
            lot: it.lot.clone(),
            expires: it.expires.map(Date::day_number),
            currency: cost.map_or_else(String::new, |it| it.currency().code().to_owned()),
            cost_minor: cost.map_or(0, |it| it.amount_minor()),
            serials: it.serials.clone(),
        };
        (*it != Goods::default()).then_some(stored)
    }

    /// Reads what is known.
    pub fn read(stored: Option<Self>) -> Result<Goods, Unreadable> {
        let it = stored.unwrap_or_default();
        let expires = it.expires.map(Date::from_day_number).transpose();
        let cost = match it.currency.as_str() {
            "" => None,
            code => {
                let currency: Currency = code.parse().map_err(Unreadable::because)?;
                Some(Money::new(it.cost_minor, currency))
            }
        };
        Ok(Goods {
            lot: it.lot,
            expires: expires.map_err(Unreadable::because)?,
            unit_cost: cost,
            serials: it.serials,
        })
    }
}

/// The number of a condition, as the contract has it.
pub fn bucket_number(bucket: Bucket) -> i32 {
    match bucket {
        Bucket::Sellable => 1,
        Bucket::Damaged => 2,
        Bucket::Quarantined => 3,
    }
}

/// Reads the number of a condition.
pub fn bucket_of(number: i32) -> Result<Bucket, Unreadable> {
    match number {
        1 => Ok(Bucket::Sellable),
        2 => Ok(Bucket::Damaged),
        3 => Ok(Bucket::Quarantined),
        other => Err(Unreadable(format!("the bucket {other} is not known"))),
    }
}

/// The name of a condition.
pub fn bucket_name(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Sellable => "SELLABLE",
        Bucket::Damaged => "DAMAGED",
        Bucket::Quarantined => "QUARANTINED",
    }
}

/// A shortage.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredShortage {
    #[prost(bytes = "vec", tag = "1")]
    product: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    location: Vec<u8>,
    #[prost(int64, tag = "3")]
    requested: i64,
    #[prost(int64, tag = "4")]
    available: i64,
}

impl From<&crate::domain::reservation::Shortage> for StoredShortage {
    fn from(it: &crate::domain::reservation::Shortage) -> Self {
        Self {
            product: super::bytes(it.product),
            location: optional_bytes(it.location),
            requested: it.requested,
            available: it.available,
        }
    }
}

impl StoredShortage {
    /// Reads it.
    pub fn read(&self) -> Result<crate::domain::reservation::Shortage, Unreadable> {
        Ok(crate::domain::reservation::Shortage {
            product: id(&self.product)?,
            location: optional_id(&self.location)?,
            requested: self.requested,
            available: self.available,
        })
    }
}
