//! Page tokens in honest hands, in other tenants' hands, and in hands that change them.

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    InvalidPageToken, PAGE_POSITION_MAX, PAGE_TOKEN_MAX, PageBinding, PageKey, PageKeys,
    PositionTooLong,
};
use crate::TenantId;
use crate::seeded::seeded;

const BINDING: PageBinding<'_> = PageBinding {
    tenant: TenantId::from_uuid(Uuid::from_u128(9)),
    list: "ListProducts",
    filters: b"brand=x",
};

fn key(byte: u8) -> PageKey {
    PageKey::new([byte; 32])
}

fn keys() -> PageKeys {
    PageKeys::new(key(1), None)
}

fn token() -> String {
    keys().seal(&BINDING, b"position").unwrap()
}

fn refused(binding: &PageBinding<'_>, token: &str) -> bool {
    keys().open(binding, token) == Err(InvalidPageToken)
}

// Worked out apart from this code; a change here ends every list that is being read.
#[test]
fn tokens_stay_what_they_are() {
    assert_eq!(token(), "3AGJ5v7rp8F1kU4XSBvXcnBvc2l0aW9u");
}

#[test]
fn a_token_opens_for_its_own_call_only() {
    assert_eq!(
        keys().open(&BINDING, &token()).as_deref(),
        Ok(b"position".as_slice())
    );
    let tenant = TenantId::from_uuid(Uuid::from_u128(8));
    assert!(refused(&PageBinding { tenant, ..BINDING }, &token()));
    assert!(refused(
        &PageBinding {
            list: "ListPrices",
            ..BINDING
        },
        &token()
    ));
    assert!(refused(
        &PageBinding {
            filters: b"brand=y",
            ..BINDING
        },
        &token()
    ));
    assert!(refused(
        &PageBinding {
            filters: b"",
            ..BINDING
        },
        &token()
    ));
}

#[test]
fn letters_do_not_move_from_list_to_filters() {
    let left = PageBinding {
        list: "ab",
        filters: b"c",
        ..BINDING
    };
    let right = PageBinding {
        list: "a",
        filters: b"bc",
        ..BINDING
    };
    assert!(refused(&right, &keys().seal(&left, b"").unwrap()));
}

#[test]
fn every_change_of_one_character_is_refused() {
    let token = token();
    for position in 0..token.len() {
        for letter in ('\0'..='\u{ff}').filter(|letter| !token[position..].starts_with(*letter)) {
            let mut altered = token.clone();
            altered.replace_range(position..=position, &letter.to_string());
            assert!(refused(&BINDING, &altered), "{altered}");
        }
    }
}

#[test]
fn a_cut_token_is_refused() {
    let token = token();
    for length in 0..token.len() {
        assert!(refused(&BINDING, &token[..length]));
        assert!(refused(&BINDING, &token[length + 1..]));
    }
}

#[test]
fn an_extended_token_is_refused() {
    for tail in ["A", "AA", "AAA", "AAAA", "=", "==", " ", "\n"] {
        assert!(refused(&BINDING, &format!("{}{tail}", token())), "{tail}");
        assert!(refused(&BINDING, &format!("{tail}{}", token())), "{tail}");
    }
}

#[test]
fn the_longest_position_fits_and_one_more_byte_does_not() {
    let longest = [0xff; PAGE_POSITION_MAX];
    let token = keys().seal(&BINDING, &longest).unwrap();
    assert!(token.len() <= PAGE_TOKEN_MAX && PAGE_TOKEN_MAX <= 1_024);
    assert_eq!(
        keys().open(&BINDING, &token).as_deref(),
        Ok(longest.as_slice())
    );
    assert_eq!(
        keys().seal(&BINDING, &[0; PAGE_POSITION_MAX + 1]),
        Err(PositionTooLong)
    );
    assert!(refused(&BINDING, &"A".repeat(PAGE_TOKEN_MAX + 1)));
}

#[test]
fn keys_change_without_losing_a_page() {
    let (old, new) = (
        PageKeys::new(key(1), Some(key(2))),
        PageKeys::new(key(2), Some(key(1))),
    );
    let (before, after) = (
        old.seal(&BINDING, b"1").unwrap(),
        new.seal(&BINDING, b"2").unwrap(),
    );
    assert_ne!(before, after);
    for keys in [&old, &new] {
        assert_eq!(keys.open(&BINDING, &before).as_deref(), Ok(b"1".as_slice()));
        assert_eq!(keys.open(&BINDING, &after).as_deref(), Ok(b"2".as_slice()));
    }
    assert_eq!(
        PageKeys::new(key(2), None).open(&BINDING, &before),
        Err(InvalidPageToken)
    );
}

#[test]
fn keys_do_not_print() {
    let printed = format!("{:?}", PageKeys::new(key(0x41), Some(key(0x42))));
    assert_eq!(
        printed,
        "PageKeys { sealing: PageKey, accepted: Some(PageKey) }"
    );
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn positions_survive_the_round_trip(
        position in prop::collection::vec(any::<u8>(), 0..=PAGE_POSITION_MAX),
        filters: Vec<u8>,
        secret: [u8; 32],
    ) {
        let keys = PageKeys::new(PageKey::new(secret), None);
        let binding = PageBinding { filters: &filters, ..BINDING };
        let token = keys.seal(&binding, &position)?;
        prop_assert!(token.bytes().all(|one| one.is_ascii_alphanumeric() || b"-_".contains(&one)));
        prop_assert_eq!(keys.open(&binding, &token)?, position);
    }

    #[test]
    fn no_other_text_opens(text in "[A-Za-z0-9_-]{0,80}|.{0,80}") {
        prop_assert!(refused(&BINDING, &text));
    }
}
