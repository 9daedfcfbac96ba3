//! Entries without a place are found; those that belong are not.

use super::{
    DEMANDED, broken_files, missing_at_the_top, unknown_at_the_top, unknown_crates, unknown_folders,
};
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn an_entry_without_a_place_is_found_at_the_top() {
    let sources = Sources::of(&[
        ("proto/a.proto", ""),
        ("scripts/run.sh", ""),
        (".idea/x", ""),
    ]);
    assert_eq!(
        places(&unknown_at_the_top(&sources)),
        [".idea:1", "scripts:1"]
    );
}

#[test]
fn an_entry_that_was_asked_for_is_missed() {
    let most: Vec<_> = DEMANDED
        .iter()
        .skip(1)
        .map(|entry| format!("{entry}/file"))
        .collect();
    let most: Vec<_> = most.iter().map(|path| (path.as_str(), "")).collect();
    assert_eq!(
        places(&missing_at_the_top(&Sources::of(&most))),
        ["Cargo.toml:1"]
    );
}

#[test]
fn a_crate_without_a_place_is_found() {
    let sources = Sources::of(&[
        ("services/order/Cargo.toml", ""),
        ("services/shared/Cargo.toml", ""),
        ("services/kit/vocab/Cargo.toml", ""),
        ("services/kit/notes.md", ""),
    ]);
    let expected = ["services/kit/notes.md:1", "services/shared:1"];
    assert_eq!(places(&unknown_crates(&sources)), expected);
}

#[test]
fn a_folder_without_a_place_is_found_in_a_service() {
    let sources = Sources::of(&[
        ("services/order/src/domain/order.rs", ""),
        ("services/order/src/handlers/order.rs", ""),
        ("services/order/examples/a.rs", ""),
        ("services/gateway/src/routes/order.rs", ""),
        ("services/gateway/console/index.html", ""),
        ("services/kit/vocab/src/money/units.rs", ""),
    ]);
    let expected = ["services/order/examples:1", "services/order/src/handlers:1"];
    assert_eq!(places(&unknown_folders(&sources)), expected);
}

#[test]
fn a_file_that_does_not_parse_is_found() {
    let sources = Sources::of(&[("a.rs", "fn a() {}"), ("b.rs", "\nfn b( {}")]);
    assert_eq!(places(&broken_files(&sources)), ["b.rs:2"]);
}
