//! Points in time, to the microsecond, from 1970 up to but not including 2200, as in the contracts.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::Date;

#[cfg(test)]
mod tests;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_PER_SECOND: i32 = 1_000_000_000;
const NANOS_PER_MICRO: i32 = 1_000;

/// A point in time: whole microseconds since 1970 began in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// Says why numbers are not a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MomentError {
    /// The time lies before 1970 or after 2199.
    #[error("the time must lie between the years 1970 and 2200")]
    OutOfEra,
    /// The nanos are negative or make a second or more.
    #[error("nanos must lie between 0 and 999,999,999")]
    NanosOutOfRange,
}

impl Moment {
    /// The first moment, with which 1970 begins.
    pub const FIRST: Self = Self(0);
    /// The last moment, one microsecond before 2200.
    pub const LAST: Self = Self(7_258_118_400 * MICROS_PER_SECOND - 1);

    /// Takes microseconds since 1970 as a moment.
    pub const fn from_micros(micros: i64) -> Result<Self, MomentError> {
        if micros < Self::FIRST.0 || micros > Self::LAST.0 {
            return Err(MomentError::OutOfEra);
        }
        Ok(Self(micros))
    }

    /// Takes seconds since 1970 and billionths of a second as a moment.
    ///
    /// What is finer than a microsecond is cut off, since clients send the nanoseconds of their
    /// clocks and no column keeps them.
    pub fn from_seconds_nanos(seconds: i64, nanos: i32) -> Result<Self, MomentError> {
        if !(0..NANOS_PER_SECOND).contains(&nanos) {
            return Err(MomentError::NanosOutOfRange);
        }
        let micros = seconds
            .checked_mul(MICROS_PER_SECOND)
            .ok_or(MomentError::OutOfEra)?;
        let rest = i64::from(nanos / NANOS_PER_MICRO);
        Self::from_micros(micros.checked_add(rest).ok_or(MomentError::OutOfEra)?)
    }

    /// Returns the microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the whole milliseconds since 1970, as ids are made of.
    pub const fn millis(self) -> u64 {
        self.0.unsigned_abs() / 1_000
    }

    /// Returns the seconds since 1970 and the billionths of a second.
    pub const fn to_seconds_nanos(self) -> (i64, i32) {
        let nanos = (self.0 % MICROS_PER_SECOND) as i32 * NANOS_PER_MICRO;
        (self.0 / MICROS_PER_SECOND, nanos)
    }

    /// Returns the day that it is in UTC.
    pub const fn utc_date(self) -> Date {
        Date::of_day((self.0 / MICROS_PER_SECOND / SECONDS_PER_DAY) as i32)
    }

    /// Returns the moment that is so much later, to the microsecond.
    pub fn plus(self, duration: Duration) -> Result<Self, MomentError> {
        let micros = self.0.checked_add(micros_of(duration)?);
        Self::from_micros(micros.ok_or(MomentError::OutOfEra)?)
    }

    /// Returns the moment that is so much earlier, to the microsecond.
    pub fn minus(self, duration: Duration) -> Result<Self, MomentError> {
        let micros = self.0.checked_sub(micros_of(duration)?);
        Self::from_micros(micros.ok_or(MomentError::OutOfEra)?)
    }

    /// Returns the time that has passed since an earlier moment, or nothing if that one is later.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        u64::try_from(self.0 - earlier.0)
            .ok()
            .map(Duration::from_micros)
    }

    /// Returns the moment of a clock, or the nearer end of the era if the clock is outside.
    pub(crate) fn clamped(micros: i64) -> Self {
        Self(micros.clamp(Self::FIRST.0, Self::LAST.0))
    }
}

/// Writes the moment as RFC 3339 does, in UTC and with all six digits.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0 % MICROS_PER_SECOND;
        let second = self.0 / MICROS_PER_SECOND % SECONDS_PER_DAY;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "{}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z",
            self.utc_date()
        )
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn micros_of(duration: Duration) -> Result<i64, MomentError> {
    i64::try_from(duration.as_micros()).map_err(|_| MomentError::OutOfEra)
}
