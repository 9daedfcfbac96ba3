//! Periods on a short line of moments, where every case is met often.

use proptest::prelude::*;

use super::{EmptyPeriod, Period};
use crate::Moment;
use crate::seeded::seeded;

fn at(micros: i64) -> Moment {
    Moment::from_micros(micros).unwrap()
}

fn period(start: i64, end: i64) -> Period {
    Period::new(Some(at(start)), Some(at(end))).unwrap()
}

fn since(start: i64) -> Period {
    Period::new(Some(at(start)), None).unwrap()
}

fn until(end: i64) -> Period {
    Period::new(None, Some(at(end))).unwrap()
}

#[test]
fn a_period_has_a_length() {
    for (start, end) in [(3, 3), (4, 3)] {
        assert_eq!(
            Period::new(Some(at(start)), Some(at(end))),
            Err(EmptyPeriod)
        );
    }
    assert_eq!(Period::new(None, None), Ok(Period::ALWAYS));
}

#[test]
fn a_period_holds_its_start_and_not_its_end() {
    let period = period(3, 5);
    assert_eq!(
        [2, 3, 4, 5].map(|micros| period.contains(at(micros))),
        [false, true, true, false]
    );
    assert_eq!((period.start(), period.end()), (Some(at(3)), Some(at(5))));
}

#[test]
fn an_open_side_has_no_end() {
    assert!(since(3).contains(Moment::LAST) && !since(3).contains(at(2)));
    assert!(until(3).contains(Moment::FIRST) && !until(3).contains(at(3)));
    assert!(Period::ALWAYS.contains(Moment::FIRST) && Period::ALWAYS.contains(Moment::LAST));
}

#[test]
fn neighbours_do_not_overlap() {
    assert!(!period(1, 3).overlaps(period(3, 5)));
    assert!(!until(3).overlaps(since(3)));
    assert!(period(1, 4).overlaps(period(3, 5)));
}

#[test]
fn the_intersection_is_what_both_hold() {
    assert_eq!(period(1, 4).intersection(period(3, 5)), Some(period(3, 4)));
    assert_eq!(since(3).intersection(until(5)), Some(period(3, 5)));
    assert_eq!(since(3).intersection(since(5)), Some(since(5)));
    assert_eq!(until(3).intersection(until(5)), Some(until(3)));
    assert_eq!(until(3).intersection(since(5)), None);
}

fn side() -> impl Strategy<Value = Option<Moment>> {
    prop::option::of((0..8_i64).prop_map(at))
}

prop_compose! {
    fn any_period()(sides in (side(), side()).prop_filter_map("empty", |(start, end)| {
        Period::new(start, end).ok()
    })) -> Period {
        sides
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn overlapping_is_mutual(one in any_period(), two in any_period()) {
        prop_assert_eq!(one.overlaps(two), two.overlaps(one));
        prop_assert_eq!(one.intersection(two), two.intersection(one));
        prop_assert!(one.overlaps(one));
    }

    #[test]
    fn the_intersection_holds_what_both_hold(one in any_period(), two in any_period()) {
        let both = one.intersection(two);
        for moment in (0..9).map(at) {
            let inside = both.is_some_and(|both| both.contains(moment));
            prop_assert_eq!(inside, one.contains(moment) && two.contains(moment));
        }
    }

    #[test]
    fn always_changes_nothing(period in any_period()) {
        prop_assert_eq!(period.intersection(Period::ALWAYS), Some(period));
    }
}
