//! How fast a writer works, and so how long a command that comes now would take.

use std::time::Duration;

use chassis::edge::Ahead;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// How much of the usual time of a command the last batch makes: one part in this many.
const USUAL_OF: u32 = 4;
/// One slow batch counts at most as so many usual ones, or as this long: after a stall nobody
/// should be turned away for it.
const SLOW_MAX: u32 = 4;
const SLOW_FLOOR: Duration = Duration::from_millis(50);

/// The pace of one writer.
///
/// A small batch takes longer for each of its commands than a large one. So only a batch that had
/// as much to do as it could take says how slow the writer is; any batch may say that it is faster.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// How long one command takes among many; nothing before that was seen.
    each: Option<Duration>,
    /// Commands that were taken since the last batch was done, and whether others were left.
    taken: usize,
    left: bool,
    /// When the last batch was done that left others behind.
    behind_since: Option<Instant>,
    busy_since: Option<Instant>,
}

impl Pace {
    /// Notes that so many commands were taken, and so many left.
    pub fn took(&mut self, taken: usize, left: usize) {
        self.taken += taken;
        self.left = left > 0;
    }

    /// Notes that the batch begins.
    pub fn begin(&mut self, now: Instant) {
        self.busy_since = Some(now);
    }

    /// Notes that it is done; nothing, if that is known.
    pub fn done(&mut self, now: Instant) {
        if self.busy_since.is_none() {
            return;
        }
        // Behind a batch that left some waiting, the time between two batches counts as well.
        let since = self.behind_since.take().or(self.busy_since);
        self.busy_since = None;
        self.behind_since = self.left.then_some(now);
        let taken = u32::try_from(std::mem::take(&mut self.taken)).unwrap_or(u32::MAX);
        if let Some(since) = since.filter(|_| taken > 0) {
            self.learn(now - since, taken);
        }
    }

    /// Estimates how long a command takes behind so many others.
    pub fn ahead(&self, others: usize, now: Instant) -> Ahead {
        let (rest, over) = match self.busy_since {
            Some(since) => self.of_batch(now - since),
            // An idle writer is always tried: only so it is found out that it is fast again.
            None if others == 0 => return Ahead::default(),
            None => (Duration::ZERO, Duration::ZERO),
        };
        let queued = self.usual(others).saturating_add(rest);
        let own = self.usual(1).saturating_add(over);
        Ahead {
            queued,
            in_all: queued.saturating_add(own),
        }
    }

    /// What is usually left of a batch that runs for so long, and how long it may be held up.
    fn of_batch(&self, elapsed: Duration) -> (Duration, Duration) {
        let usual = self.usual(self.taken);
        let rest = usual.saturating_sub(elapsed);
        // One that takes longer than usual may in the end take as long again: nothing better is
        // known of a database that does not answer.
        let over = elapsed.saturating_sub(usual).saturating_mul(2);
        (rest, over.min(elapsed))
    }

    fn learn(&mut self, took: Duration, commands: u32) {
        let Some(usual) = self.each else {
            self.each = self.left.then(|| took / commands);
            return;
        };
        let most = usual.saturating_mul(commands).saturating_mul(SLOW_MAX);
        let last = took.min(most.max(SLOW_FLOOR)) / commands;
        if self.left || last < usual {
            let rest = usual.saturating_mul(USUAL_OF - 1);
            self.each = Some(rest.saturating_add(last) / USUAL_OF);
        }
    }

    fn usual(&self, commands: usize) -> Duration {
        let commands = u32::try_from(commands).unwrap_or(u32::MAX);
        self.each.unwrap_or_default().saturating_mul(commands)
    }
}
