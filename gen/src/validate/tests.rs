//! The limits of an answer, and predicates at their borders. That every generated check agrees with
//! protovalidate is proven in `tests/contract`.

use super::predicate::{at_most, email, id_prefix, line, locale, phone, text, uuid};
use super::{Path, Validate, Violations};
use crate::order::{CreateOrderRequest, Order, OrderLine};

fn order_of(lines: usize) -> CreateOrderRequest {
    let order = Order {
        lines: vec![OrderLine::default(); lines],
        ..Default::default()
    };
    CreateOrderRequest {
        order: Some(order),
        ..Default::default()
    }
}

#[test]
fn a_violation_says_where_which_rule_and_what_would_be_right() {
    let found = order_of(1).validate().unwrap_err();
    let line = found
        .list()
        .iter()
        .find(|it| it.field == "order.lines[0].product_id")
        .unwrap();
    assert_eq!((line.rule, line.text), ("required", "value is required"));
    assert!(
        found
            .to_string()
            .contains("order.lines[0].product_id: value is required")
    );
}

#[test]
fn an_answer_holds_at_most_twenty_violations_and_counts_the_rest() {
    let found = order_of(100).validate().unwrap_err();
    assert_eq!(found.list().len(), Violations::MOST);
    assert!(found.left_out() >= 180, "{}", found.left_out());
    assert!(
        found
            .to_string()
            .ends_with(&format!("; and {} more", found.left_out()))
    );
}

#[test]
fn an_answer_stays_below_four_kibibytes_however_long_its_paths() {
    let mut found = Violations::default();
    let long = "x".repeat(600);
    for _ in 0..20 {
        found.add(
            &Path::Field(&Path::Root, "labels").key(&long),
            "map.keys",
            "is wrong",
        );
    }
    let size: usize = found.list().iter().map(super::Violation::size).sum();
    assert!(size <= Violations::MOST_BYTES && found.left_out() == 20 - found.list().len());
    assert!(!found.list().is_empty());
}

#[test]
fn a_path_reads_like_the_json_of_the_request() {
    let root = Path::Root;
    let (order, labels) = (root.field("order"), root.field("labels"));
    let lines = order.field("lines");
    assert_eq!(
        lines.index(3).field("sku").to_string(),
        "order.lines[3].sku"
    );
    assert_eq!(
        labels.key(&"a\n\"".to_owned()).to_string(),
        r#"labels["a\n\""]"#
    );
    assert_eq!(labels.key(&5_i64).to_string(), "labels[5]");
    assert_eq!(root.to_string(), "");
}

#[test]
fn length_counts_characters_not_bytes() {
    assert!(at_most("ééé", 3) && !at_most("éééé", 3));
    assert!(line("日本語", 3) && !line("日本語x", 3));
}

#[test]
fn nothing_that_a_database_cannot_hold_passes_as_text() {
    assert!(!line("a\0b", 9) && !text("a\0b", 9));
    assert!(!line("a\nb", 9) && text("a\r\n\tb", 9));
    assert!(!text("a\u{b}b", 9) && !text("a\u{7f}", 9));
}

#[test]
fn an_identifier_fits_128_bits() {
    assert!(id_prefix("prd_7zzzzzzzzzzzzzzzzzzzzzzzzz", "prd"));
    assert!(!id_prefix("prd_8zzzzzzzzzzzzzzzzzzzzzzzzz", "prd"));
    assert!(!id_prefix("prd_7zzzzzzzzzzzzzzzzzzzzzzzz", "prd"));
    assert!(!id_prefix("prdx_7zzzzzzzzzzzzzzzzzzzzzzzzz", "prd"));
    assert!(!id_prefix("", "prd"));
}

#[test]
fn formats_are_exact_at_their_borders() {
    assert!(
        uuid("0193AB12-0000-7000-8000-0123456789ab") && !uuid("0193ab12000070008000123456789ab")
    );
    assert!(email("a@b") && !email("a@b@c") && !email("a@-b"));
    assert!(locale("zh-Hant-TW") && !locale("zh-TW-Hant") && !locale("en-"));
    assert!(phone("+1234567") && !phone("+0234567") && !phone("1234567"));
}
