//! Ids of what comes into being: the time of the call and random bits.

use chassis::fault::Fault;
use vocab::{Id, Kind, Moment};

/// Draws ids, all different.
#[derive(Clone, Debug)]
pub struct Draw {
    time_ms: u64,
    seed: [u8; 16],
    drawn: u32,
}

impl Draw {
    /// Draws ids of this moment.
    pub fn at(now: Moment) -> Result<Self, Fault> {
        let mut seed = [0; 16];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| Fault::bug("no randomness"))?;
        Ok(Self {
            time_ms: now.millis(),
            seed,
            drawn: 0,
        })
    }

    /// Draws one.
    pub fn id<K: Kind>(&mut self) -> Id<K> {
        self.drawn = self.drawn.wrapping_add(1);
        Id::derive(Some(self.time_ms), &[&self.seed, &self.drawn.to_be_bytes()])
    }
}
