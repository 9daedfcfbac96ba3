//! Twice what it can do, for a minute: a service must stay at its best and say no to the rest.

mod busy;
mod flood;
mod recovery;

use std::io::Write;
use std::time::Duration;

use crate::apart::Apart;
use crate::cores::{Cores, give};
use crate::doors::line::Lines;
use crate::load::{Run, closed};
use crate::order::Mix;
use crate::process::Process;
use crate::processor::family;
use crate::proof::{Proof, Tables};
use crate::report::Report;
use crate::round::Rounds;
use busy::Watched;
use flood::Flood;

/// How long the maximum is sought before it counts, and measured, at the callers that it is
/// reached with.
const WARM: Duration = Duration::from_secs(2);
const MAXIMUM: Duration = Duration::from_secs(8);
const CALLERS: usize = 512;
/// The share of the maximum that must still be granted.
const GOODPUT: f64 = 0.8;
/// After which a service is itself again.
const RECOVERED_WITHIN: Duration = Duration::from_secs(5);
/// By how much memory may grow between the first third of the flood and its end: for a flat line
/// that moves by what allocator and caches do.
const GROWTH_MAX: f64 = 1.1;
const GROWTH_MORE: u64 = 8 << 20;

/// Runs it on cold and hot keys.
pub async fn all<W: Write>(
    rounds: &mut Rounds,
    duration: Duration,
    report: &mut Report<W>,
) -> anyhow::Result<bool> {
    let cores = Cores::divide()?;
    match &cores {
        Some(cores) => report.line(&format!("overload: {cores}"))?,
        None => report.line("overload: one processor for callers, service and Postgres")?,
    }
    let cold = one(rounds, (Mix::Cold, duration), cores.as_ref(), report).await?;
    let hot = one(rounds, (Mix::Hot, duration), cores.as_ref(), report).await?;
    Ok(cold && hot)
}

async fn one<W: Write>(
    rounds: &mut Rounds,
    (mix, duration): (Mix, Duration),
    cores: Option<&Cores>,
    report: &mut Report<W>,
) -> anyhow::Result<bool> {
    let database = rounds.bed.database().await?;
    let filling = Process::open(&database.url())?;
    filling.stock(&rounds.world).await?;
    filling.end().await?;
    let postmaster = rounds.bed.postgres.pid();
    let service = apart(rounds, &database.url(), cores).await?;
    let remote = Lines::connect(service.address, &rounds.tokens).await?;
    let mut proof = Proof::of(&database, Tables::Ours);

    let draws = rounds.draws(mix, CALLERS);
    let warm = closed::run(&remote, draws, WARM).await?.all_granted()?;
    proof.after(&warm).await?;
    let draws = rounds.draws(mix, CALLERS);
    let watched = Watched::begin(service.process, postmaster);
    let most = closed::run(&remote, draws, MAXIMUM).await?.all_granted()?;
    let busy = watched.busy();
    proof.after(&most).await?;

    let draw = rounds.draws(mix, 1).remove(0);
    let flood = Flood::of(most.rate(), duration);
    let mut flooded = flood.run(&remote, draw, &service, postmaster).await?;
    proof.after(&flooded.all()?).await?;
    drop(remote);
    service.end().await?;
    rounds.verified += proof.verified().await?;
    report.line(&format!("overload, {mix:?}: at the maximum {busy}"))?;
    flooded.tell(&format!("overload, {mix:?}"), &most, report)?;
    Ok(flooded.passed(&most))
}

/// Starts the service, and gives it, Postgres and callers what is theirs, now and for all that they
/// start. A process has the processors of whoever starts it, and as many threads.
async fn apart(rounds: &Rounds, url: &str, cores: Option<&Cores>) -> anyhow::Result<Apart> {
    let Some(cores) = cores else {
        return Apart::start(url, &rounds.signer).await;
    };
    let postgres = rounds.bed.postgres.pid().map(family).unwrap_or_default();
    let us = std::process::id();
    for process in postgres.into_iter().chain([us]) {
        give(process, &cores.service)?;
    }
    let service = Apart::start(url, &rounds.signer).await?;
    give(us, &cores.callers)?;
    Ok(service)
}

/// Says how much of the maximum a run granted.
fn share(run: &Run, most: &Run) -> f64 {
    run.rate() / most.rate()
}
