//! A small generator of numbers (SplitMix64) that a seed determines on every machine.

/// A source of choices.
pub struct Random(u64);

impl Random {
    /// The same seed gives the same choices.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; zero for a bound of zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.draw() % bound.max(1)).unwrap_or_default()
    }

    /// A number from one to another, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        let span = most.saturating_sub(least).saturating_add(1);
        least.saturating_add(self.draw() % span)
    }

    /// A signed number from one to another, both included; the ends come up often.
    pub fn within(&mut self, least: i128, most: i128) -> i128 {
        match self.below(6) {
            0 => least,
            1 => most,
            _ => {
                let span = (most - least).unsigned_abs().saturating_add(1);
                let step = u128::from(self.draw()) % span;
                least.saturating_add(i128::try_from(step).unwrap_or_default())
            }
        }
    }

    /// Yes or no.
    pub fn coin(&mut self) -> bool {
        self.draw() & 1 == 0
    }

    /// One of these.
    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}
