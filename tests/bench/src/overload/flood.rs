//! The flood itself: a calm time, twice the maximum, and a calm time again, without a pause.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::busy::{Busy, Watched};
use super::recovery::Windows;
use super::{GOODPUT, GROWTH_MAX, GROWTH_MORE, RECOVERED_WITHIN, share};
use crate::apart::Apart;
use crate::doors::line::Lines;
use crate::load::Run;
use crate::load::stages::{self, Answered, Stage};
use crate::order::Draw;
use crate::processor::memory;
use crate::report::Report;

/// How far beyond the maximum callers go.
const FACTOR: f64 = 2.0;
/// How much of the maximum is asked for before and after, and how long.
const CALM: f64 = 0.3;
const BEFORE: Duration = Duration::from_secs(5);
const AFTER: Duration = Duration::from_secs(10);
/// How often memory is read.
const MEMORY_EVERY: Duration = Duration::from_millis(250);

/// What is about to come.
pub struct Flood {
    stages: [Stage; 3],
}

/// What came of it.
pub struct Flooded {
    /// The calm time before.
    pub before: Run,
    /// The flood.
    pub during: Run,
    /// The calm time behind it.
    pub after: Run,
    windows: [Windows; 2],
    failures: BTreeMap<String, u64>,
    memory: Memory,
    busy: Busy,
}

/// The most memory in each third of the flood, in bytes, and before it.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    before: u64,
    thirds: [u64; 3],
}

impl Flood {
    /// A flood of twice a maximum.
    pub fn of(most: f64, duration: Duration) -> Self {
        let calm = |duration| Stage {
            rate: most * CALM,
            duration,
        };
        let flood = Stage {
            rate: most * FACTOR,
            duration,
        };
        Self {
            stages: [calm(BEFORE), flood, calm(AFTER)],
        }
    }

    /// Lets it come.
    pub async fn run(
        &self,
        remote: &Lines,
        draw: Draw,
        service: &Apart,
        postmaster: Option<u32>,
    ) -> anyhow::Result<Flooded> {
        let [_, flood, _] = self.stages;
        let began = Instant::now() + BEFORE;
        let mut watching = JoinSet::new();
        watching.spawn(watch(began, flood.duration, service.process, postmaster));
        let mut windows = [Windows::default(), Windows::default()];
        let mut failures = BTreeMap::new();
        let runs = stages::run(remote, draw, &self.stages, |answered| {
            look(answered, &mut windows, &mut failures);
        });
        let runs: [Run; 3] = runs.await?.try_into().ok().context("three stages")?;
        let [before, during, after] = runs;
        let watched = watching.join_next().await.context("nobody watched")?;
        let (memory, busy) = watched?;
        Ok(Flooded {
            before,
            during,
            after,
            windows,
            failures,
            memory,
            busy,
        })
    }
}

fn look(answered: &Answered, windows: &mut [Windows; 2], failures: &mut BTreeMap<String, u64>) {
    let [before, after] = windows;
    let window = match answered.stage {
        0 => Some(before),
        1 => None,
        _ => Some(after),
    };
    if let Some(window) = window {
        let granted = answered.answer.is_ok();
        window.note(answered.offset, answered.took, granted);
    }
    if let Err(refused) = &answered.answer
        && !refused.shed
    {
        *failures.entry(refused.why.clone()).or_default() += 1;
    }
}

/// Watches memory and processors while the flood lasts.
async fn watch(
    began: Instant,
    duration: Duration,
    service: u32,
    postmaster: Option<u32>,
) -> (Memory, Busy) {
    sleep_until(began).await;
    let mut seen = Memory {
        before: memory(service),
        ..Memory::default()
    };
    let watched = Watched::begin(service, postmaster);
    for third in &mut seen.thirds {
        let mut left = duration / 3;
        while !left.is_zero() {
            sleep(MEMORY_EVERY.min(left)).await;
            left = left.saturating_sub(MEMORY_EVERY);
            *third = memory(service).max(*third);
        }
    }
    (seen, watched.busy())
}

impl Memory {
    fn is_flat(&self) -> bool {
        let [first, second, third] = self.thirds;
        let most = (first as f64 * GROWTH_MAX) as u64;
        second.max(third) <= most.max(first + GROWTH_MORE)
    }
}

impl Flooded {
    /// How long until the service was itself again.
    fn recovered(&mut self) -> Option<Duration> {
        let [before, after] = &mut self.windows;
        let worst = before.worst();
        after.recovered(worst)
    }

    /// All answers, to be compared with what is stored.
    pub fn all(&self) -> anyhow::Result<Run> {
        let mut all = Run::new(Duration::ZERO)?;
        for run in [&self.before, &self.during, &self.after] {
            all.acknowledged.extend(&run.acknowledged);
            all.shed += run.shed;
            all.failed += run.failed;
        }
        Ok(all)
    }

    /// Says whether the promises were kept.
    pub fn passed(&mut self, most: &Run) -> bool {
        let recovered = self.recovered();
        let in_time = recovered.is_some_and(|it| it <= RECOVERED_WITHIN);
        let calls = [&self.before, &self.during, &self.after];
        let typed = calls.iter().all(|it| it.failed == 0);
        share(&self.during, most) >= GOODPUT && in_time && typed && self.memory.is_flat()
    }

    /// Writes what came of it.
    pub fn tell<W: Write>(
        &mut self,
        name: &str,
        most: &Run,
        report: &mut Report<W>,
    ) -> anyhow::Result<()> {
        let milliseconds = |run: &Run, quantile| run.latency(quantile).as_secs_f64() * 1e3;
        let recovered = self.recovered();
        let recovered = recovered.map(|it| format!("after {} ms", it.as_millis()));
        let (during, seconds) = (&self.during, self.during.elapsed.as_secs());
        report.line(&format!(
            "{name}: maximum {:.0}/s (p99 {:.0} ms), asked {:.0}/s for {seconds} s: granted \
             {:.0}/s ({:.0} %, p50 {:.0} ms, p99 {:.0} ms), {} refused with a hint, {} failed \
             otherwise",
            most.rate(),
            milliseconds(most, 0.99),
            most.rate() * FACTOR,
            during.rate(),
            share(during, most) * 100.0,
            milliseconds(during, 0.5),
            milliseconds(during, 0.99),
            during.shed,
            during.failed,
        ))?;
        let mib = |bytes: u64| bytes >> 20;
        report.line(&format!(
            "{name}: at {:.0} % of the maximum p99 was {:.1} ms before and {:.1} ms behind it, \
             itself again {}; memory {} MiB before, {:?} MiB in its thirds; {}",
            CALM * 100.0,
            milliseconds(&self.before, 0.99),
            milliseconds(&self.after, 0.99),
            recovered.as_deref().unwrap_or("never"),
            mib(self.memory.before),
            self.memory.thirds.map(mib),
            self.busy,
        ))?;
        for (why, count) in &self.failures {
            report.line(&format!("{name}: {count} times {why}"))?;
        }
        Ok(())
    }
}
