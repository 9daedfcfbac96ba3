//! Twice what it can do, for a minute: a service must stay at its best and say no to the rest.

use std::io::Write;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::doors::client::Remote;
use crate::doors::{Doors, Watched};
use crate::load::{closed, open};
use crate::order::Mix;
use crate::process::Process;
use crate::processor::memory;
use crate::proof::{Proof, Tables};
use crate::report::Report;
use crate::round::Rounds;

/// How long the maximum is measured, at the callers that it is reached with.
const MAXIMUM: Duration = Duration::from_secs(5);
const CALLERS: usize = 512;
/// How far beyond the maximum callers go.
const FACTOR: f64 = 2.0;
/// The share of the maximum that must still be granted.
const GOODPUT: f64 = 0.8;
/// After which a service is itself again, and how much it is then asked for.
const RECOVERED_AFTER: Duration = Duration::from_secs(5);
const AFTERWARDS: Duration = Duration::from_secs(5);
const CALM: f64 = 0.3;
/// By how much memory may grow from the first third of the overload to its end: what was
/// acknowledged is remembered here, 16 bytes each, to be compared afterwards.
const MEMORY_GROWTH_MAX: u64 = 96 << 20;
const MEMORY_EVERY: Duration = Duration::from_millis(500);

/// Runs it on hot and cold keys.
pub async fn all<W: Write>(
    rounds: &mut Rounds,
    duration: Duration,
    report: &mut Report<W>,
) -> anyhow::Result<bool> {
    let cold = one(rounds, Mix::Cold, duration, report).await?;
    let hot = one(rounds, Mix::Hot, duration, report).await?;
    Ok(cold && hot)
}

async fn one<W: Write>(
    rounds: &mut Rounds,
    mix: Mix,
    duration: Duration,
    report: &mut Report<W>,
) -> anyhow::Result<bool> {
    let database = rounds.bed.database().await?;
    let filling = Process::open(&database.url())?;
    filling.stock(&rounds.world).await?;
    filling.end().await?;
    let url = database.url();
    let doors = Doors::open(&url, &rounds.product, &rounds.signer, Watched::Off);
    let doors = doors.await?;
    let remote = Remote::connect(doors.address, &rounds.tokens).await?;
    let mut proof = Proof::of(&database, Tables::Ours);

    let draws = rounds.draws(mix, CALLERS);
    let most = closed::run(&remote, draws, MAXIMUM).await?.all_granted()?;
    proof.after(&most).await?;

    let (mut seconds, mut watch) = (Vec::new(), Memory::watch(duration));
    let draw = rounds.draws(mix, 1).remove(0);
    let flood = open::run(&remote, draw, most.rate() * FACTOR, duration, &mut seconds).await?;
    let growth = watch.growth().await?;
    proof.after(&flood).await?;

    // What was queued is done by now: `open` waited for every answer.
    let draw = rounds.draws(mix, 1).remove(0);
    let rate = most.rate() * CALM;
    let after = open::run(&remote, draw, rate, AFTERWARDS, &mut Vec::new()).await?;
    proof.after(&after).await?;
    drop(remote);
    doors.end().await?;
    rounds.verified += proof.verified().await?;

    let share = flood.rate() / most.rate();
    let recovered = after.failed + after.shed == 0 && after.latency(0.99) < RECOVERED_AFTER;
    report.line(&format!(
        "overload, {mix:?}: maximum {:.0}/s, asked {:.0}/s for {} s: granted {:.0}/s ({:.0} %), \
         shed {} with a hint, {} failed otherwise ({}), p99 {:.0} ms, \
         memory +{} MiB; then {} of {} granted, p99 {:.0} ms",
        most.rate(),
        most.rate() * FACTOR,
        duration.as_secs(),
        flood.rate(),
        share * 100.0,
        flood.shed,
        flood.failed,
        flood.last_failure.as_deref().unwrap_or("none"),
        flood.latency(0.99).as_secs_f64() * 1e3,
        growth >> 20,
        after.acknowledged.len(),
        after.acknowledged.len() as u64 + after.shed + after.failed,
        after.latency(0.99).as_secs_f64() * 1e3,
    ))?;
    let typed = flood.failed == 0;
    Ok(share >= GOODPUT && typed && recovered && growth <= MEMORY_GROWTH_MAX)
}

/// The memory of this process, read while it is flooded.
struct Memory(JoinSet<u64>);

impl Memory {
    fn watch(duration: Duration) -> Self {
        let mut watching = JoinSet::new();
        watching.spawn(async move {
            tokio::time::sleep(duration / 3).await;
            let (first, mut most) = (memory(), 0);
            let left = (duration * 2 / 3).as_millis() / MEMORY_EVERY.as_millis();
            for _ in 0..left {
                tokio::time::sleep(MEMORY_EVERY).await;
                most = memory().max(most);
            }
            most.saturating_sub(first)
        });
        Self(watching)
    }

    async fn growth(&mut self) -> anyhow::Result<u64> {
        let growth = self.0.join_next().await.transpose()?;
        Ok(growth.unwrap_or_default())
    }
}
