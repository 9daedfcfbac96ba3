//! What calls to peers come to, counted and exported.

use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use super::breaker::BreakerState;
use super::peer::{Peer, PeerSnapshot};
use super::peers::Peers;

const PEER: &str = "peer.service";

/// A measure and where a snapshot holds it.
type Measure = (&'static str, fn(&PeerSnapshot) -> u64);

/// Counts of one peer.
#[derive(Debug, Default)]
pub(super) struct Counts {
    attempts: AtomicU64,
    ended: AtomicU64,
    failures: AtomicU64,
    refusals: AtomicU64,
    retries: AtomicU64,
}

/// The same at one moment.
pub(super) struct CountsRead {
    pub attempts: u64,
    pub failures: u64,
    pub refusals: u64,
    pub retries: u64,
    pub in_flight: u64,
}

impl Counts {
    pub(super) fn begin(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self, well: bool) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(!well), Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> CountsRead {
        // Read first, so that what begins meanwhile is never missing among the begun.
        let ended = self.ended.load(Ordering::Relaxed);
        let attempts = self.attempts.load(Ordering::Relaxed);
        CountsRead {
            attempts,
            failures: self.failures.load(Ordering::Relaxed),
            refusals: self.refusals.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            in_flight: attempts.saturating_sub(ended),
        }
    }
}

impl Peers {
    /// Exports how the peers do, each by `peer.service`. Gauges: `retail.peer.breaker` (0 closed,
    /// 1 half open, 2 open), `.refusal`, `.in_flight`, `.connections`, `.ejected`. Counters:
    /// `retail.peer.attempts`, `.failures`, `.refusals`, `.retries`.
    pub fn observe(&self, meter: &Meter) {
        let gauges: [Measure; 4] = [
            ("retail.peer.breaker", |it| code(it.breaker.state)),
            ("retail.peer.in_flight", |it| it.in_flight),
            ("retail.peer.connections", |it| sum(it, |it| it.connections)),
            ("retail.peer.ejected", |it| {
                sum(it, |it| usize::from(it.ejected))
            }),
        ];
        for (name, value) in gauges {
            let gauge = meter.u64_observable_gauge(name);
            gauge.with_callback(self.each(value)).build();
        }
        let refusal = meter.f64_observable_gauge("retail.peer.refusal");
        refusal
            .with_callback(self.each(|it| it.breaker.refusal))
            .build();
        let counters: [Measure; 4] = [
            ("retail.peer.attempts", |it| it.attempts),
            ("retail.peer.failures", |it| it.failures),
            ("retail.peer.refusals", |it| it.refusals),
            ("retail.peer.retries", |it| it.retries),
        ];
        for (name, value) in counters {
            let counter = meter.u64_observable_counter(name);
            counter.with_callback(self.each(value)).build();
        }
    }

    fn each<V: 'static>(
        &self,
        value: fn(&PeerSnapshot) -> V,
    ) -> impl Fn(&dyn AsyncInstrument<V>) + Send + Sync + 'static {
        let peers: Vec<Peer> = self.all().cloned().collect();
        move |seen| {
            for peer in &peers {
                let name = KeyValue::new(PEER, peer.name());
                seen.observe(value(&peer.snapshot()), &[name]);
            }
        }
    }
}

fn code(state: BreakerState) -> u64 {
    match state {
        BreakerState::Closed => 0,
        BreakerState::HalfOpen => 1,
        BreakerState::Open => 2,
    }
}

fn sum(peer: &PeerSnapshot, of: fn(&super::EndpointSnapshot) -> usize) -> u64 {
    let sum: usize = peer.endpoints.iter().map(of).sum();
    u64::try_from(sum).unwrap_or(u64::MAX)
}
