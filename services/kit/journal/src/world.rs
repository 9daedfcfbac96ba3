//! What one command may look at while it is decided: the states it named, folded so far.

use std::cell::Cell;

use crate::ledger::Ledger;
use crate::slot::Slot;

/// The states that a command named, as the commands before it in the batch left them.
///
/// Looking at a key that was not named is a defect: the command is answered as one, because that
/// key is not locked.
pub struct World<'a, L: Ledger> {
    seen: Seen<'a, L>,
    strayed: Cell<bool>,
}

/// Returns the state of a key and its version, as another world shows them.
pub type Look<'a, L> = dyn Fn(&<L as Ledger>::Key) -> (Option<&'a <L as Ledger>::State>, i64) + 'a;

/// Where a world looks.
enum Seen<'a, L: Ledger> {
    Batch {
        /// Sorted.
        named: &'a [L::Key],
        /// Where the state of each named key is.
        places: &'a [usize],
        slots: &'a [Slot<L>],
    },
    Through(&'a Look<'a, L>),
}

impl<'a, L: Ledger> World<'a, L> {
    pub(crate) fn new(named: &'a [L::Key], places: &'a [usize], slots: &'a [Slot<L>]) -> Self {
        Self {
            seen: Seen::Batch {
                named,
                places,
                slots,
            },
            strayed: Cell::new(false),
        }
    }

    /// The part of another world that a ledger within a ledger may look at. That world notices
    /// when a key is looked at that was not named.
    pub fn through(look: &'a Look<'a, L>) -> Self {
        Self {
            seen: Seen::Through(look),
            strayed: Cell::new(false),
        }
    }

    /// Returns the state of a named key, if there is one.
    pub fn state(&self, key: &L::Key) -> Option<&L::State> {
        match &self.seen {
            Seen::Batch { .. } => self.slot(key)?.state.as_ref(),
            Seen::Through(look) => look(key).0,
        }
    }

    /// Returns the version of an aggregate: how many facts it has, 0 if it is absent or plain.
    pub fn version(&self, key: &L::Key) -> i64 {
        match &self.seen {
            Seen::Batch { .. } => self.slot(key).map_or(0, |slot| slot.version),
            Seen::Through(look) => look(key).1,
        }
    }

    fn slot(&self, key: &L::Key) -> Option<&Slot<L>> {
        let Seen::Batch {
            named,
            places,
            slots,
        } = &self.seen
        else {
            return None;
        };
        let Ok(at) = named.binary_search(key) else {
            self.strayed.set(true);
            return None;
        };
        slots.get(*places.get(at)?)
    }

    /// Says whether a key was looked at that was not named.
    pub(crate) fn strayed(&self) -> bool {
        self.strayed.get()
    }
}
