//! One state within one batch: as it was found, as it is so far, and what has to be written.

use uuid::Uuid;
use vocab::Moment;

use crate::ledger::Ledger;
use crate::row::Unreadable;

/// A key of a batch and its state. Slots stand in the order in which rows are locked.
pub(crate) struct Slot<L: Ledger> {
    /// The tenant that the row is stored under.
    pub tenant: Uuid,
    pub key: L::Key,
    pub state: Option<L::State>,
    /// How many facts the aggregate has by now.
    pub version: i64,
    /// How many it had when it was found.
    pub version_found: i64,
    /// When its last fact was recorded.
    pub recorded_at: Moment,
    /// Whether its row exists.
    pub found: bool,
    /// Whether the batch changes it.
    pub changed: bool,
    /// The last fact about it in this batch.
    pub last_fact: Option<usize>,
    /// The last command that changed it.
    pub changed_by: usize,
    /// Why its row cannot be read.
    pub unreadable: Option<Unreadable>,
}

impl<L: Ledger> Slot<L> {
    /// A key whose row was not read yet.
    pub fn new(tenant: Uuid, key: L::Key) -> Self {
        Self {
            tenant,
            key,
            state: None,
            version: 0,
            version_found: 0,
            recorded_at: Moment::FIRST,
            found: false,
            changed: false,
            last_fact: None,
            changed_by: 0,
            unreadable: None,
        }
    }
}
