//! What a decision leaves behind, and what its caller hears.

use vocab::Moment;

use super::allocation::AllocationPolicy;
use super::import::Import;
use super::key::{Key, State};
use super::position::Position;
use super::refusal::NotHeld;
use super::reservation::Reservation;
use super::transfer::Transfer;
use super::{Fact, Place};

/// Facts in their order, plain states to save with them, and the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What happened.
    pub facts: Vec<Noted>,
    /// Plain states that changed or came into being.
    pub plain: Vec<(Key, State)>,
    /// What the caller hears.
    pub answer: Answer,
}

/// A fact and when it took effect, where that is not when it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// The fact.
    pub fact: Fact,
    /// When it happened in the world.
    pub effective_at: Option<Moment>,
}

/// What a caller hears of an accepted command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The hold as it is now.
    Reservation(Box<Reservation>),
    /// The hold of an order was refused, which is remembered.
    NotHeld(NotHeld),
    /// Entries of the ledger, in their order.
    Entries(Vec<Entry>),
    /// The position after one entry, the last of it.
    Position(Box<Position>, Entry),
    /// The transfer as it is now.
    Transfer(Box<Transfer>),
    /// How the tenant's stock is held now.
    Allocation(Box<AllocationPolicy>),
    /// How far the import has come.
    Import(Box<Import>),
    /// Nothing is left to tell.
    Done,
}

/// Names an entry of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The position.
    pub place: Place,
    /// Its version with this entry.
    pub version: i64,
}
