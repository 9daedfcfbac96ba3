//! Waiting for a condition: asked often, given up at a deadline, and never a blind sleep.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

/// How soon a condition is asked again at first; doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(1);
/// A test that waits loses at most this much once its condition holds.
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// A condition did not hold in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("after {within:?} it does not hold that {what}: {seen} ({asked} times asked)")]
pub struct TimedOut {
    /// How long it was waited for.
    pub within: Duration,
    /// What was waited for.
    pub what: String,
    /// What was seen at last.
    pub seen: String,
    /// How often it was asked for.
    pub asked: u32,
}

/// What a condition may answer: a `bool`, an `Option` or a `Result`.
pub trait Condition {
    /// What the condition yields once it holds.
    type Yield;

    /// Returns what it yields, or what is seen while it does not hold.
    fn outcome(self) -> Result<Self::Yield, String>;
}

impl Condition for bool {
    type Yield = ();

    fn outcome(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "it is false".to_owned())
    }
}

impl<T> Condition for Option<T> {
    type Yield = T;

    fn outcome(self) -> Result<T, String> {
        self.ok_or_else(|| "there is nothing".to_owned())
    }
}

impl<T, E: Display> Condition for Result<T, E> {
    type Yield = T;

    fn outcome(self) -> Result<T, String> {
        self.map_err(|error| error.to_string())
    }
}

/// Waits until a condition holds and returns what it yields.
///
/// The condition is asked at once, then again and again; an answer that takes longer than the
/// deadline is not waited for. `what` completes the sentence "it does not hold that …".
pub async fn eventually<C: Condition>(
    within: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> C,
) -> Result<C::Yield, TimedOut> {
    let deadline = Instant::now() + within;
    let mut pause = PAUSE_MIN;
    let mut late = TimedOut {
        within,
        what: what.to_owned(),
        seen: "no answer yet".to_owned(),
        asked: 0,
    };
    loop {
        late.asked += 1;
        match timeout_at(deadline, condition()).await.map(C::outcome) {
            Ok(Ok(yielded)) => return Ok(yielded),
            Ok(Err(seen)) => late.seen = seen,
            Err(_) => return Err(late),
        }
        if Instant::now() >= deadline {
            return Err(late);
        }
        sleep_until(deadline.min(Instant::now() + pause)).await;
        pause = PAUSE_MAX.min(pause * 2);
    }
}

#[cfg(test)]
mod tests;
