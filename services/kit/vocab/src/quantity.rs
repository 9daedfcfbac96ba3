//! Counts of goods in a product's base unit: always whole, always bounded.

use std::fmt;

use thiserror::Error;

#[cfg(test)]
mod tests;

/// How many of something there are: from 1 to 1,000,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// By how much a count changes: from -1,000,000,000 to 1,000,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delta(i64);

/// Says on which side a number lies outside the range of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// The number is below the least one.
    #[error("the quantity is too small")]
    TooSmall,
    /// The number is above the greatest one.
    #[error("the quantity is too large")]
    TooLarge,
}

impl Quantity {
    /// The least quantity.
    pub const ONE: Self = Self(1);
    /// The greatest quantity, which is also the limit of the contracts.
    pub const MAX: Self = Self(1_000_000_000);

    /// Takes a number as a quantity.
    pub const fn new(value: i64) -> Result<Self, QuantityError> {
        match bounded(value, Self::ONE.0) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(error),
        }
    }

    /// Returns the number.
    pub const fn value(self) -> i64 {
        self.0
    }

    /// Adds another quantity.
    pub const fn plus(self, other: Self) -> Result<Self, QuantityError> {
        Self::new(self.0 + other.0)
    }

    /// Takes away another quantity; something must be left.
    pub const fn minus(self, other: Self) -> Result<Self, QuantityError> {
        Self::new(self.0 - other.0)
    }
}

impl Delta {
    /// The change that changes nothing.
    pub const ZERO: Self = Self(0);

    /// Takes a number as a change.
    pub const fn new(value: i64) -> Result<Self, QuantityError> {
        match bounded(value, -Quantity::MAX.0) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(error),
        }
    }

    /// Returns the number.
    pub const fn value(self) -> i64 {
        self.0
    }

    /// Adds another change.
    pub const fn plus(self, other: Self) -> Result<Self, QuantityError> {
        Self::new(self.0 + other.0)
    }

    /// Turns the direction round.
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Returns how many come or go, or nothing if none do.
    pub fn magnitude(self) -> Option<Quantity> {
        Quantity::new(self.0.abs()).ok()
    }
}

impl From<Quantity> for Delta {
    fn from(quantity: Quantity) -> Self {
        Self(quantity.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const fn bounded(value: i64, least: i64) -> Result<i64, QuantityError> {
    if value < least {
        return Err(QuantityError::TooSmall);
    }
    if value > Quantity::MAX.0 {
        return Err(QuantityError::TooLarge);
    }
    Ok(value)
}
