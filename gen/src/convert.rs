//! Between the wire's values and the typed ones of `vocab`.
//!
//! What a type cannot hold is refused here, where a request enters, with the text that its caller
//! reads. The other direction cannot fail.

use std::fmt;

use prost_types::Timestamp;
use vocab::{Currency, Id, Kind, Moment};

use crate::common;

/// A value of the wire that its type refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong, for the caller.
    pub text: String,
}

impl Unfit {
    fn new(error: impl fmt::Display) -> Self {
        Self {
            text: error.to_string(),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Unfit {}

/// Reads an id of the expected kind.
pub fn id<K: Kind>(text: &str) -> Result<Id<K>, Unfit> {
    text.parse().map_err(Unfit::new)
}

/// Reads an id that may be left out: empty text is none.
pub fn optional_id<K: Kind>(text: &str) -> Result<Option<Id<K>>, Unfit> {
    if text.is_empty() {
        Ok(None)
    } else {
        id(text).map(Some)
    }
}

impl TryFrom<&common::Money> for vocab::Money {
    type Error = Unfit;

    fn try_from(wire: &common::Money) -> Result<Self, Unfit> {
        let currency: Currency = wire.currency_code.parse().map_err(Unfit::new)?;
        Self::from_units_nanos(currency, wire.units, wire.nanos).map_err(Unfit::new)
    }
}

impl From<vocab::Money> for common::Money {
    fn from(money: vocab::Money) -> Self {
        let (units, nanos) = money.to_units_nanos();
        Self {
            currency_code: money.currency().code().to_owned(),
            units,
            nanos,
        }
    }
}

impl TryFrom<&common::Date> for vocab::Date {
    type Error = Unfit;

    fn try_from(wire: &common::Date) -> Result<Self, Unfit> {
        Self::new(wire.year, wire.month, wire.day).map_err(Unfit::new)
    }
}

impl From<vocab::Date> for common::Date {
    fn from(date: vocab::Date) -> Self {
        Self {
            year: date.year(),
            month: date.month(),
            day: date.day(),
        }
    }
}

/// Reads an instant; what is finer than a microsecond is cut off.
pub fn moment(wire: &Timestamp) -> Result<Moment, Unfit> {
    Moment::from_seconds_nanos(wire.seconds, wire.nanos).map_err(Unfit::new)
}

/// Writes an instant.
pub fn timestamp(moment: Moment) -> Timestamp {
    let (seconds, nanos) = moment.to_seconds_nanos();
    Timestamp { seconds, nanos }
}

impl TryFrom<&common::Period> for vocab::Period {
    type Error = Unfit;

    fn try_from(wire: &common::Period) -> Result<Self, Unfit> {
        let start = wire.start_time.as_ref().map(moment).transpose()?;
        let end = wire.end_time.as_ref().map(moment).transpose()?;
        Self::new(start, end).map_err(Unfit::new)
    }
}

impl From<vocab::Period> for common::Period {
    fn from(period: vocab::Period) -> Self {
        Self {
            start_time: period.start().map(timestamp),
            end_time: period.end().map(timestamp),
        }
    }
}

#[cfg(test)]
mod tests;
