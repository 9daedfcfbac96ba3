//! What is asked for, parsed: everything that is never right was refused before.

use std::time::Duration;

use vocab::{Moment, ReservationId};

use super::fact::{Adjustment, Move, Receipt};
use super::key::{Location, Product};
use super::refusal::NotHeld;
use super::reservation::Reference;
use super::{Key, Place};

mod rules;
mod told;
mod transfer;

pub use rules::{SetAllocation, SetPolicy};
pub use told::{ImportRow, ImportRows, OpeningRow, RecordFacts, ToldFact, ToldKind};
pub use transfer::{CreateTransfer, OnTransfer, Shipment, Step};

pub use super::transfer::Arrival;

/// One command. Each names the keys whose states matter to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Books goods that came in, line by line.
    Receive(Box<Receive>),
    /// Sets a number right.
    Adjust(Box<Adjust>),
    /// Moves units from one condition to another.
    Move(Box<MoveUnits>),
    /// Holds stock for a time.
    Reserve(Box<Reserve>),
    /// Gives a timed hold a new end.
    Extend(Extend),
    /// Takes units of a timed hold out of stock.
    Commit(Box<Take>),
    /// Gives units of a timed hold back.
    Release(Box<Release>),
    /// Ends a timed hold whose time is over.
    Expire(OnHold),
    /// Holds stock for an order.
    HoldFirm(Box<HoldFirm>),
    /// Takes units of an order's hold out of stock.
    CommitFirm(Box<CommitFirm>),
    /// Gives units of an order's hold back.
    ReleaseFirm(Box<ReleaseFirm>),
    /// Notes what catalog told of a product.
    LearnProduct(vocab::ProductId, Box<Product>),
    /// Notes what store told of a location.
    LearnLocation(vocab::LocationId, Box<Location>),
    /// Notes whether new promises are made at a location, and as of which version of it.
    OpenLocation(vocab::LocationId, bool, i64),
    /// Plans a transfer and holds its goods.
    CreateTransfer(Box<CreateTransfer>),
    /// Takes a transfer its next step.
    OnTransfer(Box<OnTransfer>),
    /// Gives a position other rules.
    SetPolicy(Box<SetPolicy>),
    /// Holds the tenant's stock in another way.
    SetAllocation(Box<SetAllocation>),
    /// Books what others tell has happened.
    RecordFacts(Box<RecordFacts>),
    /// Books the stock with which a tenant begins.
    ImportRows(Box<ImportRows>),
}

/// Goods that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Receive {
    /// What came in, and where.
    pub lines: Vec<(Place, Receipt)>,
    /// When, if it was not now.
    pub effective_at: Option<Moment>,
}

/// A number to be set right.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjust {
    /// Where.
    pub place: Place,
    /// By how much and why.
    pub adjustment: Adjustment,
    /// Whether it may be refused for the quantity: it mends a booking, and no fact is behind it.
    pub correction: bool,
    /// When, if it was not now.
    pub effective_at: Option<Moment>,
    /// The version it must meet.
    pub etag: Option<String>,
}

/// Units to be moved.
#[derive(Clone, Debug, PartialEq)]
pub struct MoveUnits {
    /// Where.
    pub place: Place,
    /// How many, from where to where.
    pub units: Move,
    /// When, if it was not now.
    pub effective_at: Option<Moment>,
    /// The version it must meet.
    pub etag: Option<String>,
}

/// A line to be held, and where it may be taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Its place in the request, from 1.
    pub number: i32,
    /// What.
    pub product: vocab::ProductId,
    /// Units.
    pub quantity: i64,
    /// The only location, if the line names one.
    pub given: Option<vocab::LocationId>,
    /// The positions that may serve it, the first choice first; all of them were seen to exist.
    pub places: Vec<Place>,
}

/// What to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The lines.
    pub lines: Vec<Demand>,
    /// Takes only units that are there.
    pub stock_only: bool,
    /// Holds what there is, where not all is there.
    pub partial: bool,
}

/// A hold for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// Derived from the request.
    pub id: ReservationId,
    /// What it is held for.
    pub reference: Reference,
    /// What to hold.
    pub wanted: Wanted,
    /// For how long.
    pub ttl: Duration,
}

/// A hold, and the positions that it was seen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnHold {
    /// The hold.
    pub id: ReservationId,
    /// Where it was seen to hold something.
    pub places: Vec<Place>,
}

/// A new end of a timed hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extend {
    /// The hold.
    pub id: ReservationId,
    /// Counted from now.
    pub ttl: Duration,
    /// The fence that the caller knows.
    pub epoch: i64,
    /// The version it must meet.
    pub etag: Option<String>,
}

/// Some of what a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The line.
    pub line: i32,
    /// Units.
    pub quantity: i64,
    /// Only what is held there.
    pub location: Option<vocab::LocationId>,
    /// The single items.
    pub serials: Vec<String>,
}

/// Units of a timed hold that leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// The hold.
    pub on: OnHold,
    /// The fence that the caller knows.
    pub epoch: i64,
    /// The parts; all of it, if there are none.
    pub parts: Vec<Part>,
    /// The version it must meet.
    pub etag: Option<String>,
}

/// Units of a timed hold that are given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The hold.
    pub on: OnHold,
    /// Whether a hold that never was is refused for ever.
    pub tombstone: Option<Reference>,
    /// The fence that it must have.
    pub epoch: Option<i64>,
    /// The parts; all of it, if there are none.
    pub parts: Vec<Part>,
    /// Why.
    pub reason: String,
    /// The version it must meet.
    pub etag: Option<String>,
}

/// An order's demand, and which attempt this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldFirm {
    /// Derived from the order.
    pub id: ReservationId,
    /// The order.
    pub reference: Reference,
    /// The attempt.
    pub ordinal: i32,
    /// What the order was asked for, as a digest.
    pub fingerprint: String,
    /// What to hold, or why that was refused before anything was locked.
    pub wanted: Result<Wanted, NotHeld>,
    /// The timed hold to take over, the fence that the order knows, and where it was seen.
    pub adopt: Option<(OnHold, i64)>,
}

/// Units of an order's hold that leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFirm {
    /// The hold.
    pub on: OnHold,
    /// The fulfilment.
    pub key: String,
    /// The parts; all of it, if there are none.
    pub parts: Vec<Part>,
    /// When, if it was not now.
    pub effective_at: Option<Moment>,
}

/// Units of an order's hold that are given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFirm {
    /// The hold.
    pub on: OnHold,
    /// The order.
    pub reference: Reference,
    /// Names the release.
    pub key: String,
    /// The parts; all of it, if there are none.
    pub parts: Vec<Part>,
    /// Why.
    pub reason: String,
}

impl Wanted {
    fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let places = self.lines.iter().flat_map(|it| &it.places);
        places.map(|it| Key::Position(*it))
    }
}

impl OnHold {
    fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let places = self.places.iter().map(|it| Key::Position(*it));
        places.chain([Key::Reservation(self.id)])
    }
}

impl Command {
    /// The keys of all states that matter. A position stands first where there is one, so that
    /// commands on it meet in one writer.
    pub fn keys(&self) -> Vec<Key> {
        match self {
            Self::Receive(it) => it.lines.iter().map(|it| Key::Position(it.0)).collect(),
            Self::Adjust(it) => vec![Key::Position(it.place)],
            Self::Move(it) => vec![Key::Position(it.place)],
            Self::Reserve(it) => it.wanted.keys().chain([Key::Reservation(it.id)]).collect(),
            Self::Extend(it) => vec![Key::Reservation(it.id)],
            Self::Commit(it) => it.on.keys().collect(),
            Self::Release(it) => it.on.keys().collect(),
            Self::Expire(it) => it.keys().collect(),
            Self::HoldFirm(it) => {
                let wanted = it.wanted.iter().flat_map(Wanted::keys);
                let adopted = it.adopt.iter().flat_map(|it| it.0.keys());
                let own = [Key::Reservation(it.id)];
                wanted.chain(adopted).chain(own).collect()
            }
            Self::CommitFirm(it) => it.on.keys().collect(),
            Self::ReleaseFirm(it) => it.on.keys().collect(),
            Self::LearnProduct(id, _) => vec![Key::Product(*id)],
            Self::LearnLocation(id, _) => vec![Key::Location(*id)],
            Self::OpenLocation(id, ..) => vec![Key::Location(*id)],
            Self::CreateTransfer(it) => it.keys().collect(),
            Self::OnTransfer(it) => it.keys().collect(),
            Self::SetPolicy(it) => vec![Key::Position(it.place)],
            Self::SetAllocation(_) => vec![Key::AllocationPolicy],
            Self::RecordFacts(it) => it.keys().collect(),
            Self::ImportRows(it) => it.keys().collect(),
        }
    }
}
