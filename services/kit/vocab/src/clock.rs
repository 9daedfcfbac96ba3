//! The clock that is handed to whoever needs the time: the system's, or one that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Moment;

/// Tells the time. Copies tell the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    shift_us: Arc<AtomicI64>,
}

/// Moves one clock; held by the test that made it.
#[derive(Clone, Debug)]
pub struct ClockHands(Clock);

#[derive(Clone, Copy, Debug)]
enum Source {
    System,
    Fixed(Moment),
}

impl Clock {
    /// Returns the system's clock, which nobody can move.
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// Returns a clock that stands still, and the hands to move it.
    pub fn fixed(at: Moment) -> (Self, ClockHands) {
        Self::of(Source::Fixed(at)).with_hands()
    }

    /// Returns a clock that runs with the system's, and the hands to put it wrong.
    pub fn skewed() -> (Self, ClockHands) {
        Self::of(Source::System).with_hands()
    }

    /// Tells the time; a clock that is outside the era tells the nearer end of it.
    pub fn now(&self) -> Moment {
        let shift_us = self.shift_us.load(Ordering::Relaxed);
        Moment::clamped(self.source.micros().saturating_add(shift_us))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            shift_us: Arc::default(),
        }
    }

    fn with_hands(self) -> (Self, ClockHands) {
        let hands = ClockHands(self.clone());
        (self, hands)
    }
}

impl ClockHands {
    /// Puts the clock to a moment, from where it stands still or runs on.
    pub fn set(&self, moment: Moment) {
        let shift_us = moment.micros().saturating_sub(self.0.source.micros());
        self.0.shift_us.store(shift_us, Ordering::Relaxed);
    }

    /// Puts the clock forward.
    pub fn forward(&self, by: Duration) {
        let by_us = saturated_micros(by.as_micros());
        self.0
            .shift_us
            .update(Ordering::Relaxed, Ordering::Relaxed, |us| {
                us.saturating_add(by_us)
            });
    }

    /// Puts the clock back.
    pub fn back(&self, by: Duration) {
        let by_us = saturated_micros(by.as_micros());
        self.0
            .shift_us
            .update(Ordering::Relaxed, Ordering::Relaxed, |us| {
                us.saturating_sub(by_us)
            });
    }
}

impl Source {
    fn micros(self) -> i64 {
        match self {
            Self::System => system_micros(),
            Self::Fixed(moment) => moment.micros(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clock"
)]
fn system_micros() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => saturated_micros(since.as_micros()),
        Err(_) => 0, // before 1970
    }
}

fn saturated_micros(micros: u128) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Clock;
    use crate::{Date, Moment};

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn the_system_clock_is_past_the_day_this_was_written() {
        assert!(Clock::system().now().utc_date() > Date::new(2025, 1, 1).unwrap());
    }

    #[test]
    fn a_fixed_clock_stands_still_until_moved() {
        let start = Moment::from_micros(1_700_000_000_000_001).unwrap();
        let (clock, hands) = Clock::fixed(start);
        let copy = clock.clone();
        assert_eq!((clock.now(), clock.now()), (start, start));
        hands.forward(HOUR);
        assert_eq!(copy.now(), start.plus(HOUR).unwrap());
        hands.back(HOUR * 2);
        assert_eq!(copy.now(), start.minus(HOUR).unwrap());
        hands.set(Moment::FIRST);
        assert_eq!(clock.now(), Moment::FIRST);
    }

    #[test]
    fn a_skewed_clock_runs_beside_the_system() {
        let (clock, hands) = Clock::skewed();
        hands.forward(HOUR);
        let ahead = clock.now().since(Clock::system().now()).unwrap();
        assert!(ahead > HOUR / 2 && ahead <= HOUR);
    }

    #[test]
    fn a_clock_beyond_the_era_tells_its_end() {
        let (clock, hands) = Clock::fixed(Moment::FIRST);
        hands.back(Duration::MAX);
        assert_eq!(clock.now(), Moment::FIRST);
        hands.set(Moment::LAST);
        hands.forward(Duration::MAX);
        assert_eq!(clock.now(), Moment::LAST);
    }
}
