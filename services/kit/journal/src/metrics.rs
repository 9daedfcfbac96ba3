//! What a journal measures about itself.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram, Meter};

/// Seconds of waits and commits, from a fast disk to a stalled one.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];
/// Commands of a batch, up to the most that it takes.
const COMMANDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// The instruments of a journal.
pub(crate) struct Metrics {
    commands: Histogram<u64>,
    wait: Histogram<f64>,
    commit: Histogram<f64>,
    queued: Histogram<u64>,
    refused: Counter<u64>,
    defects: Counter<u64>,
    turned_away: Counter<u64>,
    dropped: Counter<u64>,
    again: Counter<u64>,
    unknown: Counter<u64>,
}

impl Metrics {
    pub fn of(meter: &Meter) -> Self {
        let count = |name, what| meter.u64_counter(name).with_description(what).build();
        let commands = |name, what| {
            let histogram = meter.u64_histogram(name).with_description(what);
            histogram.with_boundaries(COMMANDS.to_vec()).build()
        };
        let seconds = |name, what| {
            let histogram = meter.f64_histogram(name).with_description(what);
            let histogram = histogram.with_unit("s");
            histogram.with_boundaries(SECONDS.to_vec()).build()
        };
        Self {
            commands: commands("journal.batch.commands", "Commands of one transaction"),
            queued: commands(
                "journal.queue.length",
                "Commands that wait as a batch is taken",
            ),
            wait: seconds("journal.wait", "From submission until the batch is taken"),
            commit: seconds(
                "journal.commit",
                "From the start of a batch until it is committed",
            ),
            refused: count("journal.refused", "Commands refused by a rule"),
            defects: count("journal.defects", "Commands answered as a defect"),
            turned_away: count("journal.turned_away", "Commands that came to a full queue"),
            dropped: count("journal.dropped", "Commands nobody waited for any more"),
            again: count(
                "journal.batch.again",
                "Batches that were run again, by reason",
            ),
            unknown: count(
                "journal.batch.unknown",
                "Commits whose outcome had to be found out",
            ),
        }
    }

    pub fn taken(&self, commands: usize, left: usize) {
        self.commands.record(commands as u64, &[]);
        self.queued.record(left as u64, &[]);
    }

    pub fn waited(&self, wait: Duration) {
        self.wait.record(wait.as_secs_f64(), &[]);
    }

    pub fn committed(&self, took: Duration) {
        self.commit.record(took.as_secs_f64(), &[]);
    }

    pub fn refused(&self) {
        self.refused.add(1, &[]);
    }

    pub fn defect(&self) {
        self.defects.add(1, &[]);
    }

    pub fn turned_away(&self) {
        self.turned_away.add(1, &[]);
    }

    pub fn dropped(&self) {
        self.dropped.add(1, &[]);
    }

    pub fn again(&self, reason: &'static str) {
        self.again
            .add(1, &[opentelemetry::KeyValue::new("reason", reason)]);
    }

    pub fn unknown(&self) {
        self.unknown.add(1, &[]);
    }
}
