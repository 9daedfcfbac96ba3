//! What waits for one writer: bounded, fair between tenants, and honest about how long it takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::fault::Fault;
use tokio::sync::Notify;
use tokio::time::Instant;
use vocab::TenantId;

use crate::item::Item;
use crate::ledger::Ledger;
use crate::settings::{BATCH_COMMANDS_MAX, BATCH_KEYS_MAX};

/// How much of the usual time of a batch its last one makes: one part in this many.
const USUAL_OF: u32 = 8;
/// One slow batch counts at most as so many usual ones, or as this long: after a stall nobody
/// should be turned away for it.
const SLOW_MAX: u32 = 4;
const SLOW_FLOOR: Duration = Duration::from_millis(50);

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

/// How long batches take.
#[derive(Default)]
struct Pace {
    usual: Duration,
    busy_since: Option<Instant>,
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
        let wait = waiting.pace.estimate(waiting.length);
        if waiting.length >= self.length_max || wait > item.submission.deadline.left() {
            return Err(Fault::overloaded(wait.max(waiting.pace.usual)));
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
        batch
    }

    /// Waits until something has arrived. May wake for nothing.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Notes that a batch begins.
    pub fn begin(&self) {
        self.lock().pace.busy_since = Some(Instant::now());
    }

    /// Notes that the batch is done.
    pub fn done(&self) {
        self.lock().pace.done();
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

impl Pace {
    /// Estimates how long a command waits for its answer behind so many others.
    fn estimate(&self, ahead: usize) -> Duration {
        if ahead == 0 && self.busy_since.is_none() {
            // An idle writer is always tried: only so it is found out that it is fast again.
            return Duration::ZERO;
        }
        let batches = u32::try_from(ahead / BATCH_COMMANDS_MAX + 1).unwrap_or(u32::MAX);
        let queued = self.usual.saturating_mul(batches);
        queued.saturating_add(self.busy_for())
    }

    /// What is left of the batch that runs. One that took longer than usual may take as long
    /// again: nothing better is known of a database that does not answer.
    fn busy_for(&self) -> Duration {
        let Some(since) = self.busy_since else {
            return Duration::ZERO;
        };
        let elapsed = since.elapsed();
        self.usual.checked_sub(elapsed).unwrap_or(elapsed)
    }

    fn done(&mut self) {
        if let Some(since) = self.busy_since.take() {
            let rest = self.usual.saturating_mul(USUAL_OF - 1);
            let slow = self.usual.saturating_mul(SLOW_MAX).max(SLOW_FLOOR);
            self.usual = rest.saturating_add(since.elapsed().min(slow)) / USUAL_OF;
        }
    }
}
