//! Everything that is kept, by the key under which it is locked.
//!
//! Holds and positions are aggregates with facts. The rest are plain states that are saved in the
//! same commit.

use vocab::{ImportId, LocationId, Moment, ProductId, ReservationId, TransferId};

use super::Place;
use super::allocation::AllocationPolicy;
use super::import::{Import, Opening};
use super::mark::Mark;
use super::position::Position;
use super::reservation::Reservation;
use super::told::Remembered;
use super::transfer::Transfer;

/// What is locked, in the order of the locks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A hold.
    Reservation(ReservationId),
    /// A position.
    Position(Place),
    /// What catalog has told of a product.
    Product(ProductId),
    /// What store has told of a location.
    Location(LocationId),
    /// A transfer.
    Transfer(TransferId),
    /// How the tenant's stock is held.
    AllocationPolicy,
    /// A fact that was told, by a digest of its document and key.
    Told(Mark),
    /// What a position began with.
    Opening(Place),
    /// An import of opening stock.
    Import(ImportId),
}

/// The state under a [`Key`] of the same kind.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// A hold, live or ended.
    Reservation(Box<Reservation>),
    /// A position.
    Position(Box<Position>),
    /// A product.
    Product(Box<Product>),
    /// A location.
    Location(Box<Location>),
    /// A transfer.
    Transfer(Box<Transfer>),
    /// How the tenant's stock is held.
    AllocationPolicy(Box<AllocationPolicy>),
    /// A fact that was told.
    Told(Remembered),
    /// What a position began with.
    Opening(Opening),
    /// An import.
    Import(Box<Import>),
}

/// What is known of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The number that the shop knows it by.
    pub sku: String,
    /// Its title.
    pub title: String,
    /// The number of its base unit in the contract.
    pub unit: i32,
    /// Whether it is a bundle, which has no stock of its own.
    pub bundle: bool,
    /// Which version of it was told.
    pub version: i64,
}

/// What is known of a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The code that people know it by.
    pub code: String,
    /// The name of its time zone.
    pub time_zone: String,
    /// Whether new promises are made there.
    pub open: bool,
    /// Smaller ones are taken from first.
    pub priority: i32,
    /// Which version of it was told.
    pub version: i64,
}

/// The states that a decision may look at: those of the keys that its command named.
pub trait View {
    /// The state under a key; nothing where there was never one.
    fn state(&self, key: &Key) -> Option<&State>;

    /// How many facts an aggregate has.
    fn version(&self, key: &Key) -> i64;
}

/// The hold under its key.
pub(super) fn reservation(view: &dyn View, id: ReservationId) -> Option<&Reservation> {
    match view.state(&Key::Reservation(id))? {
        State::Reservation(reservation) => Some(reservation),
        _ => None,
    }
}

/// The position under its key.
pub(super) fn position(view: &dyn View, place: Place) -> Option<&Position> {
    match view.state(&Key::Position(place))? {
        State::Position(position) => Some(position),
        _ => None,
    }
}

/// The transfer under its key.
pub(super) fn transfer(view: &dyn View, id: TransferId) -> Option<&Transfer> {
    match view.state(&Key::Transfer(id))? {
        State::Transfer(transfer) => Some(transfer),
        _ => None,
    }
}

/// How the tenant's stock is held, if that was ever set.
pub(super) fn allocation(view: &dyn View) -> Option<&AllocationPolicy> {
    match view.state(&Key::AllocationPolicy)? {
        State::AllocationPolicy(policy) => Some(policy),
        _ => None,
    }
}

/// What is remembered of a fact that was told.
pub(super) fn told(view: &dyn View, key: Mark) -> Option<Remembered> {
    match view.state(&Key::Told(key))? {
        State::Told(told) => Some(*told),
        _ => None,
    }
}

/// What a position began with.
pub(super) fn opening(view: &dyn View, place: Place) -> Option<Opening> {
    match view.state(&Key::Opening(place))? {
        State::Opening(opening) => Some(*opening),
        _ => None,
    }
}

/// The import under its key.
pub(super) fn import(view: &dyn View, id: ImportId) -> Option<&Import> {
    match view.state(&Key::Import(id))? {
        State::Import(import) => Some(import),
        _ => None,
    }
}

/// The moment until which something that has happened may lie ahead: clocks differ.
pub(super) fn latest(now: Moment) -> Moment {
    now.plus(std::time::Duration::from_secs(60)).unwrap_or(now)
}
