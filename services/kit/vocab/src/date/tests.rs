//! Every day of three centuries, and the days that do not exist.

use proptest::prelude::*;

use super::{Date, DateError};
use crate::seeded::seeded;

fn date(year: i32, month: i32, day: i32) -> Date {
    Date::new(year, month, day).unwrap()
}

/// The day after, by nothing but the calendar's own rule.
fn next(date: Date) -> Date {
    let (year, month, day) = (date.year(), date.month(), date.day());
    Date::new(year, month, day + 1)
        .or_else(|_| Date::new(year, month + 1, 1))
        .unwrap_or_else(|_| Date {
            year: date.year + 1,
            month: 1,
            day: 1,
        })
}

#[test]
fn every_day_has_a_number_and_every_number_its_day() {
    let mut today = Date::FIRST;
    for day_number in Date::FIRST.day_number()..=Date::LAST.day_number() {
        assert_eq!(today.day_number(), day_number);
        assert_eq!(Date::from_day_number(day_number), Ok(today));
        assert_eq!(
            Date::new(today.year(), today.month(), today.day()),
            Ok(today)
        );
        today = next(today);
    }
    assert_eq!(today.year(), 2200);
}

#[test]
fn known_days_have_known_numbers() {
    let known = [
        ((1900, 1, 1), -25_567),
        ((1970, 1, 1), 0),
        ((2000, 3, 1), 11_017),
    ];
    for ((year, month, day), number) in known {
        assert_eq!(date(year, month, day).day_number(), number);
    }
    assert_eq!(Date::LAST.day_number(), 84_005);
}

#[test]
fn leap_days_come_every_four_years_but_not_every_hundred() {
    for (year, leap) in [
        (1900, false),
        (2000, true),
        (2023, false),
        (2024, true),
        (2100, false),
    ] {
        assert_eq!(Date::new(year, 2, 29).is_ok(), leap, "{year}");
        assert_eq!(Date::new(year, 2, 30), Err(DateError::NoSuchDay));
    }
}

#[test]
fn days_that_do_not_exist_are_refused() {
    let days = [
        (0, 1),
        (13, 1),
        (1, 0),
        (1, 32),
        (4, 31),
        (-1, 1),
        (1, -1),
        (i32::MAX, i32::MIN),
    ];
    for (month, day) in days {
        assert_eq!(
            Date::new(2026, month, day),
            Err(DateError::NoSuchDay),
            "{month} {day}"
        );
    }
}

#[test]
fn other_centuries_are_refused() {
    for year in [1899, 2200, 0, -1, i32::MIN, i32::MAX] {
        assert_eq!(Date::new(year, 1, 1), Err(DateError::OutOfRange), "{year}");
    }
    for day_number in [-25_568, 84_006, i32::MIN, i32::MAX] {
        assert_eq!(
            Date::from_day_number(day_number),
            Err(DateError::OutOfRange)
        );
    }
    assert_eq!(Date::LAST.plus_days(1), Err(DateError::OutOfRange));
    assert_eq!(Date::LAST.plus_days(i32::MAX), Err(DateError::OutOfRange));
    assert_eq!(Date::FIRST.plus_days(i32::MIN), Err(DateError::OutOfRange));
}

#[test]
fn a_date_prints_as_iso_8601() {
    assert_eq!(
        format!("{} {:?}", Date::FIRST, date(2026, 11, 5)),
        "1900-01-01 2026-11-05"
    );
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn dates_sort_like_their_numbers_and_their_text(
        one in -25_567..=84_005,
        two in -25_567..=84_005,
    ) {
        let [earlier, later] = [one, two].map(|number| Date::from_day_number(number).unwrap());
        prop_assert_eq!(earlier.cmp(&later), one.cmp(&two));
        prop_assert_eq!(earlier.cmp(&later), earlier.to_string().cmp(&later.to_string()));
        prop_assert_eq!(earlier.plus_days(earlier.days_until(later)), Ok(later));
    }

    #[test]
    fn no_numbers_panic(year: i32, month: i32, day: i32, near in 1890..2210) {
        let dates = [Date::new(year, month, day), Date::new(near, month & 15, day & 31)];
        for date in dates.into_iter().flatten() {
            prop_assert!((1900..2200).contains(&date.year()));
        }
    }
}
