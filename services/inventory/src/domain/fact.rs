//! What has happened, in the past tense and complete enough to publish.
//!
//! Each fact about a position is an entry of its ledger: by how much every number changed, why,
//! and what they came to. The numbers are the sum of the changes; what they came to is compared.

use vocab::{Date, DiscrepancyId, Moment, Money, ReservationId, ShortfallId, TransferId};

use super::levels::{Bucket, Levels};
use super::position::Policy;
use super::refusal::NotHeld;
use super::reservation::{Reference, Reservation};
use super::{Key, Place};

pub use super::allocation::AllocationFact;
pub use super::transfer::{TransferChange, TransferFact};

/// One fact about one aggregate.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// About a position.
    Position(Box<PositionFact>),
    /// About a hold.
    Reservation(Box<ReservationFact>),
    /// About a transfer.
    Transfer(Box<TransferFact>),
    /// About the rules of allocation.
    Allocation(Box<AllocationFact>),
}

/// An entry of a position's ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionFact {
    /// The position.
    pub place: Place,
    /// What happened.
    pub what: PositionChange,
    /// By how much each number changed.
    pub deltas: Levels,
    /// What they came to.
    pub after: Levels,
    /// The rules that were in force then.
    pub policy: Policy,
    /// The shortfall that it touched.
    pub shortfall: Option<ShortfallMark>,
    /// The discrepancy that it opened, of as many units as that number rose.
    pub discrepancy: Option<DiscrepancyId>,
    /// Whether the position became low with it.
    pub crossed: bool,
}

/// How a fact touched a shortfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortfallMark {
    /// Which one.
    pub id: ShortfallId,
    /// Whether it came into being with this fact.
    pub opened: bool,
    /// The most that was missing at any time so far.
    pub peak: i64,
}

/// What can happen to a position.
#[derive(Clone, Debug, PartialEq)]
pub enum PositionChange {
    /// Goods came in from outside.
    Added(Box<Receipt>),
    /// Units were promised.
    Reserved(Vec<Held>),
    /// Promises ended without the goods leaving, all for one reason.
    Released(Vec<Held>, String),
    /// Promised units left; the single items, where they were named.
    Committed(Vec<Held>, Vec<String>),
    /// The number was set right by hand.
    Adjusted(Box<Adjustment>),
    /// Units changed their condition.
    Moved(Box<Move>),
    /// Goods were sold without a hold.
    Sold(Box<Told>),
    /// Sold goods came back, in a condition.
    Returned(Box<Told>, Bucket),
    /// Goods left for another location.
    TransferredOut(Box<Leg>),
    /// Goods arrived from another location, or turned round on the way there.
    TransferredIn(Box<Leg>),
    /// What is on order or in transit changed.
    InboundChanged(Reference, Option<Moment>),
    /// The rules changed; they stand in the fact.
    PolicyChanged,
}

/// The part that one hold has in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose.
    pub reservation: ReservationId,
    /// Units.
    pub quantity: i64,
    /// How many of them were, or had been, promised beyond the good units.
    pub backordered: i64,
}

/// What is known of the units themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goods {
    /// Their lot; empty where lots are not kept.
    pub lot: String,
    /// The lot's last day.
    pub expires: Option<Date>,
    /// What one of them cost.
    pub unit_cost: Option<Money>,
    /// The single items.
    pub serials: Vec<String>,
}

/// Goods that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Units.
    pub quantity: i64,
    /// The document that brought them.
    pub reference: Reference,
    /// The condition they came in.
    pub bucket: Bucket,
    /// What is known of them.
    pub goods: Goods,
    /// Whether the tenant's stock began with them.
    pub opening: bool,
    /// What the caller's system attached, as bytes of a `google.protobuf.Struct`.
    pub metadata: Vec<u8>,
}

/// A number set right by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// What was asked for.
    pub delta: i64,
    /// Why, as the contract numbers it.
    pub reason: i32,
    /// The condition that the units were in.
    pub bucket: Bucket,
    /// What is known of them.
    pub goods: Goods,
    /// What was noted.
    pub note: String,
    /// The document behind it.
    pub reference: Option<Reference>,
    /// What the caller's system attached.
    pub metadata: Vec<u8>,
}

/// Units that changed their condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Units.
    pub quantity: i64,
    /// The condition they were in.
    pub from: Bucket,
    /// The condition they are in.
    pub to: Bucket,
    /// How many the records did not have in it, and were found.
    pub found: i64,
    /// Why, as one word.
    pub reason: String,
    /// What is known of them.
    pub goods: Goods,
    /// What was noted.
    pub note: String,
    /// The document behind it.
    pub reference: Option<Reference>,
    /// Names the fact within the document.
    pub fact_key: String,
}

/// What a till or another system told of units that left or came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Units.
    pub quantity: i64,
    /// The document.
    pub reference: Reference,
    /// Names the fact within the document.
    pub fact_key: String,
    /// What is known of them.
    pub goods: Goods,
    /// What the caller's system attached.
    pub metadata: Vec<u8>,
}

/// One end of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The transfer.
    pub transfer: TransferId,
    /// The other end; the position's own location where goods turned round on the way.
    pub other: vocab::LocationId,
    /// Units, damaged ones included.
    pub quantity: i64,
    /// How many arrived damaged.
    pub damaged: i64,
    /// How many the transfer's hold had promised.
    pub held: Option<Held>,
    /// What is known of them.
    pub goods: Goods,
}

/// What happened to a hold, and when it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct ReservationFact {
    /// When.
    pub at: Moment,
    /// What.
    pub what: ReservationChange,
    /// The hold as it is after it.
    pub after: Reservation,
}

/// What can happen to a hold.
#[derive(Clone, Debug, PartialEq)]
pub enum ReservationChange {
    /// Units are promised.
    Reserved,
    /// An order's demand could not be promised.
    Rejected(NotHeld),
    /// Promised units left, under a key where an order named one.
    Committed(Vec<Moved>, String),
    /// Units are no longer promised: the reason, and the key where an order named one.
    Released(Vec<Moved>, String, String),
    /// It has a new end and a new fence.
    Extended(Moment, i64),
    /// The firm hold of an order took it over: which one, and the order.
    Adopted(ReservationId, String),
    /// It was released before it was there.
    Revoked(String),
}

/// What happened to a hold's units on one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The line of the request.
    pub line: i32,
    /// Where.
    pub place: Place,
    /// Units.
    pub quantity: i64,
}

impl Fact {
    /// The one aggregate that it changes.
    pub fn subject(&self) -> Key {
        match self {
            Self::Position(fact) => Key::Position(fact.place),
            Self::Reservation(fact) => Key::Reservation(fact.after.id),
            Self::Transfer(fact) => Key::Transfer(fact.after.id),
            Self::Allocation(_) => Key::AllocationPolicy,
        }
    }
}

impl PositionFact {
    /// The holds that have a part in it.
    pub fn holds(&self) -> &[Held] {
        match &self.what {
            PositionChange::Reserved(holds)
            | PositionChange::Released(holds, _)
            | PositionChange::Committed(holds, _) => holds,
            PositionChange::TransferredOut(leg) => leg.held.as_slice(),
            _ => &[],
        }
    }
}
