//! What a relay counts, for metrics and tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

/// Counts of one relay in this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Gauges(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    published: AtomicU64,
    breaks: AtomicU64,
    rewinds: AtomicU64,
    unpublishable: AtomicU64,
    lag: AtomicU64,
    usage_percent: AtomicU64,
}

impl Gauges {
    /// How many messages the broker has acknowledged.
    pub fn published(&self) -> u64 {
        self.0.published.load(Ordering::Relaxed)
    }

    /// How often the chain broke and was taken up again.
    pub fn breaks(&self) -> u64 {
        self.0.breaks.load(Ordering::Relaxed)
    }

    /// How often the stream went back.
    pub fn rewinds(&self) -> u64 {
        self.0.rewinds.load(Ordering::Relaxed)
    }

    /// How many facts could not be mapped; each is a defect.
    pub fn unpublishable(&self) -> u64 {
        self.0.unpublishable.load(Ordering::Relaxed)
    }

    /// How many events were read and not yet acknowledged when it was last counted.
    pub fn lag(&self) -> u64 {
        self.0.lag.load(Ordering::Relaxed)
    }

    pub(super) fn add_published(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.0.published.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn add_break(&self) {
        self.0.breaks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_rewind(&self) {
        self.0.rewinds.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_unpublishable(&self) {
        self.0.unpublishable.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lag_is(&self, lag: usize) {
        let lag = u64::try_from(lag).unwrap_or(u64::MAX);
        self.0.lag.store(lag, Ordering::Relaxed);
    }

    pub(super) fn usage_is(&self, percent: u64) {
        self.0.usage_percent.store(percent, Ordering::Relaxed);
    }

    /// Exports everything, by context.
    pub(super) fn export(&self, meter: &Meter, context: &'static str) {
        type Counter = (&'static str, fn(&Counts) -> &AtomicU64);
        let counters: [Counter; 4] = [
            ("retail.relay.published", |it| &it.published),
            ("retail.relay.breaks", |it| &it.breaks),
            ("retail.relay.rewinds", |it| &it.rewinds),
            ("retail.relay.unpublishable", |it| &it.unpublishable),
        ];
        for (name, of) in counters {
            let counter = meter.u64_observable_counter(name);
            counter.with_callback(self.read(of, context)).build();
        }
        let gauges: [Counter; 2] = [
            ("retail.relay.lag", |it| &it.lag),
            ("retail.relay.stream.usage", |it| &it.usage_percent),
        ];
        for (name, of) in gauges {
            let gauge = meter.u64_observable_gauge(name);
            gauge.with_callback(self.read(of, context)).build();
        }
    }

    fn read(
        &self,
        of: fn(&Counts) -> &AtomicU64,
        context: &'static str,
    ) -> impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static {
        let counts = self.0.clone();
        move |seen| {
            let value = of(&counts).load(Ordering::Relaxed);
            seen.observe(value, &[KeyValue::new("retail.context", context)]);
        }
    }
}
