//! The writer: takes what has queued while the last commit ran, and makes one transaction of it.
//!
//! It owns its connection and its commands. **Invariant:** a command that was taken is answered,
//! and answered only when it is certain what became of it.

use std::sync::Arc;
use std::time::Duration;

use chassis::fault::Fault;
use chassis::tasks::{OnFailure, OnShutdown, Shutdown, Tasks};
use chassis::telemetry::TraceContext;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, Span};

use crate::attempt::Line;
use crate::connection::for_batches;
use crate::item::{Item, Reply};
use crate::journal::Shared;
use crate::ledger::Ledger;
use crate::queue::Queue;

mod aside;
mod settling;

use aside::Aside;

/// The pause after a writer failed, and the longest one.
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_millis(50),
    pause_max: Duration::from_secs(5),
};
/// How often a writer steps back for callers that were answered; each time lets all of them run.
const STEPS_BACK_MAX: usize = 16;
/// How long a writer stays after the last command when its process ends: what is still under way
/// in front of it may bring more.
const LINGER: Duration = Duration::from_millis(300);

/// Starts the writer of one queue.
pub(crate) fn start<L: Ledger>(shared: &Arc<Shared<L>>, line: usize, tasks: &Tasks) {
    let shared = shared.clone();
    let work = move |shutdown: Shutdown| {
        let shared = shared.clone();
        async move {
            Writer::new(shared, line).run(shutdown).await;
            Ok(())
        }
    };
    tasks.spawn("journal writer", RESTART, OnShutdown::Drain, work);
}

/// One writer at work.
struct Writer<L: Ledger> {
    shared: Arc<Shared<L>>,
    queue: usize,
    line: Line<L>,
    aside: Aside<L>,
}

impl<L: Ledger> Writer<L> {
    fn new(shared: Arc<Shared<L>>, queue: usize) -> Self {
        let name = format!("{} writer {queue}", shared.settings.service);
        let options = for_batches(&shared.settings.database, &name);
        Self {
            line: Line::new(shared.clone(), options),
            aside: Aside::default(),
            shared,
            queue,
        }
    }

    async fn run(mut self, shutdown: Shutdown) {
        let shared = self.shared.clone();
        let Some(queue) = shared.queues.get(self.queue) else {
            return;
        };
        let mut last = Instant::now();
        loop {
            let worked = self.turn(queue).await;
            if worked {
                last = Instant::now();
                come_back(queue).await;
                continue;
            }
            let ending = shutdown.is_requested();
            let quiet = self.aside.is_empty() && last.elapsed() >= LINGER;
            if ending && quiet && queue.close_if_empty() {
                return;
            }
            let due = self.aside.due();
            tokio::select! {
                () = queue.arrived() => (),
                () = shutdown.requested(), if !ending => last = Instant::now(),
                () = sleep_until(last + LINGER), if ending && self.aside.is_empty() && !quiet => (),
                () = sleep_until(due.unwrap_or(last)), if due.is_some() => (),
            }
        }
    }

    /// Does what there is to do; says whether there was anything.
    async fn turn(&mut self, queue: &Queue<L>) -> bool {
        let mut worked = false;
        if self.aside.is_due() {
            worked = true;
            let waiting = self.aside.take();
            Box::pin(self.try_again(waiting)).await;
        }
        let taken = queue.take();
        if taken.is_empty() {
            return worked;
        }
        self.shared.metrics.taken(taken.len(), queue.length());
        let batch = self.wanted(taken);
        if !batch.is_empty() {
            queue.begin();
            let span = span_of(&batch);
            Box::pin(self.settle(batch).instrument(span)).await;
            queue.done();
        }
        true
    }

    /// Drops what nobody waits for before it costs anything, and puts aside what names a row that
    /// is known to be held.
    fn wanted(&mut self, taken: Vec<Item<L>>) -> Vec<Item<L>> {
        let mut wanted = Vec::with_capacity(taken.len());
        for item in taken {
            self.shared.metrics.waited(item.queued_at.elapsed());
            if item.is_given_up() || item.is_late() {
                self.shared.metrics.dropped();
                item.answer(Err(Fault::late()));
            } else if self.aside.holds_up(&item) {
                self.aside.put(item);
            } else {
                wanted.push(item);
            }
        }
        wanted
    }

    fn answer(&self, item: Item<L>, reply: Reply<L>) {
        if let Err(fault) = &reply {
            if fault.kind() == chassis::fault::Kind::Bug {
                let why = chassis::fault::chain(fault);
                tracing::error!(rpc.method = %item.submission.method, error = %why, "defect");
                self.shared.metrics.defect();
            } else {
                self.shared.metrics.refused();
            }
        }
        item.answer(reply);
    }
}

/// Lets callers that were answered come back before the rest of the queue is taken, as long as they
/// do: else batches are half full.
async fn come_back<L: Ledger>(queue: &Queue<L>) {
    let mut waiting = queue.length();
    for _ in 0..STEPS_BACK_MAX {
        tokio::task::yield_now().await;
        let now = queue.length();
        if now == waiting {
            break;
        }
        waiting = now;
    }
}

/// One span for the batch: a part of the trace of its first command that somebody keeps, linked to
/// and from all others. Each of those knows its batch by the id of the span.
fn span_of<L: Ledger>(batch: &[Item<L>]) -> Span {
    let count = batch.len();
    let span = tracing::info_span!(parent: None, "journal batch", batch.commands = count);
    let kept = batch.iter().map(|it| &it.span);
    let kept = kept.filter_map(|it| Some((it, TraceContext::of_span(it)?)));
    for (at, (waiting, context)) in kept.enumerate() {
        if at == 0 {
            context.continue_in(&span);
        } else {
            context.link_to(&span);
        }
        if let Some(own) = TraceContext::of_span(&span) {
            waiting.record("batch.id", own.span_id().as_str());
            waiting.record("batch.commands", count);
            if at > 0 {
                own.link_to(waiting);
            }
        }
    }
    span
}
