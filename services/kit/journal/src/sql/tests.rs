//! Descriptions that are refused, and texts that do not depend on sizes.

use super::{InvalidTable, Part, Parts, Statements};
use crate::table::{Column, Table};
use crate::value::Kind;

const KEY: &[Column] = &[Column::new("sku", Kind::Text)];
const COUNT: &[Column] = &[Column::new("count", Kind::BigInt)];

fn refused(tables: &'static [Table]) -> InvalidTable {
    Statements::of(tables).err().unwrap()
}

#[test]
fn names_that_would_need_quotes_are_refused() {
    const QUOTED: &[Table] = &[Table::plain("a; DROP TABLE events", KEY, COUNT)];
    const CAPITAL: &[Column] = &[Column::new("Count", Kind::BigInt)];
    const LARGE: &[Table] = &[Table::plain("stock", KEY, CAPITAL)];
    assert_eq!(refused(QUOTED), InvalidTable::Name("a; DROP TABLE events"));
    assert_eq!(refused(LARGE), InvalidTable::Name("Count"));
}

#[test]
fn a_table_that_could_not_be_locked_by_its_key_is_refused() {
    const NONE: &[Table] = &[Table::plain("stock", &[], COUNT)];
    const OPEN: &[Table] = &[Table::plain(
        "stock",
        &[Column::new("sku", Kind::Text).nullable()],
        COUNT,
    )];
    const BARE: &[Table] = &[Table::plain("stock", KEY, &[])];
    assert_eq!(refused(NONE), InvalidTable::NoKey("stock"));
    assert_eq!(refused(OPEN), InvalidTable::NullableKey("stock"));
    assert_eq!(refused(BARE), InvalidTable::NoColumns("stock"));
}

#[test]
fn every_insert_begins_when_the_one_before_it_has_ended() {
    const TABLES: &[Table] = &[
        Table::aggregate("stock", KEY, COUNT),
        Table::plain("claim", KEY, COUNT),
    ];
    let mut parts = Parts::default();
    for part in [Part::Answers, Part::Add(1), Part::Change(0), Part::Add(0)] {
        parts.insert(part);
    }
    let order: Vec<Part> = parts.iter().collect();
    let expected = [Part::Change(0), Part::Add(0), Part::Add(1), Part::Answers];
    assert_eq!(order, expected);
    let text = parts.statement(TABLES);
    let text = text.as_str();
    let claim = text.find("INSERT INTO claim").unwrap();
    let answers = text.find("INSERT INTO idempotency").unwrap();
    assert!(text[claim..answers].contains("WHERE (SELECT count(*) FROM w1) >= 0"));
    assert!(text[answers..].contains("WHERE (SELECT count(*) FROM w2) >= 0"));
}
