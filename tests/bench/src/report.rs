//! The table that a run ends with.

use std::io::{self, Write};

use crate::counts::Counts;
use crate::gates::{Judged, Verdict};
use crate::latency::Latency;
use crate::sample::{Sample, Samples, Spread};

/// What goes where the reader is.
pub struct Report<W>(pub W);

impl<W: Write> Report<W> {
    /// Writes a line.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "{text}")?;
        self.0.flush()
    }

    /// Writes what was measured, one line a row.
    pub fn samples(&mut self, samples: &Samples) -> io::Result<()> {
        let names = [
            "answers/s",
            "min–max",
            "p50 ms",
            "p99 ms",
            "µs here",
            "µs PG",
        ];
        let [rate, range, p50, p99, ours, postgres] = names;
        self.line(&format!(
            "\n{:40} {rate:>9} {range:>15} {p50:>8} {p99:>8} {ours:>8} {postgres:>7}",
            "median of the rounds"
        ))?;
        for row in &samples.rows {
            if let Some(line) = sample_line(samples, row) {
                self.line(&line)?;
            }
        }
        Ok(())
    }

    /// Writes what one command costs.
    pub fn counts(&mut self, counts: &[Counts]) -> io::Result<()> {
        let names = ["statements", "round trips", "syncs", "WAL bytes"];
        let [statements, round_trips, syncs, bytes] = names;
        self.line(&format!(
            "\n{:40} {statements:>11} {round_trips:>11} {syncs:>9} {bytes:>9}",
            "counts a command"
        ))?;
        for it in counts {
            self.line(&format!(
                "{:40} {:>11.4} {:>11.4} {:>9.4} {:>9.0}",
                it.row, it.statements, it.round_trips, it.syncs, it.bytes
            ))?;
        }
        self.line("(the relay and the consumers are not part of this benchmark: nothing runs them)")
    }

    /// Writes latencies under load below the maximum.
    pub fn latencies(&mut self, latencies: &[Latency]) -> io::Result<()> {
        let head = "latency from the intended start, 70 % load";
        self.line(&format!(
            "\n{head:44} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "per s", "p50 ms", "p99 ms", "p99.9 ms", "max ms"
        ))?;
        for it in latencies {
            let at = |quantile| it.run.latency(quantile).as_secs_f64() * 1e3;
            self.line(&format!(
                "{:44} {:>8.0} {:>8.2} {:>8.2} {:>8.2} {:>8.2}",
                it.row,
                it.run.rate(),
                at(0.5),
                at(0.99),
                at(0.999),
                at(1.0)
            ))?;
        }
        Ok(())
    }

    /// Writes how the promises were kept.
    pub fn gates(&mut self, judged: &[Judged]) -> io::Result<()> {
        self.line(&format!(
            "\n{:40} {:>9} {:>17} {:>8}",
            "ratios", "median", "min–max", "goal"
        ))?;
        for it in judged {
            let (median, range) = it.spread.map_or_else(
                || ("–".to_owned(), String::new()),
                |it| (format!("{:.3}", it.median), range(it, 3)),
            );
            let verdict = match it.verdict {
                Verdict::Reached => "reached",
                Verdict::Below => "below the goal",
                Verdict::Missed => "MISSED",
            };
            let line = format!(
                "{:40} {median:>9} {range:>17} {:>8}  {verdict}",
                it.what, it.goal
            );
            self.line(&line)?;
        }
        Ok(())
    }
}

fn sample_line(samples: &Samples, row: &str) -> Option<String> {
    let rate = samples.spread(row, |it| it.rate)?;
    let median = |of: fn(&Sample) -> f64| samples.spread(row, of).map(|it| it.median);
    Some(format!(
        "{row:40} {:>9.0} {:>15} {:>8.2} {:>8.2} {:>8.1} {:>7.1}",
        rate.median,
        range(rate, 0),
        median(|it| it.median.as_secs_f64() * 1e3)?,
        median(|it| it.p99.as_secs_f64() * 1e3)?,
        median(|it| it.ours.as_secs_f64() * 1e6)?,
        median(|it| it.postgres.as_secs_f64() * 1e6)?,
    ))
}

fn range(spread: Spread, digits: usize) -> String {
    format!("{:.digits$}–{:.digits$}", spread.min, spread.max)
}
