//! What a consumer counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

/// Counts of one consumer in this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    acknowledged: AtomicU64,
    parked: AtomicU64,
    refetched: AtomicU64,
    reopened: AtomicU64,
}

impl Tally {
    /// Deliveries that were done with.
    pub fn acknowledged(&self) -> u64 {
        self.0.acknowledged.load(Ordering::Relaxed)
    }

    /// Streams that were put aside.
    pub fn parked(&self) -> u64 {
        self.0.parked.load(Ordering::Relaxed)
    }

    /// Events that were fetched from their owner.
    pub fn refetched(&self) -> u64 {
        self.0.refetched.load(Ordering::Relaxed)
    }

    /// How often the reader was opened anew.
    pub fn reopened(&self) -> u64 {
        self.0.reopened.load(Ordering::Relaxed)
    }

    pub(super) fn acknowledge(&self) {
        self.0.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn park(&self) {
        self.0.parked.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refetch(&self, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.0.refetched.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn reopen(&self) {
        self.0.reopened.fetch_add(1, Ordering::Relaxed);
    }

    /// Exports `retail.consumer.acknowledged`, `.parked`, `.refetched`, `.reopened`.
    pub fn export(&self, meter: &Meter, consumer: &'static str) {
        type Counter = (&'static str, fn(&Counts) -> &AtomicU64);
        let counters: [Counter; 4] = [
            ("retail.consumer.acknowledged", |it| &it.acknowledged),
            ("retail.consumer.parked", |it| &it.parked),
            ("retail.consumer.refetched", |it| &it.refetched),
            ("retail.consumer.reopened", |it| &it.reopened),
        ];
        for (name, of) in counters {
            let counts = self.0.clone();
            let counter = meter.u64_observable_counter(name);
            let read = move |seen: &dyn opentelemetry::metrics::AsyncInstrument<u64>| {
                let value = of(&counts).load(Ordering::Relaxed);
                seen.observe(value, &[KeyValue::new("retail.consumer", consumer)]);
            };
            counter.with_callback(read).build();
        }
    }
}
