//! What one command costs at 512 in flight: statements, round trips, syncs and bytes of the log.
//!
//! Counted in runs of their own, whose speed is not judged, because a tap sits on the wire. The
//! connections end before the server is asked, for only then has it counted all.

use testbed::Database;

use crate::bed::Written;
use crate::load::{Target, closed};
use crate::order::Mix;
use crate::process::Process;
use crate::rivals::usual::Usual;
use crate::round::Rounds;
use crate::wire::{Sent, Tap};

/// Callers of a counted run.
const CALLERS: usize = 512;

/// What one command costs.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Who, and which keys.
    pub row: &'static str,
    /// Statements.
    pub statements: f64,
    /// Waits for the server.
    pub round_trips: f64,
    /// Syncs of the log.
    pub syncs: f64,
    /// Bytes of the log.
    pub bytes: f64,
}

/// A counted run under way.
struct Meter {
    tap: Tap,
    sent: Sent,
    written: Written,
}

/// Counts ours and the usual service, on cold keys and on a hot one.
pub async fn all(rounds: &mut Rounds) -> anyhow::Result<Vec<Counts>> {
    let mut counts = Vec::new();
    for (mix, row) in [
        (Mix::Cold, "journal, cold, 512"),
        (Mix::Hot, "journal, hot, 512"),
    ] {
        counts.push(journal(rounds, mix, row).await?);
    }
    for (mix, row) in [
        (Mix::Cold, "usual service, cold, 512"),
        (Mix::Hot, "usual service, hot, 512"),
    ] {
        counts.push(usual(rounds, mix, row).await?);
    }
    Ok(counts)
}

async fn journal(rounds: &mut Rounds, mix: Mix, row: &'static str) -> anyhow::Result<Counts> {
    // Before the shelves are filled: a page that is changed the first time after a checkpoint is
    // logged whole, which short runs would be full of.
    rounds.bed.checkpoint().await?;
    let database = rounds.bed.database().await?;
    let filling = Process::open(&database.url())?;
    filling.stock(&rounds.world).await?;
    filling.end().await?;
    let meter = Meter::begin(rounds, &database).await?;
    let process = Process::open(&database.url_through(meter.tap.address()))?;
    let done = load(rounds, &process, mix).await?;
    process.end().await?;
    meter.end(rounds, row, done).await
}

async fn usual(rounds: &mut Rounds, mix: Mix, row: &'static str) -> anyhow::Result<Counts> {
    rounds.bed.checkpoint().await?;
    let database = rounds.bed.database().await?;
    let filling = Usual::connect(&database.url()).await?;
    filling.stock(&rounds.world).await?;
    filling.close().await;
    let meter = Meter::begin(rounds, &database).await?;
    let usual = Usual::connect(&database.url_through(meter.tap.address())).await?;
    let done = load(rounds, &usual, mix).await?;
    usual.close().await;
    meter.end(rounds, row, done).await
}

async fn load<T: Target>(rounds: &mut Rounds, target: &T, mix: Mix) -> anyhow::Result<usize> {
    let draws = rounds.draws(mix, CALLERS);
    let run = closed::run(target, draws, rounds.phase)
        .await?
        .all_granted()?;
    Ok(run.acknowledged.len())
}

impl Meter {
    async fn begin(rounds: &Rounds, database: &Database) -> anyhow::Result<Self> {
        let tap = Tap::open(database.postgres().address()).await?;
        Ok(Self {
            sent: tap.sent(),
            written: rounds.bed.written().await?,
            tap,
        })
    }

    async fn end(self, rounds: &Rounds, row: &'static str, done: usize) -> anyhow::Result<Counts> {
        let (sent, written) = (self.tap.sent(), rounds.bed.written().await?);
        let each = |count: f64| count / done.max(1) as f64;
        Ok(Counts {
            row,
            statements: each((sent.statements - self.sent.statements) as f64),
            round_trips: each((sent.round_trips - self.sent.round_trips) as f64),
            syncs: each((written.syncs - self.written.syncs) as f64),
            bytes: each((written.bytes - self.written.bytes) as f64),
        })
    }
}
