//! What a writer does until every command of a batch has its answer, whatever fails on the way.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::fault::Fault;
use contracts::common::ErrorReason;
use tokio::time::{Instant, sleep};

use super::Writer;
use crate::attempt::Failure;
use crate::item::Item;
use crate::ledger::Ledger;
use crate::settings::BATCH_COMMANDS_MAX;

/// How often a batch that lost a race is run again, and each of its losers alone.
const RACES_MAX: u32 = 3;
/// The longest pause before a batch that lost a race runs again.
const RACE_PAUSE: Duration = Duration::from_millis(10);
/// The first pause before a database that is away is tried again; doubles up to the longest.
const AWAY_PAUSE: Duration = Duration::from_millis(20);
const AWAY_PAUSE_MAX: Duration = Duration::from_millis(500);
/// How long a batch waits for a database that is away, however much time its callers have.
const AWAY_MAX: Duration = Duration::from_secs(20);

/// Commands that are run together.
struct Part<L: Ledger> {
    items: Vec<Item<L>>,
    races: u32,
    /// Whether it holds one command that came short before.
    alone: bool,
    away_since: Option<Instant>,
    pause: Duration,
}

impl<L: Ledger> Part<L> {
    fn of(items: Vec<Item<L>>) -> Self {
        Self {
            items,
            races: 0,
            alone: false,
            away_since: None,
            pause: AWAY_PAUSE,
        }
    }

    /// Takes out the commands of these numbers, in their order.
    fn split_off(&mut self, numbers: &BTreeSet<usize>) -> Vec<Item<L>> {
        let items = std::mem::take(&mut self.items).into_iter().enumerate();
        let (out, rest): (Vec<_>, Vec<_>) = items.partition(|(at, _)| numbers.contains(at));
        self.items = rest.into_iter().map(|it| it.1).collect();
        out.into_iter().map(|it| it.1).collect()
    }
}

impl<L: Ledger> Writer<L> {
    /// Runs a batch, whole or in parts, until all of it is answered or put aside.
    pub(super) async fn settle(&mut self, batch: Vec<Item<L>>) {
        let mut parts = vec![Part::of(batch)];
        while let Some(mut part) = parts.pop() {
            if part.items.is_empty() {
                continue;
            }
            let began = Instant::now();
            match self.line.attempt(&part.items).await {
                Ok(replies) => {
                    self.shared.metrics.committed(began.elapsed());
                    self.shared.commits.send_modify(|commits| *commits += 1);
                    if parts.is_empty() {
                        self.done_before_answers();
                    }
                    for (item, reply) in part.items.into_iter().zip(replies) {
                        self.answer(item, reply);
                    }
                }
                Err(failure) => {
                    self.recover(&mut part, failure, &mut parts).await;
                    parts.push(part);
                }
            }
        }
    }

    /// Whoever is answered may come again before the writer goes on, and should not be turned away
    /// for a batch that is over.
    fn done_before_answers(&self) {
        if let Some(queue) = self.shared.queues.get(self.queue) {
            queue.done();
        }
    }

    /// Runs commands that were put aside: those whose rows are free now.
    pub(super) async fn try_again(&mut self, mut waiting: Vec<Item<L>>) {
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(BATCH_COMMANDS_MAX));
            let mut part = Part::of(std::mem::replace(&mut waiting, rest));
            self.drop_late(&mut part);
            self.put_aside_held(&mut part).await;
            self.settle(part.items).await;
        }
    }

    /// Finds out what a failure means for the commands of a part. What is left in it runs again.
    async fn recover(&mut self, part: &mut Part<L>, failure: Failure, more: &mut Vec<Part<L>>) {
        match failure {
            Failure::Raced(short) => {
                self.shared.metrics.again("raced");
                self.raced(part, &short, more).await;
            }
            Failure::Deadlocked(error) => {
                self.shared.metrics.again("deadlocked");
                tracing::error!(error = %error, batch.commands = part.items.len(), "deadlock");
                self.raced(part, &BTreeSet::new(), more).await;
            }
            Failure::Held(error) => {
                self.shared.metrics.again("held");
                if !self.put_aside_held(part).await {
                    self.away(part, error).await;
                }
            }
            Failure::Away(error) => self.away(part, error).await,
            Failure::Caused(error) => self.bisect(part, error, more),
            Failure::Defect(error) => {
                let why = error.to_string();
                for item in part.items.drain(..) {
                    self.answer(item, Err(Fault::bug(why.clone())));
                }
            }
            Failure::Poisoned(at, what) => {
                self.shared.metrics.again("poisoned");
                for item in part.split_off(&BTreeSet::from([at])) {
                    self.answer(item, Err(Fault::bug(what.clone())));
                }
            }
        }
    }

    /// A batch that came short reads anew. What keeps coming short is taken out, and run alone.
    async fn raced(
        &mut self,
        part: &mut Part<L>,
        short: &BTreeSet<usize>,
        more: &mut Vec<Part<L>>,
    ) {
        part.races += 1;
        if part.races <= RACES_MAX {
            sleep(self.line.jitter(RACE_PAUSE * part.races)).await;
            return;
        }
        if short.is_empty() && part.items.len() > 1 {
            // Nobody can say whose rows they were: halves can.
            part.races = RACES_MAX - 1;
            let later = part.items.split_off(part.items.len() / 2);
            more.push(Part {
                races: part.races,
                ..Part::of(later)
            });
            return;
        }
        if part.alone || short.is_empty() {
            let known = !short.is_empty();
            for item in part.items.drain(..) {
                let fault = if known { never_written() } else { contended() };
                self.answer(item, Err(fault));
            }
            return;
        }
        part.races = 0;
        for item in part.split_off(short) {
            more.push(Part {
                alone: true,
                ..Part::of(vec![item])
            });
        }
    }

    /// Waits for a database that is away. It is nobody's fault, so nothing is taken apart.
    async fn away(&mut self, part: &mut Part<L>, error: sqlx::Error) {
        self.shared.metrics.again("away");
        let since = *part.away_since.get_or_insert_with(Instant::now);
        tracing::warn!(error = %error, batch.commands = part.items.len(), "database away");
        sleep(part.pause + self.line.jitter(part.pause)).await;
        part.pause = AWAY_PAUSE_MAX.min(part.pause * 2);
        if since.elapsed() < AWAY_MAX {
            self.drop_late(part);
            return;
        }
        for item in part.items.drain(..) {
            self.answer(item, Err(Fault::unavailable("database")));
        }
    }

    fn drop_late(&mut self, part: &mut Part<L>) {
        for item in std::mem::take(&mut part.items) {
            if item.is_late() || item.is_given_up() {
                self.answer(item, Err(Fault::unavailable("database")));
            } else {
                part.items.push(item);
            }
        }
    }

    /// Puts aside the commands on rows that somebody holds now; says whether there were any.
    async fn put_aside_held(&mut self, part: &mut Part<L>) -> bool {
        if part.items.is_empty() {
            return false;
        }
        let held = match self.line.held(&part.items).await {
            Ok(held) => BTreeSet::from_iter(held),
            Err(_) => return false,
        };
        for item in part.split_off(&held) {
            self.aside.put(item);
        }
        // Those behind them stay behind them.
        for item in std::mem::take(&mut part.items) {
            if self.aside.holds_up(&item) {
                self.aside.put(item);
            } else {
                part.items.push(item);
            }
        }
        !held.is_empty()
    }

    /// One command of several caused an error: halves find it without a second for the others.
    fn bisect(&mut self, part: &mut Part<L>, error: sqlx::Error, more: &mut Vec<Part<L>>) {
        self.shared.metrics.again("caused");
        if part.items.len() == 1 {
            let why = error.to_string();
            for item in part.items.drain(..) {
                self.answer(item, Err(Fault::bug(why.clone())));
            }
            return;
        }
        let later = part.items.split_off(part.items.len() / 2);
        // The part itself is pushed behind this one, and so runs before it.
        more.push(Part::of(later));
    }
}

/// The answer to a command whose rows come short whatever is done.
fn never_written() -> Fault {
    Fault::bug("a row is there for the database and not for us: it is hidden, or not by our rules")
}

/// The answer to commands that lost every race.
fn contended() -> Fault {
    let message = "the same rows were changed by others again and again";
    Fault::shared(ErrorReason::Contended, message)
}
