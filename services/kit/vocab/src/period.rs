//! Spans of time that hold their start and not their end, so that one follows another without gap
//! or overlap.

use thiserror::Error;

use crate::Moment;

#[cfg(test)]
mod tests;

/// A span of time, open on either side where nothing is given.
///
/// **Invariant:** the start lies before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    start: Option<Moment>,
    end: Option<Moment>,
}

/// Says that a period would end before or when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the start must lie before the end")]
pub struct EmptyPeriod;

impl Period {
    /// The period that was ever and will be for ever.
    pub const ALWAYS: Self = Self {
        start: None,
        end: None,
    };

    /// Takes the first moment inside and the first one behind as a period.
    pub fn new(start: Option<Moment>, end: Option<Moment>) -> Result<Self, EmptyPeriod> {
        match (start, end) {
            (Some(start), Some(end)) if start >= end => Err(EmptyPeriod),
            _ => Ok(Self { start, end }),
        }
    }

    /// Returns the first moment inside, or nothing if it was ever.
    pub const fn start(self) -> Option<Moment> {
        self.start
    }

    /// Returns the first moment behind, or nothing if it is for ever.
    pub const fn end(self) -> Option<Moment> {
        self.end
    }

    /// Says whether a moment lies inside.
    pub fn contains(self, moment: Moment) -> bool {
        self.start.is_none_or(|start| start <= moment) && self.end.is_none_or(|end| moment < end)
    }

    /// Says whether the two have any time in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.intersection(other).is_some()
    }

    /// Returns the time that the two have in common.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start); // nothing is less than every moment
        let end = match (self.end, other.end) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self::new(start, end).ok()
    }
}
