//! Accounts and keys are made once, and nobody else reads them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vocab::Moment;

use super::{FILE, MASTER, Role, SERVICE_KEYS, TENANT, accounts::Accounts, kept};
use super::{prepare, service_key_file};
use crate::home::Home;
use crate::scratch::Scratch;

#[test]
fn accounts_are_made_once_and_are_all_different() {
    let scratch = Scratch::fresh();
    let home = Home::open(scratch.path()).unwrap();
    let first = Accounts::complete(&home).unwrap();
    let again = Accounts::complete(&home).unwrap();
    let mut passwords = Vec::new();
    for role in Role::ALL.into_iter().chain([Role::Operator]) {
        let (code, account) = first.find(TENANT, role).unwrap();
        assert_eq!(code == "operator", role == Role::Operator);
        assert_eq!(
            again.find(TENANT, role).unwrap().1.password,
            account.password
        );
        passwords.push(account.password.clone());
    }
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), Role::ALL.len() + 1);
    assert!(first.find("nowhere", Role::Admin).is_none());
}

#[test]
fn a_service_keeps_its_key_and_only_public_halves_are_told() {
    let scratch = Scratch::fresh();
    let home = Home::open(scratch.path()).unwrap();
    prepare(&home).unwrap();
    let read = |name: &str| home.read(name).unwrap();
    let before = (
        read(SERVICE_KEYS),
        read(MASTER),
        read(&service_key_file("catalog")),
    );
    prepare(&home).unwrap();
    let after = (
        read(SERVICE_KEYS),
        read(MASTER),
        read(&service_key_file("catalog")),
    );
    assert_eq!(before, after);
    assert!(before.0.contains("\"catalog\"") && !before.0.contains("PRIVATE"));
    assert!(before.2.contains("PRIVATE"));
}

#[test]
fn a_token_is_given_again_for_half_of_its_life() {
    let token = |claims: &str| format!("header.{}.signature", URL_SAFE_NO_PAD.encode(claims));
    let at = |seconds: i64| Moment::from_micros(seconds * 1_000_000).unwrap();
    let ten_minutes = token(r#"{"iat":1000.25,"exp":1600.25}"#);
    assert!(kept::is_young(&ten_minutes, at(1_001)) && kept::is_young(&ten_minutes, at(1_300)));
    assert!(!kept::is_young(&ten_minutes, at(1_301)) && !kept::is_young(&ten_minutes, at(999)));
    for other in [
        "",
        "no token",
        "a.b.c",
        &token("{}"),
        &token(r#"{"exp":9e9}"#),
    ] {
        assert!(!kept::is_young(other, at(1_001)), "{other}");
    }
    assert_eq!(kept::file(TENANT, Role::Admin), FILE);
    assert_ne!(
        kept::file(TENANT, Role::Staff),
        kept::file("other", Role::Staff)
    );
}
