//! Money: a whole number of minor units in one currency. Nothing here uses floats, wraps or mixes
//! currencies; whatever cannot be exact says so, and the one operation that rounds says how.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use crate::{Currency, Quantity};

pub use units::UnitsError;

mod portion;
#[cfg(test)]
mod tests;
mod units;

/// An exact amount, possibly negative. Two amounts are equal if currency and number are.
///
/// ```
/// use vocab::{Currency, Money, OrderId, Quantity};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let order: OrderId = "ord_01h455vb4pex5vsknk084sn02q".parse()?;
/// let total = Money::new(1_999, Currency::EUR).times(Quantity::new(3)?)?;
/// let tax = total.per_million(81_000)?; // 8.1 %
/// let halves = total.split(&[1, 1])?;
///
/// assert_eq!(order.to_string(), "ord_01h455vb4pex5vsknk084sn02q");
/// assert_eq!(format!("{total}, of it {tax}"), "EUR 59.97, of it EUR 4.86");
/// assert_eq!(format!("{halves:?}"), "[EUR 29.99, EUR 29.98]");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount_minor: i64,
    currency: Currency,
}

/// Says why an operation on amounts has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The two amounts are not in one currency.
    #[error("amounts in {left} and {right} cannot be combined")]
    CurrenciesDiffer {
        /// The currency of the amount that was asked.
        left: Currency,
        /// The currency of the other one.
        right: Currency,
    },
    /// The result has more minor units than 64 bits hold.
    #[error("the amount is too large")]
    OutOfRange,
    /// There is no weight above zero to split by.
    #[error("an amount cannot be split among no weights")]
    NoWeights,
    /// The share is one of zero parts.
    #[error("an amount has no zeroth part")]
    ZeroDenominator,
}

impl Money {
    /// Makes an amount of so many minor units: cents, yen, fils.
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }

    /// Makes an amount of nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Returns the number of minor units.
    pub const fn amount_minor(self) -> i64 {
        self.amount_minor
    }

    /// Returns the currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Says whether the amount is nothing.
    pub const fn is_zero(self) -> bool {
        self.amount_minor == 0
    }

    /// Says whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.amount_minor < 0
    }

    /// Adds an amount in the same currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.checked(self.amount_minor.checked_add(other.amount_minor))
    }

    /// Takes away an amount in the same currency.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.checked(self.amount_minor.checked_sub(other.amount_minor))
    }

    /// Turns the sign round.
    pub fn negated(self) -> Result<Self, MoneyError> {
        self.checked(self.amount_minor.checked_neg())
    }

    /// Multiplies the price of one by how many there are.
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        self.checked(self.amount_minor.checked_mul(quantity.value()))
    }

    /// Adds up amounts, all in the given currency; none of them make zero.
    pub fn total<I>(currency: Currency, amounts: I) -> Result<Self, MoneyError>
    where
        I: IntoIterator<Item = Self>,
    {
        let mut total = Self::zero(currency);
        for amount in amounts {
            total = total.plus(amount)?;
        }
        Ok(total)
    }

    /// Compares with an amount in the same currency.
    ///
    /// `Money` has no `<`, because between two currencies every answer would be wrong.
    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same_currency(other)?;
        Ok(self.amount_minor.cmp(&other.amount_minor))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrenciesDiffer {
            left: self.currency,
            right: other.currency,
        })
    }

    fn checked(self, amount_minor: Option<i64>) -> Result<Self, MoneyError> {
        let amount_minor = amount_minor.ok_or(MoneyError::OutOfRange)?;
        Ok(Self {
            amount_minor,
            ..self
        })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let minor_per_unit = self.currency.minor_per_unit().unsigned_abs();
        let magnitude = self.amount_minor.unsigned_abs();
        write!(f, "{} {sign}{}", self.currency, magnitude / minor_per_unit)?;
        let digits = self.currency.minor_digits() as usize;
        if digits == 0 {
            return Ok(());
        }
        write!(f, ".{:0digits$}", magnitude % minor_per_unit)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
