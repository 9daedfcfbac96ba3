//! Days of the calendar, from 1900 to 2199, without a time zone.

use std::fmt;

use thiserror::Error;

#[cfg(test)]
mod tests;

/// The number of days from 0000-03-01, where the reckoning starts, to 1970-01-01.
const EPOCH_DAY: i32 = 719_468;
const DAYS_PER_400_YEARS: i32 = 146_097;

/// A day that the calendar has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i16,
    month: u8,
    day: u8,
}

/// Says why numbers are not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DateError {
    /// The day lies before 1900 or after 2199.
    #[error("the date must lie between the years 1900 and 2199")]
    OutOfRange,
    /// The calendar has no such month or day.
    #[error("the calendar has no such day")]
    NoSuchDay,
}

impl Date {
    /// The first day, 1900-01-01.
    pub const FIRST: Self = Self {
        year: 1900,
        month: 1,
        day: 1,
    };
    /// The last day, 2199-12-31.
    pub const LAST: Self = Self {
        year: 2199,
        month: 12,
        day: 31,
    };

    /// Takes year, month from 1 and day from 1 as a date.
    pub const fn new(year: i32, month: i32, day: i32) -> Result<Self, DateError> {
        if year < Self::FIRST.year() || year > Self::LAST.year() {
            return Err(DateError::OutOfRange);
        }
        if month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) {
            return Err(DateError::NoSuchDay);
        }
        Ok(Self {
            year: year as i16,
            month: month as u8,
            day: day as u8,
        })
    }

    /// Takes the number of days since 1970-01-01, negative before it, as a date.
    pub const fn from_day_number(day_number: i32) -> Result<Self, DateError> {
        if day_number < Self::FIRST.day_number() || day_number > Self::LAST.day_number() {
            return Err(DateError::OutOfRange);
        }
        Ok(Self::of_day(day_number))
    }

    /// Returns the year.
    pub const fn year(self) -> i32 {
        self.year as i32
    }

    /// Returns the month, from 1 to 12.
    pub const fn month(self) -> i32 {
        self.month as i32
    }

    /// Returns the day of the month, from 1.
    pub const fn day(self) -> i32 {
        self.day as i32
    }

    /// Returns the number of days since 1970-01-01, negative before it.
    pub const fn day_number(self) -> i32 {
        // Years start in March here, so that the leap day is the last of its year.
        let month = (self.month() + 9) % 12;
        let year = self.year() - (month >= 10) as i32;
        let leap_days = year / 4 - year / 100 + year / 400;
        365 * year + leap_days + (153 * month + 2) / 5 + self.day() - 1 - EPOCH_DAY
    }

    /// Returns the date so many days later, or earlier if negative.
    pub fn plus_days(self, days: i32) -> Result<Self, DateError> {
        let day_number = self
            .day_number()
            .checked_add(days)
            .ok_or(DateError::OutOfRange)?;
        Self::from_day_number(day_number)
    }

    /// Returns how many days later the other date is, negative if it is earlier.
    pub const fn days_until(self, other: Self) -> i32 {
        other.day_number() - self.day_number()
    }

    /// Reckons the date of a day number that lies between `FIRST` and `LAST`.
    pub(crate) const fn of_day(day_number: i32) -> Self {
        let days = day_number + EPOCH_DAY;
        let (cycle, day_of_cycle) = (days / DAYS_PER_400_YEARS, days % DAYS_PER_400_YEARS);
        // Without leap days, every year of the cycle would have 365 days.
        let leap_days = day_of_cycle / 1_460 - day_of_cycle / 36_524 + day_of_cycle / 146_096;
        let year_of_cycle = (day_of_cycle - leap_days) / 365;
        let year_start = 365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100;
        let day_of_year = day_of_cycle - year_start;
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let year = 400 * cycle + year_of_cycle + (month >= 10) as i32;
        Self {
            year: year as i16,
            month: ((month + 2) % 12 + 1) as u8,
            day: day as u8,
        }
    }
}

/// Writes the date as ISO 8601 does: year, month, day.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const fn days_of_month(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}
