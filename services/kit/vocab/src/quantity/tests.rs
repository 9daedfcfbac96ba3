//! Quantities and changes at both ends of their ranges.

use proptest::prelude::*;

use super::{Delta, Quantity, QuantityError};
use crate::seeded::seeded;

const LIMIT: i64 = 1_000_000_000;

#[test]
fn a_quantity_lies_between_one_and_a_billion() {
    for value in [i64::MIN, -1, 0] {
        assert_eq!(
            Quantity::new(value),
            Err(QuantityError::TooSmall),
            "{value}"
        );
    }
    for value in [LIMIT + 1, i64::MAX] {
        assert_eq!(
            Quantity::new(value),
            Err(QuantityError::TooLarge),
            "{value}"
        );
    }
    assert_eq!(
        (Quantity::new(1), Quantity::new(LIMIT)),
        (Ok(Quantity::ONE), Ok(Quantity::MAX))
    );
}

#[test]
fn quantities_never_leave_their_range() {
    assert_eq!(
        Quantity::MAX.plus(Quantity::ONE),
        Err(QuantityError::TooLarge)
    );
    assert_eq!(
        Quantity::ONE.minus(Quantity::ONE),
        Err(QuantityError::TooSmall)
    );
    assert_eq!(
        Quantity::ONE.minus(Quantity::MAX),
        Err(QuantityError::TooSmall)
    );
}

#[test]
fn a_change_lies_within_a_billion_either_way() {
    assert_eq!(Delta::new(-LIMIT - 1), Err(QuantityError::TooSmall));
    assert_eq!(Delta::new(LIMIT + 1), Err(QuantityError::TooLarge));
    assert_eq!(
        Delta::new(-LIMIT).map(Delta::negated),
        Ok(Quantity::MAX.into())
    );
    assert_eq!(
        Delta::from(Quantity::MAX).plus(Quantity::ONE.into()),
        Err(QuantityError::TooLarge)
    );
}

#[test]
fn a_change_of_nothing_has_no_magnitude() {
    assert_eq!(Delta::ZERO.magnitude(), None);
    assert_eq!(
        Delta::from(Quantity::MAX).negated().magnitude(),
        Some(Quantity::MAX)
    );
}

#[test]
fn quantities_print_as_numbers() {
    assert_eq!(
        format!(
            "{} {:>3}",
            Quantity::ONE,
            Delta::from(Quantity::ONE).negated()
        ),
        "1  -1"
    );
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn what_was_added_can_be_taken_away(one in 1..=LIMIT, two in 1..=LIMIT) {
        let (one, two) = (Quantity::new(one)?, Quantity::new(two)?);
        match one.plus(two) {
            Ok(sum) => prop_assert_eq!(sum.minus(two), Ok(one)),
            Err(error) => {
                prop_assert_eq!(error, QuantityError::TooLarge);
                prop_assert!(one.value() + two.value() > LIMIT);
            }
        }
    }

    #[test]
    fn a_change_and_its_opposite_make_nothing(value in -LIMIT..=LIMIT) {
        let delta = Delta::new(value)?;
        prop_assert_eq!(delta.plus(delta.negated()), Ok(Delta::ZERO));
        prop_assert_eq!(delta.value(), value);
    }
}
