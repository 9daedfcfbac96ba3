//! What others tell of goods: facts by their documents, and the stock with which a tenant begins.

use vocab::{ImportId, Moment};

use crate::domain::fact::{Receipt, Told};
use crate::domain::import::RowFault;
use crate::domain::levels::{Bucket, Levels};
use crate::domain::{Key, Mark, Place};

/// Facts that were told, all of one document and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFacts {
    /// The facts.
    pub facts: Vec<ToldFact>,
    /// When, if it was not now.
    pub effective_at: Option<Moment>,
    /// Whether a time that lies ahead is taken for now instead of refused.
    pub lenient: bool,
}

/// One thing that happened to goods, as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldFact {
    /// Under what it is remembered: a digest of document and fact key.
    pub key: Mark,
    /// A digest of what was told, to know another content by.
    pub content: Mark,
    /// Where.
    pub place: Place,
    /// What happened.
    pub kind: ToldKind,
    /// How many, and by which document.
    pub told: Told,
}

/// What happened to goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldKind {
    /// Sold and taken away.
    Sale,
    /// Came back, in a condition.
    Return(Bucket),
    /// Put back on the shelf after inspection.
    Restock,
    /// Thrown away after inspection.
    Scrap,
}

/// Rows of an import, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRows {
    /// The import.
    pub id: ImportId,
    /// The request that names it.
    pub request: Mark,
    /// Who imports: kind and id of the actor.
    pub actor: (i32, String),
    /// The last row that was seen to be handled; nothing before the first.
    pub seen: Option<i64>,
    /// The rows, each above the one before.
    pub rows: Vec<ImportRow>,
    /// Whether no more will come.
    pub end: bool,
}

/// One row of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Its number.
    pub sequence: i64,
    /// What it says, or why that cannot be.
    pub row: Result<Box<OpeningRow>, RowFault>,
}

/// What a position begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningRow {
    /// The position.
    pub place: Place,
    /// The units, by their condition.
    pub levels: Levels,
    /// What is known of them.
    pub receipt: Receipt,
    /// The time that the number is true for, if it is not now.
    pub effective_at: Option<Moment>,
}

impl RecordFacts {
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let places = self.facts.iter().map(|it| Key::Position(it.place));
        places.chain(self.facts.iter().map(|it| Key::Told(it.key)))
    }
}

impl ImportRows {
    /// The import stands first, so that its rows meet in one writer.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let rows = self.rows.iter().filter_map(|it| it.row.as_ref().ok());
        let rows = rows.flat_map(|it| [Key::Position(it.place), Key::Opening(it.place)]);
        std::iter::once(Key::Import(self.id)).chain(rows)
    }
}
