//! The exact bridge between minor units and the units and nanos that amounts travel as.

use thiserror::Error;

use super::Money;
use crate::Currency;

const NANOS_PER_UNIT: i64 = 1_000_000_000;

/// Says why units and nanos are not an amount of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnitsError {
    /// There is a whole unit or more in the nanos.
    #[error("nanos must lie between -999,999,999 and 999,999,999")]
    NanosOutOfRange,
    /// One of the two is positive and the other negative.
    #[error("units and nanos must have the same sign")]
    SignsDiffer,
    /// The currency has no coin that small, such as half a yen.
    #[error("{currency} cannot express {nanos} billionths")]
    TooFine {
        /// The currency.
        currency: Currency,
        /// The billionths of a unit that were asked for.
        nanos: i32,
    },
    /// The amount has more minor units than 64 bits hold.
    #[error("the amount is too large")]
    OutOfRange,
}

impl Money {
    /// Makes an amount of whole units and billionths of a unit, without ever rounding.
    pub fn from_units_nanos(
        currency: Currency,
        units: i64,
        nanos: i32,
    ) -> Result<Self, UnitsError> {
        let wide_nanos = i64::from(nanos);
        if wide_nanos.abs() >= NANOS_PER_UNIT {
            return Err(UnitsError::NanosOutOfRange);
        }
        if units.signum() * wide_nanos.signum() < 0 {
            return Err(UnitsError::SignsDiffer);
        }
        if wide_nanos % nanos_per_minor(currency) != 0 {
            return Err(UnitsError::TooFine { currency, nanos });
        }
        // Wide, so that only the sum can be out of range.
        let amount_minor = i128::from(units) * i128::from(currency.minor_per_unit())
            + i128::from(wide_nanos / nanos_per_minor(currency));
        match i64::try_from(amount_minor) {
            Ok(amount_minor) => Ok(Self::new(amount_minor, currency)),
            Err(_) => Err(UnitsError::OutOfRange),
        }
    }

    /// Returns the whole units and the billionths of a unit, both with the amount's sign.
    pub const fn to_units_nanos(self) -> (i64, i32) {
        let minor_per_unit = self.currency.minor_per_unit();
        let nanos = self.amount_minor % minor_per_unit * nanos_per_minor(self.currency);
        // Less than a unit, and so less than 2^31 nanos.
        (self.amount_minor / minor_per_unit, nanos as i32)
    }
}

const fn nanos_per_minor(currency: Currency) -> i64 {
    NANOS_PER_UNIT / currency.minor_per_unit()
}
