//! Chance for ids and pauses: seeded by the system, and nothing that must be kept secret.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use vocab::{EventId, Moment};

/// A generator of numbers that no other process has too.
pub(crate) struct Dice {
    lanes: [u64; 2],
}

impl Dice {
    pub fn new() -> Self {
        // The standard library seeds each of these with what the system calls random.
        let seed = || RandomState::new().build_hasher().finish();
        Self {
            lanes: [seed(), seed()],
        }
    }

    /// Makes an id of a fact.
    pub fn event_id(&mut self, at: Moment) -> EventId {
        let (high, low) = (self.roll(0).to_be_bytes(), self.roll(1).to_be_bytes());
        let mut random = [0; 10];
        for (slot, byte) in random.iter_mut().zip(high.into_iter().chain(low)) {
            *slot = byte;
        }
        EventId::at(at.millis(), random)
    }

    /// Returns some time up to the most.
    pub fn duration(&mut self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.roll(0) % micros.max(1))
    }

    /// The step of SplitMix64, on one of two states that know nothing of each other.
    fn roll(&mut self, lane: usize) -> u64 {
        let Some(state) = self.lanes.get_mut(lane) else {
            return 0;
        };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use vocab::Moment;

    use super::Dice;

    #[test]
    fn no_two_dice_make_the_same_ids() {
        let (mut one, mut other) = (Dice::new(), Dice::new());
        let ids =
            (0..1_000).flat_map(|_| [&mut one, &mut other].map(|it| it.event_id(Moment::LAST)));
        let ids: HashSet<_> = ids.collect();
        assert_eq!(ids.len(), 2_000);
    }
}
