//! Load: callers who wait for each answer, and callers who come whatever happens.
//!
//! **Invariant:** every request that was sent is answered before a run ends, and every answer is
//! looked at, so that what was acknowledged can be compared with what is stored.

pub mod closed;
pub mod open;
pub mod stages;

use std::future::Future;
use std::time::Duration;

use hdrhistogram::Histogram;
use uuid::Uuid;

use crate::order::Order;

/// The longest latency that is told apart: a minute, in microseconds.
const LATENCY_MAX: u64 = 60_000_000;

/// Something that can be asked to reserve.
pub trait Target: Clone + Send + Sync + 'static {
    /// Reserves, and returns when that is certain.
    fn reserve(&self, order: Order) -> impl Future<Output = Result<(), Refused>> + Send;
}

/// An answer that is no reservation.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Whether it was shed: refused for lack of room, typed, with a hint when to come back.
    pub shed: bool,
    /// What was said.
    pub why: String,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The reservations that were acknowledged.
    pub acknowledged: Vec<Uuid>,
    /// How many of them within the time of the run, its end not counted.
    pub done: u64,
    /// How long the run was.
    pub elapsed: Duration,
    /// Latencies in microseconds.
    pub latency: Histogram<u64>,
    /// Refusals that said when to come back.
    pub shed: u64,
    /// Answers that should not have been, and the last of them.
    pub failed: u64,
    /// The last of them.
    pub last_failure: Option<String>,
}

impl Run {
    /// A run in which nothing has happened yet.
    pub fn new(elapsed: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            acknowledged: Vec::new(),
            done: 0,
            elapsed,
            latency: Histogram::new_with_bounds(1, LATENCY_MAX, 3)?,
            shed: 0,
            failed: 0,
            last_failure: None,
        })
    }

    /// Reservations a second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64()
    }

    /// A quantile of the latency.
    pub fn latency(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.latency.value_at_quantile(quantile))
    }

    /// Fails unless every request was granted: a fast error is not a fast request.
    pub fn all_granted(self) -> anyhow::Result<Self> {
        let why = self.last_failure.clone().unwrap_or_default();
        anyhow::ensure!(
            self.failed + self.shed == 0,
            "{} requests failed and {} were shed: {why}",
            self.failed,
            self.shed
        );
        Ok(self)
    }

    /// Notes an answer.
    pub fn note(&mut self, answer: Result<Uuid, Refused>, took: Duration, in_time: bool) {
        match answer {
            Ok(request) => {
                self.acknowledged.push(request);
                self.done += u64::from(in_time);
                let micros = u64::try_from(took.as_micros()).unwrap_or(LATENCY_MAX);
                self.latency.saturating_record(micros);
            }
            Err(refused) if refused.shed => self.shed += 1,
            Err(refused) => {
                self.failed += 1;
                self.last_failure = Some(refused.why);
            }
        }
    }
}
