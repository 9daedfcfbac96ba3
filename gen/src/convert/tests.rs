//! Round trips between wire and typed values, and what is refused on the way.

use proptest::prelude::*;
use vocab::{Currency, Date, Moment, Money, OrderId, ProductId};

use super::{id, moment, optional_id, timestamp};
use crate::common;

fn wire(currency_code: &str, units: i64, nanos: i32) -> common::Money {
    common::Money {
        currency_code: currency_code.to_owned(),
        units,
        nanos,
    }
}

#[test]
fn money_keeps_its_amount_in_every_kind_of_currency() {
    for (sent, minor) in [
        (wire("EUR", 12, 340_000_000), 1_234),
        (wire("EUR", -12, -340_000_000), -1_234),
        (wire("JPY", 500, 0), 500),
        (wire("KWD", 1, 5_000_000), 1_005),
        (wire("EUR", 0, -10_000_000), -1),
        (wire("EUR", 0, 0), 0),
    ] {
        let money = Money::try_from(&sent).unwrap();
        assert_eq!(money.amount_minor(), minor, "{sent:?}");
        assert_eq!(common::Money::from(money), sent);
    }
}

#[test]
fn money_that_its_currency_cannot_express_is_refused() {
    for sent in [
        wire("JPY", 1, 500_000_000),
        wire("EUR", 0, 1_000_000),
        wire("EUR", 1, -10_000_000),
        wire("EUR", 0, 1_000_000_000),
        wire("EUR", i64::MAX, 0),
        wire("XXX", 1, 0),
        wire("eur", 1, 0),
        wire("", 1, 0),
    ] {
        assert!(Money::try_from(&sent).is_err(), "{sent:?}");
    }
}

#[test]
fn an_id_of_another_kind_is_refused_with_a_text() {
    let text = "prd_01h455vb4pex5vsknk084sn02q";
    assert!(id::<vocab::kind::Product>(text).is_ok());
    assert!(
        id::<vocab::kind::Order>(text)
            .unwrap_err()
            .text
            .contains("ord")
    );
    assert_eq!(optional_id::<vocab::kind::Order>(""), Ok(None));
    assert!(text.parse::<OrderId>().is_err());
    assert!(text.parse::<ProductId>().is_ok());
}

#[test]
fn a_day_that_the_calendar_lacks_is_refused() {
    let day = |year, month, day| common::Date { year, month, day };
    assert!(Date::try_from(&day(2024, 2, 29)).is_ok());
    assert!(Date::try_from(&day(2023, 2, 29)).is_err());
    assert!(Date::try_from(&day(1899, 1, 1)).is_err());
}

#[test]
fn a_period_that_ends_before_it_starts_is_refused() {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let period = |start_time, end_time| common::Period {
        start_time,
        end_time,
    };
    assert!(vocab::Period::try_from(&period(at(5), at(9))).is_ok());
    assert!(vocab::Period::try_from(&period(at(5), None)).is_ok());
    assert!(vocab::Period::try_from(&period(at(9), at(5))).is_err());
    assert!(vocab::Period::try_from(&period(at(-1), None)).is_err());
}

proptest! {
    #[test]
    fn any_money_survives_the_wire(minor in any::<i64>(), currency in 0..3usize) {
        let currency = [Currency::EUR, Currency::JPY, Currency::KWD][currency];
        let money = Money::new(minor, currency);
        prop_assert_eq!(Money::try_from(&common::Money::from(money)), Ok(money));
    }

    #[test]
    fn any_instant_survives_the_wire(micros in 0..7_258_118_400_000_000_i64) {
        let instant = Moment::from_micros(micros).unwrap();
        prop_assert_eq!(moment(&timestamp(instant)), Ok(instant));
    }
}
