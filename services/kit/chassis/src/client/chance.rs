//! Chance for spreading load and pauses; never for secrets.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// A fraction from 0 to just below 1.
pub(super) fn fraction() -> f64 {
    // Each new state has other keys, so each hash of nothing is another number.
    let bits = RandomState::new().build_hasher().finish();
    let high = u32::try_from(bits >> 32).unwrap_or_default();
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

/// A number from 0 to just below a limit; 0 if the limit is 0.
pub(super) fn below(limit: usize) -> usize {
    let bits = RandomState::new().build_hasher().finish();
    usize::try_from(bits >> 33)
        .unwrap_or_default()
        .checked_rem(limit)
        .unwrap_or_default()
}

/// A time from nothing up to a limit.
pub(super) fn up_to(limit: Duration) -> Duration {
    limit.mul_f64(fraction())
}

/// The pause after so many failures in a row: it doubles from `base` up to `cap`, and any part of
/// it is as likely as any other, so that those who failed together do not come back together.
pub(super) fn backoff(failures: u32, base: Duration, cap: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    up_to(base.saturating_mul(1 << doublings).min(cap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_covers_its_range_and_stays_within() {
        let drawn: Vec<f64> = (0..2_000).map(|_| fraction()).collect();
        assert!(drawn.iter().all(|it| (0.0..1.0).contains(it)));
        let mean = drawn.iter().sum::<f64>() / 2_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        let mut seen = [0; 5];
        (0..2_000).for_each(|_| seen[below(5)] += 1);
        assert!(seen.iter().all(|it| *it > 250), "{seen:?}");
        assert_eq!(below(0), 0);
    }

    #[test]
    fn pauses_double_up_to_their_cap() {
        let (base, cap) = (Duration::from_millis(50), Duration::from_secs(2));
        let longest = |failures| {
            let pauses = (0..500).map(|_| backoff(failures, base, cap));
            pauses.max().unwrap()
        };
        assert!(longest(1) <= base && longest(1) > base / 2);
        assert!(longest(2) <= base * 2 && longest(2) > base);
        assert!(longest(60) <= cap && longest(60) > cap / 2);
    }
}
