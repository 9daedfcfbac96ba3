//! Files and lines over their caps are found, those at their caps are not.

use super::{Exception, median, median_too_long, over_the_cap, stale, too_long, too_wide};
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn a_file_over_its_cap_is_found() {
    let lines = |number| "\n".repeat(number);
    let sources = Sources::of(&[
        ("a/src/at.rs", &lines(400)),
        ("a/src/over.rs", &lines(401)),
        ("a/src/tests.rs", &lines(600)),
        ("a/tests/it/main.rs", &lines(601)),
        ("tools/over.py", &lines(401)),
        ("Makefile", &lines(101)),
        ("README.md", &lines(251)),
        ("services/ARCHITECTURE.md", &lines(1_000)),
        ("gen/src/generated/a.rs", &lines(1_000)),
    ]);
    let expected = [
        "Makefile:101",
        "README.md:251",
        "a/src/over.rs:401",
        "a/tests/it/main.rs:601",
        "tools/over.py:401",
    ];
    assert_eq!(places(&too_long(&sources)), expected);
}

#[test]
fn an_exception_holds_up_to_its_number_and_goes_stale() {
    let exceptions = [
        Exception {
            path: "a.rs",
            lines: 500,
            reason: "one table",
        },
        Exception {
            path: "b.rs",
            lines: 500,
            reason: "one table",
        },
        Exception {
            path: "gone.rs",
            lines: 500,
            reason: "one table",
        },
    ];
    let sources = Sources::of(&[("a.rs", &"\n".repeat(501)), ("b.rs", "")]);
    assert_eq!(places(&over_the_cap(&sources, &exceptions)), ["a.rs:501"]);
    assert_eq!(
        places(&stale(&sources, &exceptions)),
        ["b.rs:1", "gone.rs:1"]
    );
}

#[test]
fn a_line_over_the_page_is_found_unless_nothing_can_break_it() {
    let wide = "word ".repeat(20) + "x";
    let at = "ü".repeat(50) + &"y".repeat(50);
    let address = format!("# https://{} and more words after it", "z".repeat(90));
    let sources = Sources::of(&[
        ("a.rs", &format!("{at}\n{wide}")),
        ("a.toml", &address),
        ("a.md", &wide),
        ("Cargo.lock", &wide),
    ]);
    assert_eq!(places(&too_wide(&sources)), ["a.rs:2"]);
}

#[test]
fn a_median_file_at_the_target_is_too_long() {
    let long = "\n".repeat(150);
    let sources = Sources::of(&[
        ("a.rs", ""),
        ("b.rs", &long),
        ("c.rs", &long),
        ("tests.rs", ""),
    ]);
    assert_eq!(median_too_long(&sources).len(), 1);
    assert!(median_too_long(&Sources::of(&[("b.rs", "")])).is_empty());
}

#[test]
fn the_median_is_the_middle() {
    assert_eq!(median(vec![9, 1, 5]), 5);
    assert_eq!(median(Vec::new()), 0);
}
