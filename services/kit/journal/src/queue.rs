//! What waits for one writer: bounded, fair between tenants, and honest about how long it takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::edge::Ahead;
use chassis::fault::Fault;
use tokio::sync::Notify;
use tokio::time::Instant;
use vocab::TenantId;

use crate::item::Item;
use crate::ledger::Ledger;
use crate::pace::Pace;
use crate::settings::{BATCH_COMMANDS_MAX, BATCH_KEYS_MAX};

#[cfg(test)]
mod tests;

/// What a command needs of its caller's time besides its wait, to be answered.
const MARGIN: Duration = Duration::from_millis(5);

/// When who came to a full queue should come back at the earliest.
const COME_BACK: Duration = Duration::from_millis(100);

/// The commands that wait for one writer.
pub(crate) struct Queue<L: Ledger> {
    waiting: Mutex<Waiting<L>>,
    arrived: Notify,
    length_max: usize,
}

struct Waiting<L: Ledger> {
    by_tenant: HashMap<TenantId, VecDeque<Item<L>>>,
    /// Tenants with commands, in the order in which their turn comes.
    turns: VecDeque<TenantId>,
    length: usize,
    closed: bool,
    pace: Pace,
}

impl<L: Ledger> Queue<L> {
    pub fn new(length_max: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                by_tenant: HashMap::new(),
                turns: VecDeque::new(),
                length: 0,
                closed: false,
                pace: Pace::default(),
            }),
            arrived: Notify::new(),
            length_max,
        }
    }

    /// Takes a command in, unless it could not be done in time anyway.
    pub fn push(&self, item: Item<L>) -> Result<(), Fault> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Fault::unavailable("journal"));
        }
        let ahead = waiting.ahead(Some(item.submission.tenant));
        let patience = item.submission.deadline.left().saturating_sub(MARGIN);
        if waiting.length >= self.length_max || ahead.in_all > patience {
            return Err(Fault::overloaded(ahead.in_all.max(COME_BACK)));
        }
        waiting.push(item);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes what fits into one batch, one command of each tenant in turn.
    pub fn take(&self) -> Vec<Item<L>> {
        let mut waiting = self.lock();
        let mut batch = Vec::with_capacity(waiting.length.min(BATCH_COMMANDS_MAX));
        let mut keys = 0;
        while batch.len() < BATCH_COMMANDS_MAX {
            let room = BATCH_KEYS_MAX.saturating_sub(keys);
            let Some(item) = waiting.pop(room) else { break };
            keys += item.keys.len();
            batch.push(item);
        }
        let left = waiting.length;
        waiting.pace.took(batch.len(), left);
        batch
    }

    /// Waits until something has arrived. May wake for nothing.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Notes that a batch begins.
    pub fn begin(&self) {
        self.lock().pace.begin(Instant::now());
    }

    /// Notes that the batch is done.
    pub fn done(&self) {
        self.lock().pace.done(Instant::now());
    }

    /// Estimates how long a command of this tenant would take that came now, or one behind all that
    /// wait.
    pub fn ahead(&self, tenant: Option<TenantId>) -> Ahead {
        self.lock().ahead(tenant)
    }

    /// Returns how many commands wait.
    pub fn length(&self) -> usize {
        self.lock().length
    }

    /// Lets nothing in any more, if nothing waits. Says whether it did.
    pub fn close_if_empty(&self) -> bool {
        let mut waiting = self.lock();
        waiting.closed = waiting.closed || waiting.length == 0;
        waiting.closed
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<L>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Ledger> Waiting<L> {
    /// Tenants take turns, so a long line of one delays the others little: before the next of this
    /// one, each of the others has at most one more turn than it.
    fn ahead(&self, tenant: Option<TenantId>) -> Ahead {
        let Some(tenant) = tenant else {
            return self.pace.ahead(self.length, Instant::now());
        };
        let own = self.by_tenant.get(&tenant).map_or(0, VecDeque::len);
        let tenants = self.turns.len() + usize::from(own == 0);
        let before = (own + 1).saturating_mul(tenants).saturating_sub(1);
        self.pace.ahead(before.min(self.length), Instant::now())
    }

    fn push(&mut self, item: Item<L>) {
        let tenant = item.submission.tenant;
        let line = self.by_tenant.entry(tenant).or_default();
        if line.is_empty() {
            self.turns.push_back(tenant);
        }
        line.push_back(item);
        self.length += 1;
    }

    /// Takes the first command of the tenant whose turn it is, if its keys fit.
    fn pop(&mut self, room: usize) -> Option<Item<L>> {
        let tenant = *self.turns.front()?;
        let line = self.by_tenant.get_mut(&tenant)?;
        line.front().filter(|item| item.keys.len() <= room)?;
        let item = line.pop_front()?;
        self.turns.pop_front();
        if line.is_empty() {
            self.by_tenant.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        self.length -= 1;
        Some(item)
    }
}
