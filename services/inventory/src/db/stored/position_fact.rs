//! Entries of the ledger. One form serves all kinds; the kind beside it says which parts are read.

use journal::Unreadable;

use super::parts::{
    StoredGoods, StoredHeld, StoredLevels, StoredMark, StoredPolicy, StoredReference,
    bucket_number, bucket_of,
};
use super::{bytes, id, moment, needed, optional_bytes, optional_id, place, place_bytes};
use crate::domain::fact::{
    Adjustment, Fact, Leg, Move, PositionChange, PositionFact, Receipt, Told,
};

/// An entry of the ledger.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredPositionFact {
    #[prost(bytes = "vec", tag = "1")]
    place: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    deltas: Option<StoredLevels>,
    #[prost(message, optional, tag = "3")]
    after: Option<StoredLevels>,
    #[prost(message, optional, tag = "4")]
    policy: Option<StoredPolicy>,
    #[prost(message, optional, tag = "5")]
    shortfall: Option<StoredMark>,
    #[prost(bytes = "vec", tag = "6")]
    discrepancy: Vec<u8>,
    #[prost(bool, tag = "7")]
    crossed: bool,
    #[prost(message, repeated, tag = "8")]
    holds: Vec<StoredHeld>,
    #[prost(int64, tag = "9")]
    quantity: i64,
    #[prost(message, optional, tag = "10")]
    reference: Option<StoredReference>,
    #[prost(int32, tag = "11")]
    bucket: i32,
    #[prost(int32, tag = "12")]
    to_bucket: i32,
    #[prost(message, optional, tag = "13")]
    goods: Option<StoredGoods>,
    #[prost(string, tag = "14")]
    reason: String,
    #[prost(string, tag = "15")]
    note: String,
    #[prost(string, tag = "16")]
    fact_key: String,
    #[prost(bytes = "vec", tag = "17")]
    metadata: Vec<u8>,
    #[prost(bool, tag = "18")]
    opening: bool,
    #[prost(int32, tag = "19")]
    reason_number: i32,
    #[prost(int64, tag = "20")]
    found: i64,
    #[prost(bytes = "vec", tag = "21")]
    transfer: Vec<u8>,
    #[prost(bytes = "vec", tag = "22")]
    other: Vec<u8>,
    #[prost(int64, tag = "23")]
    damaged: i64,
    #[prost(int64, optional, tag = "24")]
    expected_at: Option<i64>,
    #[prost(string, repeated, tag = "25")]
    serials: Vec<String>,
}

impl StoredPositionFact {
    /// The kind of a fact, and the fact.
    pub fn of(fact: &PositionFact) -> (&'static str, Self) {
        let mut stored = Self {
            place: place_bytes(fact.place),
            deltas: Some(fact.deltas.into()),
            after: Some(fact.after.into()),
            policy: StoredPolicy::of(&fact.policy),
            shortfall: fact.shortfall.map(Into::into),
            discrepancy: optional_bytes(fact.discrepancy),
            crossed: fact.crossed,
            ..Self::default()
        };
        (stored.write(&fact.what), stored)
    }

    fn write(&mut self, what: &PositionChange) -> &'static str {
        match what {
            PositionChange::Added(it) => self.receipt(it),
            PositionChange::Reserved(holds) => {
                self.holds = holds.iter().map(Into::into).collect();
                "stock_reserved"
            }
            PositionChange::Released(holds, reason) => {
                self.holds = holds.iter().map(Into::into).collect();
                self.reason.clone_from(reason);
                "stock_released"
            }
            PositionChange::Committed(holds, serials) => {
                self.holds = holds.iter().map(Into::into).collect();
                self.serials.clone_from(serials);
                "stock_committed"
            }
            PositionChange::Adjusted(it) => self.adjustment(it),
            PositionChange::Moved(it) => self.moved(it),
            PositionChange::Sold(it) => {
                self.told(it);
                "stock_sold"
            }
            PositionChange::Returned(it, bucket) => {
                self.told(it);
                self.bucket = bucket_number(*bucket);
                "stock_returned"
            }
            PositionChange::TransferredOut(it) => {
                self.leg(it);
                "stock_transferred_out"
            }
            PositionChange::TransferredIn(it) => {
                self.leg(it);
                "stock_transferred_in"
            }
            PositionChange::InboundChanged(reference, expected) => {
                self.reference = Some(reference.into());
                self.expected_at = expected.map(|it| it.micros());
                "stock_inbound_changed"
            }
            PositionChange::PolicyChanged => "stock_policy_changed",
        }
    }

    fn receipt(&mut self, it: &Receipt) -> &'static str {
        self.quantity = it.quantity;
        self.reference = Some((&it.reference).into());
        self.bucket = bucket_number(it.bucket);
        self.goods = StoredGoods::of(&it.goods);
        self.opening = it.opening;
        self.metadata.clone_from(&it.metadata);
        "stock_added"
    }

    fn adjustment(&mut self, it: &Adjustment) -> &'static str {
        self.quantity = it.delta;
        self.reason_number = it.reason;
        self.bucket = bucket_number(it.bucket);
        self.goods = StoredGoods::of(&it.goods);
        self.note.clone_from(&it.note);
        self.reference = it.reference.as_ref().map(Into::into);
        self.metadata.clone_from(&it.metadata);
        "stock_adjusted"
    }

    fn moved(&mut self, it: &Move) -> &'static str {
        self.quantity = it.quantity;
        self.bucket = bucket_number(it.from);
        self.to_bucket = bucket_number(it.to);
        self.found = it.found;
        self.reason.clone_from(&it.reason);
        self.goods = StoredGoods::of(&it.goods);
        self.note.clone_from(&it.note);
        self.reference = it.reference.as_ref().map(Into::into);
        self.fact_key.clone_from(&it.fact_key);
        "stock_moved"
    }

    fn told(&mut self, it: &Told) {
        self.quantity = it.quantity;
        self.reference = Some((&it.reference).into());
        self.fact_key.clone_from(&it.fact_key);
        self.goods = StoredGoods::of(&it.goods);
        self.metadata.clone_from(&it.metadata);
    }

    fn leg(&mut self, it: &Leg) {
        self.transfer = bytes(it.transfer);
        self.other = bytes(it.other);
        self.quantity = it.quantity;
        self.damaged = it.damaged;
        self.holds = it.held.iter().map(Into::into).collect();
        self.goods = StoredGoods::of(&it.goods);
    }

    /// Reads a fact of a kind.
    pub fn read(self, kind: &str) -> Result<Fact, Unreadable> {
        let mark = self.shortfall.as_ref().map(StoredMark::read);
        Ok(Fact::Position(Box::new(PositionFact {
            place: place(&self.place)?,
            deltas: self.deltas.unwrap_or_default().into(),
            after: self.after.unwrap_or_default().into(),
            policy: StoredPolicy::read(self.policy)?,
            shortfall: mark.transpose()?,
            discrepancy: optional_id(&self.discrepancy)?,
            crossed: self.crossed,
            what: self.what(kind)?,
        })))
    }

    fn what(self, kind: &str) -> Result<PositionChange, Unreadable> {
        let holds = self.holds.iter().map(StoredHeld::read);
        Ok(match kind {
            "stock_reserved" => PositionChange::Reserved(holds.collect::<Result<_, _>>()?),
            "stock_released" => {
                PositionChange::Released(holds.collect::<Result<_, _>>()?, self.reason)
            }
            "stock_committed" => {
                PositionChange::Committed(holds.collect::<Result<_, _>>()?, self.serials)
            }
            "stock_added" => PositionChange::Added(Box::new(self.read_receipt()?)),
            "stock_adjusted" => PositionChange::Adjusted(Box::new(self.read_adjustment()?)),
            "stock_moved" => PositionChange::Moved(Box::new(self.read_move()?)),
            "stock_sold" => PositionChange::Sold(Box::new(self.read_told()?)),
            "stock_returned" => {
                let bucket = bucket_of(self.bucket)?;
                PositionChange::Returned(Box::new(self.read_told()?), bucket)
            }
            "stock_transferred_out" => PositionChange::TransferredOut(Box::new(self.read_leg()?)),
            "stock_transferred_in" => PositionChange::TransferredIn(Box::new(self.read_leg()?)),
            "stock_inbound_changed" => {
                let reference = needed(self.reference, "the reference")?.into();
                let expected = self.expected_at.map(moment).transpose()?;
                PositionChange::InboundChanged(reference, expected)
            }
            "stock_policy_changed" => PositionChange::PolicyChanged,
            other => return Err(Unreadable(format!("the kind {other} is not known"))),
        })
    }

    fn read_receipt(self) -> Result<Receipt, Unreadable> {
        Ok(Receipt {
            quantity: self.quantity,
            reference: needed(self.reference, "the reference")?.into(),
            bucket: bucket_of(self.bucket)?,
            goods: StoredGoods::read(self.goods)?,
            opening: self.opening,
            metadata: self.metadata,
        })
    }

    fn read_adjustment(self) -> Result<Adjustment, Unreadable> {
        Ok(Adjustment {
            delta: self.quantity,
            reason: self.reason_number,
            bucket: bucket_of(self.bucket)?,
            goods: StoredGoods::read(self.goods)?,
            note: self.note,
            reference: self.reference.map(Into::into),
            metadata: self.metadata,
        })
    }

    fn read_move(self) -> Result<Move, Unreadable> {
        Ok(Move {
            quantity: self.quantity,
            from: bucket_of(self.bucket)?,
            to: bucket_of(self.to_bucket)?,
            found: self.found,
            reason: self.reason,
            goods: StoredGoods::read(self.goods)?,
            note: self.note,
            reference: self.reference.map(Into::into),
            fact_key: self.fact_key,
        })
    }

    fn read_told(self) -> Result<Told, Unreadable> {
        Ok(Told {
            quantity: self.quantity,
            reference: needed(self.reference, "the reference")?.into(),
            fact_key: self.fact_key,
            goods: StoredGoods::read(self.goods)?,
            metadata: self.metadata,
        })
    }

    fn read_leg(self) -> Result<Leg, Unreadable> {
        let held = self.holds.first().map(StoredHeld::read);
        Ok(Leg {
            transfer: id(&self.transfer)?,
            other: id(&self.other)?,
            quantity: self.quantity,
            damaged: self.damaged,
            held: held.transpose()?,
            goods: StoredGoods::read(self.goods)?,
        })
    }
}
