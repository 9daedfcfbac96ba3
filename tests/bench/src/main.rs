#![doc = include_str!("../README.md")]

mod apart;
mod bed;
mod collector;
mod conditions;
mod cores;
mod counts;
mod doors;
mod gates;
mod latency;
mod load;
mod order;
mod overload;
mod plan;
mod process;
mod processor;
mod profile;
mod proof;
mod report;
mod rivals;
mod round;
mod rows;
mod sample;
mod stock;
mod wire;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use conditions::Sync;
use gates::Verdict;
use plan::Plan;
use report::Report;
use round::Rounds;

/// Limits of the machine, the usual service and ours, measured in one run as ratios.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Arguments {
    /// A first look in less than a minute: one short round
    #[arg(long)]
    quick: bool,
    /// Only the overload: twice the maximum for a minute, on cold keys and on a hot one
    #[arg(long)]
    overload: bool,
    /// Only where a batch of the journal and a raw one spend their time in Postgres
    #[arg(long)]
    profile: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What the benchmark runs as a process of its own.
#[derive(Debug, Subcommand)]
enum Part {
    /// The service of the overload, apart from those who call it
    #[command(hide = true)]
    Serve,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    if let Some(Part::Serve) = arguments.part {
        runtime.block_on(apart::serve())?;
        return Ok(ExitCode::SUCCESS);
    }
    let passed = runtime.block_on(run(&arguments, Report(io::stdout())))?;
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run<W: Write>(arguments: &Arguments, mut report: Report<W>) -> anyhow::Result<bool> {
    let plan = if arguments.quick {
        Plan::QUICK
    } else {
        Plan::FULL
    };
    let began = tokio::time::Instant::now();
    report.line(&conditions::machine())?;
    let logged: &[_] = if arguments.profile {
        &profile::LOGGED
    } else {
        &[]
    };
    let mut rounds = Rounds::prepare(plan.phase, logged).await?;
    let url = rounds.bed.postgres.admin_url("postgres");
    report.line(&conditions::server(&url).await?)?;
    let passed = if arguments.profile {
        profile::all(&mut rounds, &mut report).await.map(|()| true)
    } else if arguments.overload {
        overload::all(&mut rounds, plan.overload, &mut report).await
    } else {
        measured(&mut rounds, &plan, &mut report).await
    };
    rounds.bed.end().await?;
    let took = began.elapsed().as_secs();
    report.line(&format!("{took} s in all"))?;
    passed
}

/// Measures everything, writes the table, and says whether the promises were kept.
async fn measured<W: Write>(
    rounds: &mut Rounds,
    plan: &Plan,
    report: &mut Report<W>,
) -> anyhow::Result<bool> {
    let mut probes = vec![rounds.bed.sync().await?];
    for round in 1..=plan.rounds {
        rounds
            .round()
            .await
            .with_context(|| format!("round {round}"))?;
        probes.push(rounds.bed.sync().await?);
        report.line(&format!("round {round} of {}", plan.rounds))?;
    }
    let counts = counts::all(rounds).await?;
    let latencies = latency::all(rounds, plan.open).await?;
    probes.push(rounds.bed.sync().await?);
    report.samples(&rounds.samples)?;
    report.counts(&counts)?;
    report.latencies(&latencies)?;
    let judged = gates::judge(&rounds.samples, &counts);
    report.gates(&judged)?;
    report.line(&format!(
        "\nverified: {} facts folded anew, no difference",
        rounds.verified
    ))?;
    report.line(&synced(&probes))?;
    if !gates::is_steady(&probes) {
        report.line("the disk moved more than threefold during the run: nothing is judged")?;
        return Ok(true);
    }
    Ok(judged.iter().all(|it| it.verdict != Verdict::Missed))
}

fn synced(probes: &[Sync]) -> String {
    let times = probes
        .iter()
        .map(|it| format!("{:.3} ms", it.0.as_secs_f64() * 1e3));
    format!(
        "fdatasync of one page, before, between and after: {}",
        times.collect::<Vec<_>>().join(", ")
    )
}
