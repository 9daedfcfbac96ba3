//! What was measured, by the name of its row and by round, and the ratios between rows.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::load::Run;
use crate::processor::Used;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Answers a second.
    pub rate: f64,
    /// The median latency.
    pub median: Duration,
    /// The latency that one of a hundred exceeds.
    pub p99: Duration,
    /// Processor time of this process for one answer: load generator, client and service.
    pub ours: Duration,
    /// Processor time of Postgres for one answer.
    pub postgres: Duration,
}

/// All measurements of a benchmark.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Row names in the order in which they came.
    pub rows: Vec<&'static str>,
    by_row: BTreeMap<&'static str, Vec<Sample>>,
}

/// A median and how far the rounds lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Sample {
    /// Sums up a run.
    pub fn of(run: &Run, used: Used) -> Self {
        let answers = u32::try_from(run.acknowledged.len())
            .unwrap_or(u32::MAX)
            .max(1);
        Self {
            rate: run.rate(),
            median: run.latency(0.5),
            p99: run.latency(0.99),
            ours: used.ours / answers,
            postgres: used.postgres / answers,
        }
    }
}

impl Samples {
    /// Adds a measurement.
    pub fn add(&mut self, row: &'static str, sample: Sample) {
        if !self.rows.contains(&row) {
            self.rows.push(row);
        }
        self.by_row.entry(row).or_default().push(sample);
    }

    /// A quantity of a row over all rounds.
    pub fn spread(&self, row: &str, quantity: fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(self.by_row.get(row)?.iter().map(quantity))
    }

    /// The ratio of two rows, taken round by round.
    pub fn ratio(&self, above: &str, below: &str, quantity: fn(&Sample) -> f64) -> Option<Spread> {
        let (above, below) = (self.by_row.get(above)?, self.by_row.get(below)?);
        let pairs = above.iter().zip(below);
        Spread::of(pairs.map(|(above, below)| quantity(above) / quantity(below)))
    }
}

impl Spread {
    /// One value, which lies nowhere else.
    pub fn only(value: f64) -> Self {
        Self {
            median: value,
            min: value,
            max: value,
        }
    }

    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.filter(|it| it.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            median: *values.get(values.len() / 2)?,
            min: *values.first()?,
            max: *values.last()?,
        })
    }
}
