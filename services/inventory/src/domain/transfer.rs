//! A transfer: goods on their way between two locations.

use vocab::{LocationId, Moment, ProductId, ReservationId, TransferId};

use super::Place;

/// A transfer, planned, on its way or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Which one.
    pub id: TransferId,
    /// Where the goods leave.
    pub source: LocationId,
    /// Where they go.
    pub destination: LocationId,
    /// What is sent.
    pub lines: Vec<TransferLine>,
    /// Where it is in its life.
    pub state: TransferState,
    /// The hold on its goods.
    pub hold: ReservationId,
    /// Why it is done, for people.
    pub note: String,
    /// When the goods are expected.
    pub expected_at: Option<Moment>,
    /// When they left.
    pub shipped_at: Option<Moment>,
    /// When it was over.
    pub ended_at: Option<Moment>,
    /// Counts its facts.
    pub version: i64,
    /// When it was first recorded.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

/// Where a transfer is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransferState {
    /// The goods are held.
    Open,
    /// They have left; parts may have arrived.
    InTransit,
    /// Every unit has arrived or is written off.
    Completed,
    /// Called off.
    Cancelled,
}

/// One product of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferLine {
    /// Its place in the transfer, from 1.
    pub number: i32,
    /// What is sent.
    pub product: ProductId,
    /// Units planned.
    pub quantity: i64,
    /// Units that left.
    pub shipped: i64,
    /// Units that arrived, damaged ones included.
    pub received: i64,
    /// How many of those were damaged.
    pub damaged: i64,
}

impl TransferState {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Open,
        Self::InTransit,
        Self::Completed,
        Self::Cancelled,
    ];

    /// Its name in the contract, without prefix.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::InTransit => "IN_TRANSIT",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl TransferLine {
    /// Units on their way.
    pub fn awaited(&self) -> i64 {
        (self.shipped - self.received).max(0)
    }

    /// What was lost on the way, below 0, or too much.
    pub fn variance(&self) -> i64 {
        self.received - self.shipped
    }
}

impl Transfer {
    /// Units of a product on their way.
    pub fn awaited(&self, product: ProductId) -> i64 {
        match self.state {
            TransferState::InTransit => {
                let lines = self.lines.iter().filter(|it| it.product == product);
                lines.map(TransferLine::awaited).sum()
            }
            _ => 0,
        }
    }

    /// Whether it is over with more or less than was shipped.
    pub fn varies(&self) -> bool {
        let over = self.state == TransferState::Completed;
        over && self.lines.iter().any(|it| it.variance() != 0)
    }

    /// Where a line's goods leave.
    pub fn from(&self, line: &TransferLine) -> Place {
        Place::new(line.product, self.source)
    }

    /// Where a line's goods go.
    pub fn to(&self, line: &TransferLine) -> Place {
        Place::new(line.product, self.destination)
    }
}

/// What happened to a transfer.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferFact {
    /// What.
    pub what: TransferChange,
    /// The transfer as it is after it.
    pub after: Transfer,
}

/// What can happen to a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferChange {
    /// It was planned, and its goods are held.
    Created,
    /// The goods left.
    Shipped,
    /// Some goods arrived.
    Received(Vec<Arrival>),
    /// It is over.
    Completed,
    /// It was called off, and why.
    Cancelled(String),
}

/// Units of one line that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The line.
    pub line: i32,
    /// Units, damaged ones included.
    pub quantity: i64,
    /// How many of them are damaged.
    pub damaged: i64,
    /// The single items.
    pub serials: Vec<String>,
}
