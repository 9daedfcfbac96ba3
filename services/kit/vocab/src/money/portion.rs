//! Parts of an amount: one part, rounded, or all parts at once, which always add up to the whole.
//!
//! Both work on the magnitude and put the sign back at the end, so that a refund is to the minor
//! unit the opposite of the sale.

use super::{Money, MoneyError};

const MILLION: u64 = 1_000_000;

impl Money {
    /// Returns `numerator / denominator` of the amount, rounded half away from zero.
    ///
    /// This is the one rounding there is, and the one that tills, receipts and most tax rules use:
    /// 2.5 becomes 3 and -2.5 becomes -3. Rounding half to even would spread the error better over
    /// many amounts, but then printed totals would not be those that a customer works out by hand.
    pub fn share(self, numerator: u64, denominator: u64) -> Result<Self, MoneyError> {
        if denominator == 0 {
            return Err(MoneyError::ZeroDenominator);
        }
        // At most 2^63 times 2^64, which 128 bits hold.
        let product = self.magnitude() * u128::from(numerator);
        let denominator = u128::from(denominator);
        let half_or_more = product % denominator * 2 >= denominator;
        self.with_magnitude(product / denominator + u128::from(half_or_more))
    }

    /// Returns so many parts per million of the amount, such as a tax, rounded as `share` does.
    pub fn per_million(self, parts: u32) -> Result<Self, MoneyError> {
        self.share(parts.into(), MILLION)
    }

    /// Splits the amount in proportion to weights, by largest remainder.
    ///
    /// The parts add up to the whole. No part is a whole minor unit away from its exact share. Of
    /// equal remainders the earlier one gains; a weight of zero gets nothing.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if sum == 0 {
            return Err(MoneyError::NoWeights);
        }
        let mut slices: Vec<Slice> = weights
            .iter()
            .map(|weight| self.slice(u128::from(*weight), sum))
            .collect();
        let given: u128 = slices.iter().map(|slice| slice.magnitude).sum();
        raise_largest(&mut slices, self.magnitude() - given);
        slices
            .iter()
            .map(|slice| self.with_magnitude(slice.magnitude))
            .collect()
    }

    fn slice(self, weight: u128, sum: u128) -> Slice {
        let product = self.magnitude() * weight;
        Slice {
            magnitude: product / sum,
            remainder: product % sum,
        }
    }

    fn magnitude(self) -> u128 {
        self.amount_minor.unsigned_abs().into()
    }

    /// Gives a magnitude the sign and currency of this amount.
    fn with_magnitude(self, magnitude: u128) -> Result<Self, MoneyError> {
        let unsigned = i128::try_from(magnitude).map_err(|_| MoneyError::OutOfRange)?;
        let signed = if self.is_negative() {
            -unsigned
        } else {
            unsigned
        };
        self.checked(i64::try_from(signed).ok())
    }
}

/// One weight's share: what divides evenly, and what is left over.
struct Slice {
    magnitude: u128,
    remainder: u128,
}

/// Adds one minor unit to each of the `count` slices with the largest remainders.
///
/// There are more remainders above zero than units left, because each is less than one unit.
fn raise_largest(slices: &mut [Slice], count: u128) {
    let mut ranked: Vec<&mut Slice> = slices.iter_mut().collect();
    ranked.sort_by_key(|slice| std::cmp::Reverse(slice.remainder)); // stable: earlier ones first
    for (slice, _) in ranked.into_iter().zip(0..count) {
        slice.magnitude += 1;
    }
}
