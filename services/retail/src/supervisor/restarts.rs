//! When a part that died is started again, and when that has become a crash loop.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The pause after the first death; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// Deaths within this time are counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// So many of them are a crash loop.
const LOOP_DEATHS: usize = 5;

/// The deaths of one part.
#[derive(Debug, Default)]
pub struct Restarts {
    deaths: VecDeque<Instant>,
    count: u32,
}

impl Restarts {
    /// Notes a death that nobody asked for, and returns the pause until the next start.
    pub fn died(&mut self, now: Instant) -> Duration {
        self.forget(now);
        self.deaths.push_back(now);
        self.count = self.count.saturating_add(1);
        let doublings = u32::try_from(self.deaths.len() - 1).unwrap_or(u32::MAX);
        let factor = 2_u32.saturating_pow(doublings);
        PAUSE.saturating_mul(factor).min(PAUSE_MAX)
    }

    /// Says whether it dies again and again.
    pub fn is_loop(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.deaths.len() >= LOOP_DEATHS
    }

    /// How often it died.
    pub fn count(&self) -> u32 {
        self.count
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |it: &Instant| now.duration_since(*it) >= WINDOW;
        while self.deaths.front().is_some_and(is_old) {
            self.deaths.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Restarts;

    #[test]
    fn pauses_double_up_to_a_limit_and_many_deaths_are_a_loop() {
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        let pauses: Vec<u128> = (0..9).map(|_| restarts.died(now).as_millis()).collect();
        assert_eq!(pauses[..4], [200, 400, 800, 1_600]);
        assert_eq!(pauses[8], 15_000);
        assert!(restarts.is_loop(now));
        assert_eq!(restarts.count(), 9);
    }

    #[test]
    fn what_ran_for_a_while_begins_anew() {
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        for _ in 0..5 {
            restarts.died(now);
        }
        let later = now + Duration::from_secs(61);
        assert!(!restarts.is_loop(later));
        assert_eq!(restarts.died(later).as_millis(), 200);
    }
}
