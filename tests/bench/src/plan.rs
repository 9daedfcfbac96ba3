//! How long a benchmark measures, and how often.

use std::time::Duration;

/// The lengths of a benchmark.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds, each of which measures everything once.
    pub rounds: usize,
    /// One measurement.
    pub phase: Duration,
    /// One measurement with callers who come at their own times.
    pub open: Duration,
    /// One overload.
    pub overload: Duration,
}

impl Plan {
    /// The whole benchmark: some five minutes.
    pub const FULL: Self = Self {
        rounds: 3,
        phase: Duration::from_millis(2_000),
        open: Duration::from_secs(5),
        overload: Duration::from_secs(60),
    };
    /// A first look: under a minute.
    pub const QUICK: Self = Self {
        rounds: 1,
        phase: Duration::from_millis(700),
        open: Duration::from_secs(2),
        overload: Duration::from_secs(15),
    };
}
