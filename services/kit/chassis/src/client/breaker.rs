//! The breaker: refuses calls to a peer that fails, in proportion to how much it fails.
//!
//! The adaptive throttle of Google's SRE book: of `n` calls with `good` answers, those beyond
//! `2 * good` are refused. Every call counts before it is sent, refused ones too, so that calls
//! which hang open the breaker as well as calls which fail; only those that began just now and
//! may still be answered are left out, or else every burst would look like a failure.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::chance;
use super::window::Window;

/// How far back it looks: twice the longest that a server lets a call take.
const SPAN: Duration = Duration::from_secs(20);
/// Calls for each good answer before any is refused.
const K: f64 = 2.0;
/// Failures that mean nothing yet, so that a quiet peer is not cut off by a hiccup.
const GRACE: f64 = 10.0;
/// Slices of the window, from the newest, whose unanswered calls are not held against a peer.
const YOUNG: usize = 2;
/// How often a call is let through whatever the odds, to see whether the peer is back.
const PROBE_EVERY: Duration = Duration::from_millis(500);
/// While good answers come, at least half of the calls pass.
const HALF: f64 = 0.5;
/// So many good answers in a row close it.
const PROOFS: u32 = 5;

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BreakerState {
    /// All pass.
    Closed,
    /// Some pass, because the peer fails partly or answers again.
    HalfOpen,
    /// Next to none pass.
    Open,
}

/// What a breaker counted within its window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BreakerReading {
    /// What it does with calls.
    pub state: BreakerState,
    /// The share of calls that it refuses, from 0 to 1.
    pub refusal: f64,
    /// Calls, refused ones included.
    pub calls: u64,
    /// Calls that the peer answered as a peer that is well.
    pub good: u64,
}

#[derive(Debug, Default)]
struct Counts {
    calls: u64,
    good: u64,
}

#[derive(Debug)]
struct Seen {
    window: Window<Counts>,
    /// Calls that passed and have no answer yet.
    in_flight: u64,
    probe_at: Instant,
    /// Good answers in a row, since the last bad one.
    proofs: u32,
}

/// Watches one peer.
#[derive(Debug)]
pub(super) struct Breaker(Mutex<Seen>);

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(Seen {
            window: Window::over(SPAN),
            in_flight: 0,
            probe_at: Instant::now(),
            proofs: 0,
        }))
    }
}

impl Breaker {
    /// Counts a call and lets it pass, or says when the next one is let through for certain.
    pub(super) fn enter(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut seen = self.seen();
        seen.window.at(now).calls += 1;
        let refusal = seen.reading(now).refusal;
        if refusal > 0.0 && chance::fraction() < refusal {
            if now < seen.probe_at {
                return Err(seen.probe_at.saturating_duration_since(now));
            }
            seen.probe_at = now + PROBE_EVERY;
        }
        seen.in_flight += 1;
        Ok(())
    }

    /// The peer answered as a peer that is well.
    pub(super) fn good(&self) {
        let now = Instant::now();
        let mut seen = self.seen();
        seen.in_flight = seen.in_flight.saturating_sub(1);
        seen.window.at(now).good += 1;
        seen.proofs = seen.proofs.saturating_add(1);
        if seen.proofs >= PROOFS && seen.reading(now).refusal > 0.0 {
            seen.window.clear();
        }
    }

    /// The peer failed.
    pub(super) fn bad(&self) {
        let mut seen = self.seen();
        seen.in_flight = seen.in_flight.saturating_sub(1);
        seen.proofs = 0;
    }

    /// A call of which nothing can be said, because its caller went away first.
    pub(super) fn withdraw(&self) {
        let mut seen = self.seen();
        seen.in_flight = seen.in_flight.saturating_sub(1);
        let current = seen.window.at(Instant::now());
        current.calls = current.calls.saturating_sub(1);
    }

    /// What it counted so far.
    pub(super) fn read(&self) -> BreakerReading {
        self.seen().reading(Instant::now())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn reading(&mut self, now: Instant) -> BreakerReading {
        self.window.at(now);
        let calls: u64 = self.window.slices().map(|it| it.calls).sum();
        let good: u64 = self.window.slices().map(|it| it.good).sum();
        let young: u64 = self
            .window
            .slices()
            .rev()
            .take(YOUNG)
            .map(|it| it.calls)
            .sum();
        let answerable = float(young.min(self.in_flight));
        let beyond = float(calls) - answerable - K * float(good) - GRACE;
        let refusal = (beyond / (float(calls) + 1.0)).max(0.0);
        let cap = if self.proofs > 0 { HALF } else { 1.0 };
        let refusal = refusal.min(cap);
        let state = if refusal <= 0.0 {
            BreakerState::Closed
        } else if refusal <= HALF {
            BreakerState::HalfOpen
        } else {
            BreakerState::Open
        };
        BreakerReading {
            state,
            refusal,
            calls,
            good,
        }
    }
}

fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends calls that a peer answers in one way; returns how many passed.
    fn send(breaker: &Breaker, calls: usize, answer: fn(&Breaker)) -> usize {
        let passed = (0..calls).filter(|_| breaker.enter().inspect(|()| answer(breaker)).is_ok());
        passed.count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_well_is_never_cut_off() {
        let breaker = Breaker::default();
        for _ in 0..100 {
            assert_eq!(send(&breaker, 10, Breaker::good), 10);
            // One in three fails, which is bad and not worth less load.
            assert_eq!(send(&breaker, 5, Breaker::bad), 5);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(breaker.read().state, BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_failures_of_a_quiet_peer_mean_nothing() {
        let breaker = Breaker::default();
        assert_eq!(send(&breaker, 10, Breaker::bad), 10);
        assert_eq!(breaker.read().state, BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_on_failures_probes_half_opens_and_closes() {
        let breaker = Breaker::default();
        assert!(send(&breaker, 1_000, Breaker::bad) < 150);
        assert_eq!(breaker.read().state, BreakerState::Open);
        let refused = std::iter::repeat_with(|| breaker.enter().err()).take(500);
        let hint = refused.flatten().last().unwrap();
        assert!(hint <= PROBE_EVERY && hint > Duration::ZERO);
        // The next probe comes through for certain, and its answer opens one half.
        tokio::time::advance(PROBE_EVERY).await;
        assert!(breaker.enter().is_ok());
        breaker.good();
        assert_eq!(breaker.read().state, BreakerState::HalfOpen);
        assert!((30..70).contains(&(0..100).filter(|_| breaker.enter().is_ok()).count()));
        (1..PROOFS).for_each(|_| breaker.good());
        assert_eq!(breaker.read().state, BreakerState::Closed);
        assert_eq!(send(&breaker, 10, Breaker::good), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_answer_after_a_good_one_opens_it_again() {
        let breaker = Breaker::default();
        send(&breaker, 1_000, Breaker::bad);
        breaker.good();
        breaker.bad();
        assert_eq!(breaker.read().state, BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_never_return_open_it_and_withdrawn_ones_do_not() {
        let (hanging, withdrawn) = (Breaker::default(), Breaker::default());
        assert_eq!(send(&hanging, 100, |_| ()), 100, "a burst is no failure");
        tokio::time::advance(SPAN / 2).await;
        assert_eq!(send(&withdrawn, 100, Breaker::withdraw), 100);
        assert_eq!(hanging.read().state, BreakerState::Open);
        assert_eq!(withdrawn.read().state, BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_long_ago_is_forgotten() {
        let breaker = Breaker::default();
        send(&breaker, 1_000, Breaker::bad);
        tokio::time::advance(SPAN + Duration::from_secs(2)).await;
        assert_eq!(breaker.read().state, BreakerState::Closed);
    }
}
