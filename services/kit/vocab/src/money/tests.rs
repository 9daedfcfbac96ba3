//! Money at its limits, in currencies of every exponent, and its laws over all amounts.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::{Money, MoneyError, UnitsError};
use crate::seeded::seeded;
use crate::{Currency, Quantity};

const LOWEST: Money = euros(i64::MIN);
const HIGHEST: Money = euros(i64::MAX);
const CURRENCIES: [Currency; 4] = [Currency::JPY, Currency::EUR, Currency::KWD, Currency::CLF];

const fn euros(cents: i64) -> Money {
    Money::new(cents, Currency::EUR)
}

const fn yen(amount: i64) -> Money {
    Money::new(amount, Currency::JPY)
}

fn split(cents: i64, weights: &[u64]) -> Vec<i64> {
    let parts = euros(cents).split(weights).unwrap();
    parts.into_iter().map(Money::amount_minor).collect()
}

fn share(cents: i64, numerator: u64, denominator: u64) -> i64 {
    euros(cents)
        .share(numerator, denominator)
        .unwrap()
        .amount_minor()
}

fn units(currency: Currency, units: i64, nanos: i32) -> Result<i64, UnitsError> {
    Money::from_units_nanos(currency, units, nanos).map(Money::amount_minor)
}

#[test]
fn sums_and_differences_are_exact() {
    assert_eq!(euros(1).plus(euros(-3)), Ok(euros(-2)));
    assert_eq!(euros(1).minus(euros(-3)), Ok(euros(4)));
    assert_eq!(euros(5).negated(), Ok(euros(-5)));
    assert_eq!(euros(-5).times(Quantity::new(3).unwrap()), Ok(euros(-15)));
    assert_eq!(
        Money::total(Currency::EUR, [euros(1), euros(2), euros(-9)]),
        Ok(euros(-6))
    );
    assert_eq!(
        Money::total(Currency::EUR, []),
        Ok(Money::zero(Currency::EUR))
    );
}

#[test]
fn two_currencies_never_meet() {
    let (left, right) = (Currency::EUR, Currency::JPY);
    let differ = MoneyError::CurrenciesDiffer { left, right };
    assert_eq!(euros(1).plus(yen(1)), Err(differ));
    assert_eq!(euros(1).minus(yen(1)), Err(differ));
    assert_eq!(euros(1).compare(yen(1)), Err(differ));
    assert_eq!(Money::total(left, [yen(1)]), Err(differ));
    assert_ne!(euros(1), yen(1));
    assert_eq!(
        differ.to_string(),
        "amounts in EUR and JPY cannot be combined"
    );
}

#[test]
fn the_limits_are_refused_and_never_wrapped() {
    let two = Quantity::new(2).unwrap();
    let refused = Err(MoneyError::OutOfRange);
    assert_eq!(HIGHEST.plus(euros(1)), refused);
    assert_eq!(LOWEST.minus(euros(1)), refused);
    assert_eq!(LOWEST.negated(), refused);
    assert_eq!(HIGHEST.times(two), refused);
    assert_eq!(LOWEST.times(two), refused);
    assert_eq!(HIGHEST.share(2, 1), refused);
    assert_eq!(LOWEST.share(u64::MAX, 1), refused);
    assert_eq!(LOWEST.times(Quantity::ONE), Ok(LOWEST));
    assert_eq!(LOWEST.share(u64::MAX, u64::MAX), Ok(LOWEST));
    assert_eq!(LOWEST.plus(HIGHEST), Ok(euros(-1)));
}

#[test]
fn amounts_of_one_currency_compare() {
    assert_eq!(LOWEST.compare(HIGHEST), Ok(Ordering::Less));
    assert_eq!(euros(-1).compare(euros(-1)), Ok(Ordering::Equal));
    assert!(euros(-1).is_negative() && !euros(0).is_negative() && euros(0).is_zero());
}

#[test]
fn a_cent_split_in_three_goes_to_the_first() {
    assert_eq!(split(1, &[1, 1, 1]), [1, 0, 0]);
    assert_eq!(split(-1, &[1, 1, 1]), [-1, 0, 0]);
    assert_eq!(split(2, &[1, 1, 1]), [1, 1, 0]);
    assert_eq!(split(0, &[1, 1, 1]), [0, 0, 0]);
}

#[test]
fn the_largest_remainder_gains() {
    assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
    assert_eq!(split(10, &[1, 2, 4]), [1, 3, 6]); // 1.43, 2.86, 5.71
    assert_eq!(split(-10, &[1, 2, 4]), [-1, -3, -6]);
    assert_eq!(split(5, &[7]), [5]);
}

#[test]
fn a_weight_of_zero_gets_nothing() {
    assert_eq!(split(1, &[0, 1, 0]), [0, 1, 0]);
    assert_eq!(split(-101, &[0, 3, 3, 0]), [0, -51, -50, 0]);
}

#[test]
fn no_weight_at_all_is_refused() {
    assert_eq!(euros(1).split(&[]), Err(MoneyError::NoWeights));
    assert_eq!(euros(0).split(&[0, 0]), Err(MoneyError::NoWeights));
}

#[test]
fn the_limits_can_be_split() {
    assert_eq!(split(i64::MIN, &[u64::MAX]), [i64::MIN]);
    assert_eq!(split(i64::MIN, &[u64::MAX, u64::MAX]), [i64::MIN / 2; 2]);
    assert_eq!(split(i64::MAX, &[1, 1]), [i64::MAX / 2 + 1, i64::MAX / 2]);
}

#[test]
fn halves_are_rounded_away_from_zero() {
    for (cents, rounded) in [
        (1, 1),
        (2, 1),
        (3, 2),
        (5, 3),
        (-1, -1),
        (-2, -1),
        (-3, -2),
        (-5, -3),
    ] {
        assert_eq!(share(cents, 1, 2), rounded, "{cents}");
    }
    assert_eq!(
        [share(4, 1, 3), share(5, 1, 3), share(-5, 1, 3)],
        [1, 2, -2]
    );
    assert_eq!(
        [share(7, 0, 9), share(7, 9, 9), share(7, 18, 9)],
        [0, 7, 14]
    );
    assert_eq!(euros(1).share(1, 0), Err(MoneyError::ZeroDenominator));
}

#[test]
fn taxes_are_parts_per_million() {
    assert_eq!(euros(1_000).per_million(81_000), Ok(euros(81)));
    assert_eq!(euros(-1_050).per_million(190_000), Ok(euros(-200))); // 199.5
    assert_eq!(yen(105).per_million(100_000), Ok(yen(11))); // 10.5
    assert_eq!(euros(0).per_million(u32::MAX), Ok(euros(0)));
    assert_eq!(HIGHEST.per_million(1_000_000), Ok(HIGHEST));
}

#[test]
fn units_and_nanos_follow_the_currency() {
    assert_eq!(units(Currency::JPY, 500, 0), Ok(500));
    assert_eq!(units(Currency::EUR, 1, 750_000_000), Ok(175));
    assert_eq!(units(Currency::EUR, 0, -10_000_000), Ok(-1));
    assert_eq!(units(Currency::KWD, -1, -1_000_000), Ok(-1_001));
    assert_eq!(units(Currency::CLF, 0, 100_000), Ok(1));
}

#[test]
fn a_fraction_without_a_coin_is_refused() {
    let fractions = [
        (Currency::JPY, 500_000_000),
        (Currency::EUR, 1_000_000),
        (Currency::EUR, 1),
    ];
    for (currency, nanos) in [(Currency::KWD, 100_000), (Currency::CLF, 10_000)]
        .iter()
        .chain(&fractions)
    {
        let (currency, nanos) = (*currency, *nanos);
        assert_eq!(
            units(currency, 0, nanos),
            Err(UnitsError::TooFine { currency, nanos })
        );
        let nanos = -nanos;
        assert_eq!(
            units(currency, -1, nanos),
            Err(UnitsError::TooFine { currency, nanos })
        );
    }
}

#[test]
fn signs_that_differ_are_refused() {
    for (whole, nanos) in [
        (1, -10_000_000),
        (-1, 10_000_000),
        (i64::MAX, -1),
        (i64::MIN, 1),
    ] {
        assert_eq!(
            units(Currency::EUR, whole, nanos),
            Err(UnitsError::SignsDiffer)
        );
    }
}

#[test]
fn a_whole_unit_in_nanos_is_refused() {
    for nanos in [1_000_000_000, -1_000_000_000, i32::MAX, i32::MIN] {
        assert_eq!(
            units(Currency::JPY, 0, nanos),
            Err(UnitsError::NanosOutOfRange)
        );
    }
}

#[test]
fn units_meet_the_limits_exactly() {
    let (low, low_nanos) = LOWEST.to_units_nanos();
    let (high, high_nanos) = HIGHEST.to_units_nanos();
    let cent = 10_000_000;
    assert_eq!(units(Currency::EUR, low, low_nanos), Ok(i64::MIN));
    assert_eq!(units(Currency::EUR, high, high_nanos), Ok(i64::MAX));
    assert_eq!(
        units(Currency::EUR, low, low_nanos - cent),
        Err(UnitsError::OutOfRange)
    );
    assert_eq!(
        units(Currency::EUR, high, high_nanos + cent),
        Err(UnitsError::OutOfRange)
    );
    assert_eq!(
        units(Currency::CLF, i64::MIN, -1),
        Err(UnitsError::TooFine {
            currency: Currency::CLF,
            nanos: -1
        })
    );
    assert_eq!(
        units(Currency::EUR, i64::MIN, 0),
        Err(UnitsError::OutOfRange)
    );
    assert_eq!(units(Currency::JPY, i64::MIN, 0), Ok(i64::MIN));
}

#[test]
fn money_is_printed_with_the_digits_of_its_currency() {
    assert_eq!(euros(-5).to_string(), "EUR -0.05");
    assert_eq!(yen(-1_200).to_string(), "JPY -1200");
    assert_eq!(Money::new(1_005, Currency::KWD).to_string(), "KWD 1.005");
    assert_eq!(format!("{LOWEST:?}"), "EUR -92233720368547758.08");
}

prop_compose! {
    fn money()(amount_minor: i64, currency in prop::sample::select(&CURRENCIES)) -> Money {
        Money::new(amount_minor, currency)
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn parts_add_up_to_the_whole(whole in money(), weights: Vec<u64>) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = whole.split(&weights)?;
        prop_assert_eq!(parts.len(), weights.len());
        prop_assert_eq!(Money::total(whole.currency(), parts)?, whole);
    }

    #[test]
    fn every_part_is_less_than_a_unit_from_its_share(
        cents in -10_000_i64..10_000,
        weights in prop::collection::vec(0_u64..50, 1..9),
    ) {
        let sum = weights.iter().sum::<u64>() as i64;
        prop_assume!(sum > 0);
        for (part, weight) in split(cents, &weights).into_iter().zip(weights) {
            prop_assert!((part * sum - cents * weight as i64).abs() < sum);
        }
    }

    #[test]
    fn a_split_refund_is_the_opposite_of_the_split_sale(cents in 0..i64::MAX, weights: Vec<u64>) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let sold = split(cents, &weights);
        let refunded = split(-cents, &weights);
        prop_assert!(sold.iter().zip(&refunded).all(|(one, other)| *one == -*other));
    }

    #[test]
    fn a_share_is_at_most_half_a_unit_off(cents: i32, numerator: u16, denominator in 1..=u16::MAX) {
        let (numerator, denominator) = (u64::from(numerator), u64::from(denominator));
        let share = i128::from(share(cents.into(), numerator, denominator));
        let exact = i128::from(cents) * i128::from(numerator); // times the denominator
        prop_assert!((share * i128::from(denominator) - exact).abs() * 2 <= denominator.into());
    }

    #[test]
    fn sums_take_any_order_and_can_be_taken_back(one: i32, two: i32) {
        let (one, two) = (euros(one.into()), euros(two.into()));
        prop_assert_eq!(one.plus(two), two.plus(one));
        prop_assert_eq!(one.plus(two)?.minus(two), Ok(one));
        prop_assert_eq!(one.minus(two), two.negated()?.plus(one));
    }

    #[test]
    fn arithmetic_is_exact_or_refused(one: i64, two: i64, count in 1..=Quantity::MAX.value()) {
        let exact = |wide: i128| i64::try_from(wide).map(euros).map_err(|_| MoneyError::OutOfRange);
        let (wide_one, wide_two) = (i128::from(one), i128::from(two));
        prop_assert_eq!(euros(one).plus(euros(two)), exact(wide_one + wide_two));
        prop_assert_eq!(euros(one).minus(euros(two)), exact(wide_one - wide_two));
        let product = exact(wide_one * i128::from(count));
        prop_assert_eq!(euros(one).times(Quantity::new(count)?), product);
    }

    #[test]
    fn units_and_nanos_survive_the_round_trip(money in money()) {
        let (units, nanos) = money.to_units_nanos();
        prop_assert_eq!(Money::from_units_nanos(money.currency(), units, nanos), Ok(money));
    }

    #[test]
    fn units_that_are_accepted_come_back(
        currency in prop::sample::select(&CURRENCIES),
        units: i64,
        nanos in -1_000_i32..=1_000,
        scale in prop::sample::select(&[1, 10_000, 100_000, 1_000_000, 10_000_000]),
    ) {
        let nanos = nanos.saturating_mul(scale);
        if let Ok(money) = Money::from_units_nanos(currency, units, nanos) {
            prop_assert_eq!(money.to_units_nanos(), (units, nanos));
        }
    }
}
