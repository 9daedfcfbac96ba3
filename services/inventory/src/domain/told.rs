//! What is remembered of a fact that was told, so that it counts once however often it is told.

use super::{Entry, Mark};

/// A fact that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// A digest of what was told.
    pub content: Mark,
    /// Its entry of the ledger.
    pub entry: Entry,
}
