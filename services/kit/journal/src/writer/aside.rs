//! Commands on rows that somebody holds and does not let go, such as a replica that was stopped.
//!
//! They wait here so that the rest goes on, in their order, and so do later ones on those rows.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::item::Item;
use crate::ledger::Ledger;

/// How long until it is asked again whether the rows are free.
const PAUSE: Duration = Duration::from_millis(200);

/// What waits aside.
pub(super) struct Aside<L: Ledger> {
    waiting: VecDeque<Item<L>>,
    held: HashSet<(Uuid, L::Key)>,
    due: Option<Instant>,
}

impl<L: Ledger> Default for Aside<L> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            held: HashSet::new(),
            due: None,
        }
    }
}

impl<L: Ledger> Aside<L> {
    /// Puts a command aside, and all its rows with it.
    pub fn put(&mut self, item: Item<L>) {
        let rows = item.keys.iter().map(|key| (item.owner(key), key.clone()));
        self.held.extend(rows);
        self.waiting.push_back(item);
        self.due.get_or_insert_with(|| Instant::now() + PAUSE);
    }

    /// Says whether a command has to wait behind one that waits here.
    pub fn holds_up(&self, item: &Item<L>) -> bool {
        let held = |key: &L::Key| self.held.contains(&(item.owner(key), key.clone()));
        !self.held.is_empty() && item.keys.iter().any(held)
    }

    /// Takes everything out, to be tried.
    pub fn take(&mut self) -> Vec<Item<L>> {
        self.held.clear();
        self.due = None;
        self.waiting.drain(..).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns when to try again.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    pub fn is_due(&self) -> bool {
        self.due.is_some_and(|it| it <= Instant::now())
    }
}
