//! What must hold: ratios within one run and counts, never speeds, for machines differ.
//!
//! A *goal* is what we promise. A *floor* is missed by a wide margin only, and fails the run:
//! rounds on a busy machine lie up to a third apart, and a gate that cries wolf is switched off.
//! Counts do not depend on the machine, so their floor is the goal.

use std::time::Duration;

use crate::conditions::Sync;
use crate::counts::Counts;
use crate::rows as row;
use crate::sample::{Sample, Samples, Spread};

/// The disk may change by this factor during a run; beyond it nothing is judged.
const SYNC_MOVES_MAX: f64 = 3.0;

/// What is judged.
#[derive(Clone, Copy)]
enum Of {
    /// The ratio of two rows in answers a second.
    Rates(&'static str, &'static str),
    /// The ratio of two rows in median latency.
    Medians(&'static str, &'static str),
    /// The ratio of two rows in processor time of this process.
    Times(&'static str, &'static str),
    /// A count of one command.
    Count(&'static str, fn(&Counts) -> f64),
}

/// One promise.
struct Gate {
    what: &'static str,
    of: Of,
    at_least: bool,
    goal: f64,
    floor: f64,
}

/// How a promise was kept.
pub struct Judged {
    /// The promise.
    pub what: &'static str,
    /// What was measured.
    pub spread: Option<Spread>,
    /// The goal, as text.
    pub goal: String,
    /// How it was kept.
    pub verdict: Verdict,
}

/// How a promise was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The goal is reached.
    Reached,
    /// Between floor and goal.
    Below,
    /// Below the floor: the run fails.
    Missed,
}

const fn rates(
    what: &'static str,
    above: &'static str,
    below: &'static str,
    goal: f64,
    floor: f64,
) -> Gate {
    Gate {
        what,
        of: Of::Rates(above, below),
        at_least: true,
        goal,
        floor,
    }
}

const fn count(what: &'static str, row: &'static str, of: fn(&Counts) -> f64, goal: f64) -> Gate {
    Gate {
        what,
        of: Of::Count(row, of),
        at_least: false,
        goal,
        floor: goal,
    }
}

const COLD: &str = "journal, cold, 512";
const HOT: &str = "journal, hot, 512";

const GATES: &[Gate] = &[
    rates(
        "hot key, 512: journal / usual service",
        row::JOURNAL_HOT_512,
        row::USUAL_HOT_512,
        30.0,
        // The row lock of the usual service lasts as long as a sync, which machines differ in.
        12.0,
    ),
    rates(
        "cold: journal / raw batches",
        row::JOURNAL_COLD_512,
        row::RAW_COLD,
        0.4,
        0.2,
    ),
    rates(
        "hot: journal / raw batches",
        row::JOURNAL_HOT_512,
        row::RAW_HOT,
        0.4,
        0.2,
    ),
    rates(
        "cold: TCP / raw batches",
        row::REMOTE_COLD_512,
        row::RAW_COLD,
        0.25,
        0.1,
    ),
    rates(
        "hot: TCP / raw batches",
        row::REMOTE_HOT_512,
        row::RAW_HOT,
        0.25,
        0.1,
    ),
    rates(
        "journal: hot / cold",
        row::JOURNAL_HOT_512,
        row::JOURNAL_COLD_512,
        1.5,
        1.0,
    ),
    Gate {
        what: "one caller, cold: median / bare commit",
        of: Of::Medians(row::JOURNAL_COLD_1, row::TINY_1),
        at_least: false,
        goal: 3.5,
        // Round trips between processes that share two cores take what the scheduler takes.
        floor: 6.0,
    },
    Gate {
        what: "one caller, hot: median / bare commit",
        of: Of::Medians(row::JOURNAL_HOT_1, row::TINY_1),
        at_least: false,
        goal: 3.5,
        floor: 6.0,
    },
    Gate {
        what: "tracing at 1 %: processor time on / off",
        // Time and not speed: callers in a closed loop also get what a neighbour leaves.
        of: Of::Times(row::TRACED, row::UNTRACED),
        at_least: false,
        goal: 1.1,
        floor: 1.3,
    },
    rates(
        "product in memory / bare echo",
        row::PRODUCT,
        row::ECHO,
        0.7,
        0.35,
    ),
    count("statements a command, cold", COLD, |it| it.statements, 0.5),
    count("statements a command, hot", HOT, |it| it.statements, 0.5),
    count("syncs a command, cold", COLD, |it| it.syncs, 0.3),
    count("syncs a command, hot", HOT, |it| it.syncs, 0.3),
];

/// Judges a run.
pub fn judge(samples: &Samples, counts: &[Counts]) -> Vec<Judged> {
    GATES
        .iter()
        .map(|gate| gate.judge(samples, counts))
        .collect()
}

/// Says whether the disk stayed itself, so that a run can be judged.
pub fn is_steady(probes: &[Sync]) -> bool {
    let times = probes
        .iter()
        .map(|it| it.0.max(Duration::from_nanos(1)).as_secs_f64());
    let (least, most) = times.fold((f64::MAX, 0.0_f64), |(least, most), it| {
        (least.min(it), most.max(it))
    });
    most <= least * SYNC_MOVES_MAX
}

impl Gate {
    fn judge(&self, samples: &Samples, counts: &[Counts]) -> Judged {
        let spread = match self.of {
            Of::Rates(above, below) => samples.ratio(above, below, |it| it.rate),
            Of::Medians(above, below) => samples.ratio(above, below, median),
            Of::Times(above, below) => samples.ratio(above, below, |it| it.ours.as_secs_f64()),
            Of::Count(row, of) => {
                let counted = counts.iter().find(|it| it.row == row).map(of);
                counted.map(Spread::only)
            }
        };
        let keeps = |limit: f64| {
            spread.is_some_and(|it| {
                if self.at_least {
                    it.median >= limit
                } else {
                    it.median <= limit
                }
            })
        };
        let verdict = match (keeps(self.goal), keeps(self.floor)) {
            (true, _) => Verdict::Reached,
            (false, true) => Verdict::Below,
            (false, false) => Verdict::Missed,
        };
        let sign = if self.at_least { '≥' } else { '≤' };
        Judged {
            what: self.what,
            spread,
            goal: format!("{sign} {}", self.goal),
            verdict,
        }
    }
}

fn median(sample: &Sample) -> f64 {
    sample.median.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn sample(rate: f64) -> Sample {
        Sample {
            rate,
            median: Duration::from_millis(1),
            p99: Duration::from_millis(1),
            ours: Duration::ZERO,
            postgres: Duration::ZERO,
        }
    }

    fn verdict(ours: f64, usual: f64) -> Verdict {
        let mut samples = Samples::default();
        samples.add(row::JOURNAL_HOT_512, sample(ours));
        samples.add(row::USUAL_HOT_512, sample(usual));
        judge(&samples, &[])[0].verdict
    }

    #[test]
    fn a_goal_is_reached_missed_a_little_or_missed_by_far() {
        assert_eq!(verdict(30_000.0, 1_000.0), Verdict::Reached);
        assert_eq!(verdict(29_000.0, 1_000.0), Verdict::Below);
        assert_eq!(verdict(11_000.0, 1_000.0), Verdict::Missed);
    }

    #[test]
    fn what_was_not_measured_is_missed() {
        let judged = judge(&Samples::default(), &[]);
        assert!(judged.iter().all(|it| it.verdict == Verdict::Missed));
    }

    #[test]
    fn a_disk_that_moved_more_than_threefold_is_not_steady() {
        let probe = |micros| Sync(Duration::from_micros(micros));
        assert!(is_steady(&[probe(100), probe(300)]));
        assert!(!is_steady(&[probe(100), probe(301)]));
    }
}
