//! The journal as its callers hold it: a queue in front, writers behind, reads beside.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chassis::edge::{Ahead, Pressure};
use chassis::fault::Fault;
use chassis::tasks::Tasks;
use opentelemetry::metrics::Meter;
use tokio::sync::watch;
use vocab::TenantId;

use crate::item::Item;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::queue::Queue;
use crate::reads::Reads;
use crate::settings::{BATCH_KEYS_MAX, Settings};
use crate::sql::{InvalidTable, Statements};
use crate::store::Store;
use crate::submission::Submission;
use crate::writer;

/// The one write path of a service. Clones are one journal.
pub struct Journal<L: Ledger>(Arc<Shared<L>>);

/// What the writers of a journal share with its callers.
pub(crate) struct Shared<L: Ledger> {
    pub ledger: L,
    pub store: Box<dyn Store<L>>,
    pub statements: Statements,
    pub settings: Settings,
    pub queues: Vec<Queue<L>>,
    pub commits: watch::Sender<u64>,
    pub metrics: Metrics,
    pub reads: Reads,
}

impl<L: Ledger> Journal<L> {
    /// Opens the journal of a service and starts its writers, which connect by themselves.
    pub fn open(
        ledger: L,
        store: impl Store<L>,
        settings: Settings,
        tasks: &Tasks,
        meter: &Meter,
    ) -> Result<Self, InvalidTable> {
        let queues = (0..settings.writers.get()).map(|_| Queue::new(settings.queue_max));
        let shared = Arc::new(Shared {
            statements: Statements::of(store.tables())?,
            reads: Reads::of(&settings),
            metrics: Metrics::of(meter),
            queues: queues.collect(),
            commits: watch::Sender::new(0),
            ledger,
            store: Box::new(store),
            settings,
        });
        for line in 0..shared.queues.len() {
            writer::start(&shared, line, tasks);
        }
        Ok(Self(shared))
    }

    /// Hands in a command and waits for its answer. Who stops waiting harms nothing: the command
    /// is dropped before it costs anything, or decided and committed as if somebody waited.
    pub async fn submit(
        &self,
        submission: impl Into<Submission>,
        command: L::Command,
    ) -> Result<L::Answer, Fault> {
        let submission = submission.into();
        let deadline = submission.deadline;
        if deadline.left().is_zero() {
            return Err(Fault::late());
        }
        let mut keys = self.0.ledger.keys(&command);
        let queue = self.queue_of(submission.tenant, keys.first())?;
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > BATCH_KEYS_MAX {
            return Err(Fault::bug(
                "a command names more keys than a batch may hold",
            ));
        }
        let (item, answer) = Item::new(submission, command, keys);
        queue
            .push(item)
            .inspect_err(|_| self.0.metrics.turned_away())?;
        match deadline.bound(answer).await? {
            Ok(reply) => reply,
            // The writer ended before it could say what became of the command.
            Err(_) => Err(Fault::unavailable("journal")),
        }
    }

    /// Counts the commits so far and wakes its holder at each one.
    pub fn on_commit(&self) -> watch::Receiver<u64> {
        self.0.commits.subscribe()
    }

    /// Tells the edge of the service how long writes would take, so that it refuses in time those
    /// that would come too late. Which writer a command meets is known from its keys alone: the
    /// edge hears of the one that is soonest done, and the queue itself judges the rest.
    pub fn pressure(&self) -> Pressure {
        let journal = self.clone();
        Pressure::of(move |tenant| {
            let queues = journal.0.queues.iter().map(|it| it.ahead(tenant));
            queues
                .min_by_key(|it: &Ahead| it.in_all)
                .unwrap_or_default()
        })
    }

    /// Returns the connections for reads of doors.
    pub fn reads(&self) -> &Reads {
        &self.0.reads
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<L>> {
        &self.0
    }

    /// Commands on one first key meet in one writer, so that they share a batch.
    fn queue_of(&self, tenant: TenantId, first: Option<&L::Key>) -> Result<&Queue<L>, Fault> {
        let mut hash = DefaultHasher::new();
        (tenant, first).hash(&mut hash);
        let lines = self.0.queues.len() as u64;
        let line = usize::try_from(hash.finish() % lines.max(1)).unwrap_or_default();
        let queue = self.0.queues.get(line);
        queue.ok_or_else(|| Fault::bug("a journal has at least one writer"))
    }
}

impl<L: Ledger> Clone for Journal<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
