//! Migrations that changed, vanished, were not locked or skip a number are found.

use super::{LOCK, badly_numbered, changed_or_unlocked, hash};
use crate::breach::places;
use crate::sources::Sources;

const FIRST: &str = "services/order/migrations/0001_create_orders.sql";
const SECOND: &str = "services/order/migrations/0002_add_coupons.sql";

fn found(lock: &str, files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files.iter().copied().chain([(LOCK, lock)]).collect();
    places(&changed_or_unlocked(&Sources::of(&files)))
}

#[test]
fn a_locked_migration_passes() {
    let lock = format!("# Words.\n{}  {FIRST}\n", hash("SELECT 1;"));
    assert_eq!(found(&lock, &[(FIRST, "SELECT 1;")]), Vec::<String>::new());
}

#[test]
fn a_changed_a_new_and_a_vanished_migration_are_found() {
    let lock = format!("{}  {FIRST}\n", hash("SELECT 1;"));
    let (first, second) = (format!("{FIRST}:1"), format!("{SECOND}:1"));
    assert_eq!(found(&lock, &[(FIRST, "SELECT 2;")]), [first]);
    assert_eq!(
        found(&lock, &[(FIRST, "SELECT 1;"), (SECOND, "")]),
        [second]
    );
    assert_eq!(found(&lock, &[]), [format!("{LOCK}:1")]);
}

#[test]
fn a_line_that_is_none_and_a_second_line_are_found() {
    let line = format!("{}  {FIRST}\n", hash(""));
    let lock = format!("{line}{line}words\n");
    assert_eq!(
        found(&lock, &[(FIRST, "")]),
        [format!("{LOCK}:2"), format!("{LOCK}:3")]
    );
}

#[test]
fn a_tree_without_the_lock_is_found() {
    assert_eq!(
        places(&changed_or_unlocked(&Sources::of(&[]))),
        [format!("{LOCK}:1")]
    );
}

#[test]
fn a_gap_in_the_numbers_is_found() {
    let third = "services/order/migrations/0004_drop_notes.sql";
    let other = "services/store/migrations/0001_create_carts.sql";
    let sources = Sources::of(&[(FIRST, ""), (SECOND, ""), (third, ""), (other, "")]);
    assert_eq!(places(&badly_numbered(&sources)), [format!("{third}:1")]);
}
