//! Moments at the ends of the era and across every conversion.

use std::time::Duration;

use proptest::prelude::*;

use super::{Moment, MomentError};
use crate::Date;
use crate::seeded::seeded;

const YEAR_2200: i64 = 7_258_118_400;
const MICRO: Duration = Duration::from_micros(1);

fn moment(micros: i64) -> Moment {
    Moment::from_micros(micros).unwrap()
}

#[test]
fn the_era_ends_where_2200_begins() {
    let last_second = YEAR_2200 - 1;
    assert_eq!(Moment::from_seconds_nanos(0, 0), Ok(Moment::FIRST));
    assert_eq!(
        Moment::from_seconds_nanos(last_second, 999_999_999),
        Ok(Moment::LAST)
    );
    assert_eq!(Moment::LAST.to_string(), "2199-12-31T23:59:59.999999Z");
    assert_eq!(Moment::LAST.to_seconds_nanos(), (last_second, 999_999_000));
    for seconds in [YEAR_2200, -1, i64::MIN, i64::MAX, i64::MAX / 1_000_000] {
        assert_eq!(
            Moment::from_seconds_nanos(seconds, 999_999_999),
            Err(MomentError::OutOfEra)
        );
    }
    assert_eq!(Moment::from_micros(-1), Err(MomentError::OutOfEra));
    assert_eq!(
        Moment::from_micros(Moment::LAST.micros() + 1),
        Err(MomentError::OutOfEra)
    );
}

#[test]
fn nanos_that_are_no_part_of_a_second_are_refused() {
    for nanos in [-1, 1_000_000_000, i32::MIN, i32::MAX] {
        assert_eq!(
            Moment::from_seconds_nanos(1, nanos),
            Err(MomentError::NanosOutOfRange)
        );
    }
}

#[test]
fn what_is_finer_than_a_microsecond_is_cut_off() {
    assert_eq!(Moment::from_seconds_nanos(1, 1_999), Ok(moment(1_000_001)));
    assert_eq!(
        Moment::FIRST.plus(Duration::from_nanos(1_999)),
        Ok(moment(1))
    );
}

#[test]
fn moving_out_of_the_era_is_refused() {
    assert_eq!(Moment::LAST.plus(MICRO), Err(MomentError::OutOfEra));
    assert_eq!(Moment::FIRST.minus(MICRO), Err(MomentError::OutOfEra));
    assert_eq!(
        Moment::FIRST.plus(Duration::MAX),
        Err(MomentError::OutOfEra)
    );
    assert_eq!(
        Moment::LAST.minus(Duration::MAX),
        Err(MomentError::OutOfEra)
    );
    assert_eq!(Moment::LAST.plus(Duration::ZERO), Ok(Moment::LAST));
}

#[test]
fn an_earlier_moment_is_not_since_a_later_one() {
    assert_eq!(moment(5).since(moment(3)), Some(MICRO * 2));
    assert_eq!(moment(3).since(moment(3)), Some(Duration::ZERO));
    assert_eq!(moment(3).since(moment(5)), None);
}

#[test]
fn a_moment_prints_as_rfc_3339() {
    let moment = moment(951_782_399_000_001);
    assert_eq!(
        format!("{moment} {moment:?}"),
        ["2000-02-28T23:59:59.000001Z"; 2].join(" ")
    );
    assert_eq!(moment.millis(), 951_782_399_000);
}

#[test]
fn the_day_changes_at_midnight() {
    let midnight = moment(951_782_400_000_000);
    assert_eq!(Ok(midnight.utc_date()), Date::new(2000, 2, 29));
    assert_eq!(
        Ok(midnight.minus(MICRO).unwrap().utc_date()),
        Date::new(2000, 2, 28)
    );
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn seconds_and_nanos_survive_the_round_trip(micros in 0..=Moment::LAST.micros()) {
        let (seconds, nanos) = moment(micros).to_seconds_nanos();
        prop_assert_eq!(Moment::from_seconds_nanos(seconds, nanos), Ok(moment(micros)));
        let whole_nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        prop_assert_eq!(whole_nanos, i128::from(micros) * 1_000);
    }

    #[test]
    fn a_duration_there_and_back_changes_nothing(micros in 0..=Moment::LAST.micros(), by_us: u64) {
        let (start, by) = (moment(micros), Duration::from_micros(by_us >> 8));
        if let Ok(later) = start.plus(by) {
            prop_assert_eq!(later.minus(by), Ok(start));
            prop_assert_eq!(later.since(start), Some(by));
        }
    }

    #[test]
    fn moments_sort_like_their_text(
        one in 0..=Moment::LAST.micros(),
        two in 0..=Moment::LAST.micros(),
    ) {
        let (one, two) = (moment(one), moment(two));
        prop_assert_eq!(one.cmp(&two), one.to_string().cmp(&two.to_string()));
    }

    #[test]
    fn no_numbers_panic(seconds: i64, nanos: i32) {
        if let Ok(moment) = Moment::from_seconds_nanos(seconds, nanos) {
            prop_assert_eq!(moment.to_seconds_nanos(), (seconds, nanos / 1_000 * 1_000));
        }
    }
}
