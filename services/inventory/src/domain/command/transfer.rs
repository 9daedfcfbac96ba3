//! What is asked of transfers.

use vocab::{LocationId, Moment, ReservationId, TransferId};

use super::Wanted;
use crate::domain::transfer::Arrival;
use crate::domain::{Key, Place};

/// A transfer to plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTransfer {
    /// Derived from the request.
    pub id: TransferId,
    /// Derived from the transfer.
    pub hold: ReservationId,
    /// Where the goods leave.
    pub source: LocationId,
    /// Where they go.
    pub destination: LocationId,
    /// What is sent, line by line.
    pub wanted: Wanted,
    /// Why it is done, for people.
    pub note: String,
    /// When the goods are expected.
    pub expected_at: Option<Moment>,
}

/// The next step of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTransfer {
    /// The transfer.
    pub id: TransferId,
    /// The hold on its goods.
    pub hold: ReservationId,
    /// The positions that the step may touch, as it was seen.
    pub places: Vec<Place>,
    /// What is to happen.
    pub step: Step,
    /// When it happened, if it was not now.
    pub effective_at: Option<Moment>,
    /// The version it must meet.
    pub etag: Option<String>,
}

/// What can be done to a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The goods leave: all that was planned, or what is named.
    Ship(Vec<Shipment>),
    /// Some arrive.
    Receive(Vec<Arrival>),
    /// It is over.
    Complete {
        /// Whether what has not arrived is lost.
        lost: bool,
    },
    /// It is called off, and why.
    Cancel(String),
}

/// Units of one line that leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// The line.
    pub line: i32,
    /// Units.
    pub quantity: i64,
    /// The single items.
    pub serials: Vec<String>,
}

impl CreateTransfer {
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let own = [Key::Reservation(self.hold), Key::Transfer(self.id)];
        self.wanted.keys().chain(own)
    }
}

impl OnTransfer {
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let places = self.places.iter().map(|it| Key::Position(*it));
        let own = [Key::Reservation(self.hold), Key::Transfer(self.id)];
        places.chain(own)
    }
}
