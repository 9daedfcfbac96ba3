//! When a service is itself again: from when on it refuses nobody and answers as fast as before.

use std::time::Duration;

/// What is looked at together.
const WINDOW: Duration = Duration::from_millis(250);
/// How many such times in a row must be as before: a second.
const CALM: usize = 4;
/// A time counts as calm if its p99 is at most so many times the worst of before.
const SLOWER_MAX: u32 = 2;

/// Answers by the time at which their requests were meant to come.
#[derive(Default)]
pub struct Windows(Vec<Window>);

#[derive(Default)]
struct Window {
    refused: u64,
    took: Vec<Duration>,
}

impl Windows {
    /// Notes an answer; `granted` says whether it is a grant.
    pub fn note(&mut self, offset: Duration, took: Duration, granted: bool) {
        let at = (offset.as_millis() / WINDOW.as_millis()) as usize;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, Window::default);
        }
        if let Some(window) = self.0.get_mut(at) {
            window.took.push(took);
            window.refused += u64::from(!granted);
        }
    }

    /// The slowest p99 of all windows.
    pub fn worst(&mut self) -> Duration {
        let slow = self.0.iter_mut().map(Window::slow);
        slow.max().unwrap_or_default()
    }

    /// How long until the service was as before for a second; nothing if it never was.
    pub fn recovered(&mut self, worst_before: Duration) -> Option<Duration> {
        let limit = worst_before * SLOWER_MAX;
        let calm = |it: &mut Window| it.refused == 0 && it.slow() <= limit;
        let calm: Vec<bool> = self.0.iter_mut().map(calm).collect();
        let first = calm.windows(CALM).position(|it| it.iter().all(|it| *it))?;
        Some(WINDOW * u32::try_from(first).ok()?)
    }
}

impl Window {
    fn slow(&mut self) -> Duration {
        self.took.sort_unstable();
        let at = self.took.len().saturating_mul(99) / 100;
        self.took.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(10);

    fn windows(slow_until: u64, refused_until: u64) -> Windows {
        let mut windows = Windows::default();
        for at in 0..10_000 {
            let took = if at < slow_until { FAST * 3 } else { FAST };
            windows.note(Duration::from_millis(at), took, at >= refused_until);
        }
        windows
    }

    #[test]
    fn it_is_itself_again_when_nobody_is_refused_and_answers_are_as_fast_as_before() {
        assert_eq!(windows(0, 0).recovered(FAST), Some(Duration::ZERO));
        assert_eq!(windows(1_100, 0).recovered(FAST), Some(WINDOW * 5));
        assert_eq!(windows(0, 3_001).recovered(FAST), Some(WINDOW * 13));
        assert_eq!(windows(0, 9_900).recovered(FAST), None);
        assert_eq!(windows(20_000, 0).recovered(FAST), None);
    }

    #[test]
    fn what_is_usual_is_the_worst_of_before() {
        assert_eq!(windows(1, 0).worst(), FAST);
        assert_eq!(windows(100, 0).worst(), FAST * 3);
    }
}
