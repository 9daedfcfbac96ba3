//! The budget of retries: what keeps a failing peer from being called much more than a well one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::window::Window;

/// How far back calls earn retries.
const SPAN: Duration = Duration::from_secs(10);
/// One retry for so many calls.
const CALLS_PER_RETRY: u64 = 10;
/// What a quiet caller may retry all the same: one in a second.
const FLOOR: u64 = 10;

/// What was done within the span.
#[derive(Debug, Default)]
struct Spent {
    calls: u64,
    retries: u64,
}

/// Counts calls, and grants retries in proportion.
#[derive(Debug)]
pub(super) struct Budget(Mutex<Window<Spent>>);

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new(Window::over(SPAN)))
    }
}

impl Budget {
    /// Counts a call that somebody asked for.
    pub(super) fn call(&self) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.at(Instant::now()).calls += 1;
    }

    /// Grants one retry, or none.
    pub(super) fn retry(&self) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.at(Instant::now());
        let calls: u64 = window.slices().map(|it| it.calls).sum();
        let retries: u64 = window.slices().map(|it| it.retries).sum();
        let granted = retries < (calls / CALLS_PER_RETRY).max(FLOOR);
        if granted {
            window.at(Instant::now()).retries += 1;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tenth_of_the_calls_is_retried_and_a_quiet_caller_once_in_a_second() {
        let budget = Budget::default();
        (0..500).for_each(|_| budget.call());
        let granted = (0..500).filter(|_| budget.retry()).count();
        assert_eq!(granted, 50);
        tokio::time::advance(Duration::from_secs(11)).await;
        let granted = (0..500).filter(|_| budget.retry()).count();
        assert_eq!(granted, 10);
    }
}
