//! Counts what becomes of tasks.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the tasks of one name so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskCounts {
    /// The name.
    pub name: &'static str,
    /// How many are there now, those that pause before a restart included.
    pub running: u64,
    /// How often work began.
    pub starts: u64,
    /// How often work failed, panics included.
    pub failures: u64,
    /// How often work panicked.
    pub panics: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub running: AtomicU64,
    pub starts: AtomicU64,
    pub failures: AtomicU64,
    pub panics: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self, name: &'static str) -> TaskCounts {
        TaskCounts {
            name,
            running: self.running.load(Ordering::Relaxed),
            starts: self.starts.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
        }
    }
}

/// Adds one to a counter.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Counts a task as running for as long as this lives.
pub(super) struct Running<'a>(&'a Counters);

impl<'a> Running<'a> {
    pub(super) fn new(counters: &'a Counters) -> Self {
        count(&counters.running);
        Self(counters)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
