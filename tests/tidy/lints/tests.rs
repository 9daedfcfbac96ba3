//! Lints silenced without a reason or in the wrong place are found.

use super::{silenced_where_it_matters, without_lints, without_reason};
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn a_lint_silenced_without_a_reason_is_found() {
    let text = "
        #![allow(dead_code)]
        #[expect(clippy::all, reason = \"generated\")] mod a;
        #[cfg_attr(unix, expect(unused))] mod b;
        fn c() { #[allow(unused)] let d = 1; }";
    assert_eq!(
        places(&without_reason(&Sources::of(&[("a.rs", text)]))),
        ["a.rs:2", "a.rs:4", "a.rs:5"]
    );
}

#[test]
fn a_lint_against_panics_is_silenced_in_tests_only() {
    let text = "
        #[expect(clippy::unwrap_used, reason = \"sure\")] fn a() {}
        #[cfg(test)] mod b { #[expect(clippy::expect_used, reason = \"test\")] fn c() {} }
        #[cfg_attr(test, expect(clippy::panic, reason = \"test\"))] mod d;
        #[expect(clippy::restriction, reason = \"all of it\")] fn e() {}";
    let in_test = "#[expect(clippy::unwrap_used, clippy::todo, reason = \"later\")] fn a() {}";
    let sources = Sources::of(&[("a/src/a.rs", text), ("a/tests/it/main.rs", in_test)]);
    let expected = ["a/src/a.rs:2", "a/src/a.rs:5", "a/tests/it/main.rs:1"];
    assert_eq!(places(&silenced_where_it_matters(&sources)), expected);
}

#[test]
fn a_crate_that_inherits_no_lints_is_found() {
    let sources = Sources::of(&[
        ("Cargo.toml", "[workspace]"),
        (
            "a/Cargo.toml",
            "[package]\nname = \"a\"\n[lints]\nworkspace = true",
        ),
        ("b/Cargo.toml", "[package]\nname = \"b\""),
    ]);
    assert_eq!(places(&without_lints(&sources)), ["b/Cargo.toml:1"]);
}
