//! Latency below the maximum: requests that come at their own times, timed from when they should
//! have come, at 70 % of what the same run has just shown to be the most.

use std::time::Duration;

use crate::doors::client::Remote;
use crate::doors::{Doors, Watched};
use crate::load::{Run, open};
use crate::order::Mix;
use crate::process::Process;
use crate::proof::{Proof, Tables};
use crate::round::Rounds;
use crate::rows;

/// The share of the maximum.
const LOAD: f64 = 0.7;

/// One measurement.
pub struct Latency {
    /// What was measured.
    pub row: &'static str,
    /// What came of it.
    pub run: Run,
}

/// Measures cold and hot keys over TCP.
pub async fn all(rounds: &mut Rounds, duration: Duration) -> anyhow::Result<Vec<Latency>> {
    let database = rounds.bed.database().await?;
    let filling = Process::open(&database.url())?;
    filling.stock(&rounds.world).await?;
    filling.end().await?;
    let url = database.url();
    let doors = Doors::open(&url, &rounds.product, &rounds.signer, Watched::Off);
    let doors = doors.await?;
    let remote = Remote::connect(doors.address, &rounds.tokens).await?;
    let mut proof = Proof::of(&database, Tables::Ours);
    let mut latencies = Vec::new();
    for (mix, row) in [
        (Mix::Cold, rows::REMOTE_COLD_512),
        (Mix::Hot, rows::REMOTE_HOT_512),
    ] {
        let most = rounds.samples.spread(row, |it| it.rate);
        let rate = most.map_or(0.0, |it| it.median) * LOAD;
        for draw in rounds.draws(mix, 1) {
            let run = open::run(&remote, draw, rate, duration).await?;
            proof.after(&run).await?;
            latencies.push(Latency { row, run });
        }
    }
    drop(remote);
    doors.end().await?;
    rounds.verified += proof.verified().await?;
    Ok(latencies)
}
