//! Counts of the last while, kept in slices that fall out one by one.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// More slices forget more smoothly and cost more to add up.
const SLICES: u32 = 10;

/// What was counted within a span of time that moves along.
#[derive(Debug)]
pub(super) struct Window<T> {
    past: VecDeque<T>,
    current: T,
    began: Instant,
    slice: Duration,
}

impl<T: Default> Window<T> {
    /// An empty window over a span of time.
    pub(super) fn over(span: Duration) -> Self {
        Self {
            past: VecDeque::new(),
            current: T::default(),
            began: Instant::now(),
            slice: (span / SLICES).max(Duration::from_millis(1)),
        }
    }

    /// The slice of this moment; what is too old has fallen out.
    pub(super) fn at(&mut self, now: Instant) -> &mut T {
        // Bounded: after all slices are new, the rest of a long silence is skipped.
        for _ in 0..=SLICES {
            if now.saturating_duration_since(self.began) < self.slice {
                return &mut self.current;
            }
            self.began += self.slice;
            self.past.push_back(std::mem::take(&mut self.current));
            if self.past.len() >= SLICES as usize {
                self.past.pop_front();
            }
        }
        self.began = now;
        &mut self.current
    }

    /// All slices from the oldest on, after [`Window::at`] let the old ones fall out.
    pub(super) fn slices(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.past.iter().chain([&self.current])
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.past.clear();
        self.current = T::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_count_falls_out_after_the_span_and_not_before() {
        let mut window = Window::<u32>::over(Duration::from_secs(10));
        let mut sum = |add: u32| {
            *window.at(Instant::now()) += add;
            window.slices().sum::<u32>()
        };
        assert_eq!(sum(1), 1);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(sum(2), 3);
        tokio::time::advance(Duration::from_millis(4_900)).await;
        assert_eq!(sum(0), 3);
        tokio::time::advance(Duration::from_millis(200)).await;
        assert_eq!(sum(0), 2);
        tokio::time::advance(Duration::from_secs(100_000)).await;
        assert_eq!(sum(0), 0);
    }
}
