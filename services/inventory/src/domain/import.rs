//! An import of opening stock: how far it has come, and which rows failed.

use vocab::{ImportId, Moment};

use super::Mark;

/// The most failed rows that are kept; more are only counted.
pub const FAILURES_MAX: usize = 1_000;

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Which one.
    pub id: ImportId,
    /// The request that names it.
    pub request: Mark,
    /// Whether its caller ended it.
    pub ended: bool,
    /// The last row that was applied or has failed.
    pub last: i64,
    /// Rows applied.
    pub applied: i64,
    /// Rows that failed.
    pub failed: i64,
    /// The first of them.
    pub failures: Vec<RowFailure>,
    /// Who imports: kind and id of the actor.
    pub actor: (i32, String),
    /// When the first row came.
    pub created_at: Moment,
    /// When the last one was handled.
    pub updated_at: Moment,
}

/// A row that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFailure {
    /// The row.
    pub sequence: i64,
    /// Why.
    pub fault: RowFault,
}

/// Why a row changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The sort of mistake.
    pub reason: RowReason,
    /// The field that was wrong; empty when it was the row as a whole.
    pub field: String,
    /// The same for people.
    pub text: String,
}

/// What can be wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowReason {
    /// A field breaks its rule.
    Invalid,
    /// There is no such product, or it is a bundle.
    ProductUnknown,
    /// There is no such location.
    LocationUnknown,
    /// The position has entries that are not of this import.
    PositionNotEmpty,
}

/// Which import a position began with, and how many of its entries are of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The import.
    pub import: ImportId,
    /// How many.
    pub entries: i64,
}

impl RowFault {
    /// A mistake in the row as a whole.
    pub fn of(reason: RowReason, text: impl Into<String>) -> Self {
        Self {
            reason,
            field: String::new(),
            text: text.into(),
        }
    }

    /// The same in one field.
    pub fn at(self, field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            ..self
        }
    }
}

impl RowReason {
    /// Its number in the contract.
    pub fn number(self) -> i32 {
        match self {
            Self::Invalid => 1,
            Self::ProductUnknown => 2,
            Self::LocationUnknown => 3,
            Self::PositionNotEmpty => 4,
        }
    }

    /// Reads a number of the contract; others were never written.
    pub fn of_number(number: i32) -> Option<Self> {
        let all = [
            Self::Invalid,
            Self::ProductUnknown,
            Self::LocationUnknown,
            Self::PositionNotEmpty,
        ];
        all.into_iter().find(|it| it.number() == number)
    }
}
