//! Every code of three capitals is asked, so that the table can neither gain nor lose one unseen.

use super::{Currency, UnknownCurrency};

fn active() -> Vec<Currency> {
    let mut found = Vec::new();
    for first in 'A'..='Z' {
        for second in 'A'..='Z' {
            for third in 'A'..='Z' {
                found.extend(format!("{first}{second}{third}").parse::<Currency>().ok());
            }
        }
    }
    found
}

fn digits(code: &str) -> Option<u32> {
    code.parse().ok().map(Currency::minor_digits)
}

#[test]
fn the_table_has_as_many_currencies_as_iso_4217() {
    let active = active();
    let with = |digits| {
        active
            .iter()
            .filter(|one| one.minor_digits() == digits)
            .count()
    };
    assert_eq!(active.len(), 165);
    assert_eq!([0, 1, 2, 3, 4].map(with), [17, 0, 139, 7, 2]);
}

#[test]
fn a_code_survives_the_round_trip() {
    for currency in active() {
        assert_eq!(currency.code().parse(), Ok(currency));
        assert_eq!(
            format!("{currency} {currency:?}"),
            [currency.code(); 2].join(" ")
        );
    }
}

#[test]
fn digits_follow_the_currency() {
    for (code, expected) in [
        ("JPY", 0),
        ("KRW", 0),
        ("EUR", 2),
        ("KWD", 3),
        ("CLF", 4),
        ("UYW", 4),
    ] {
        assert_eq!(digits(code), Some(expected), "{code}");
    }
}

#[test]
fn the_constants_are_those_of_the_table() {
    for constant in [
        Currency::EUR,
        Currency::USD,
        Currency::JPY,
        Currency::KWD,
        Currency::CLF,
    ] {
        assert_eq!(constant.code().parse(), Ok(constant));
    }
}

#[test]
fn codes_without_a_minor_unit_are_refused() {
    for code in [
        "XAU", "XAG", "XPT", "XPD", "XDR", "XSU", "XUA", "XBA", "XTS", "XXX",
    ] {
        assert_eq!(code.parse::<Currency>(), Err(UnknownCurrency), "{code}");
    }
}

#[test]
fn withdrawn_codes_are_refused_and_their_successors_known() {
    for (gone, now) in [
        ("BGN", "EUR"),
        ("HRK", "EUR"),
        ("ANG", "XCG"),
        ("SLL", "SLE"),
        ("ZWL", "ZWG"),
    ] {
        assert_eq!((digits(gone), digits(now)), (None, Some(2)), "{gone}");
    }
}

#[test]
fn other_texts_are_refused() {
    for text in ["", "EU", "EURO", "eur", "Eur", "EU ", "ÉU", "€", "978"] {
        assert_eq!(text.parse::<Currency>(), Err(UnknownCurrency), "{text}");
    }
}
