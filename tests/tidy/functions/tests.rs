//! Functions over their caps are found, those at their caps are not.

use super::{median_too_long, too_long, too_many_parameters};
use crate::breach::places;
use crate::sources::Sources;

fn function(name: &str, lines: usize) -> String {
    format!("fn {name}() {{{}}}\n", "\n".repeat(lines - 1))
}

#[test]
fn a_function_over_its_cap_is_found() {
    let text = function("at", 60) + &function("over", 61);
    let tests = function("at", 80) + &function("over", 81);
    let inner = format!("#[cfg(test)] mod tests {{\n{}}}", function("at", 80));
    let sources = Sources::of(&[
        ("a/src/a.rs", &text),
        ("a/src/a/tests.rs", &tests),
        ("a/src/b.rs", &inner),
    ]);
    assert_eq!(
        places(&too_long(&sources)),
        ["a/src/a.rs:61", "a/src/a/tests.rs:81"]
    );
}

#[test]
fn a_sixth_parameter_is_found_and_self_is_none() {
    let text = "
        impl A { fn b(&self, c: u8, d: u8, e: u8, f: u8, g: u8) {} }
        trait H { fn i(j: u8, k: u8, l: u8, m: u8, n: u8, o: u8) {} }";
    assert_eq!(
        places(&too_many_parameters(&Sources::of(&[("a.rs", text)]))),
        ["a.rs:3"]
    );
}

#[test]
fn a_median_function_at_the_target_is_too_long() {
    let long = function("a", 10) + &function("b", 10) + "#[test] fn c() {}";
    assert_eq!(median_too_long(&Sources::of(&[("a.rs", &long)])).len(), 1);
    let short = function("a", 9);
    assert!(median_too_long(&Sources::of(&[("a.rs", &short)])).is_empty());
}
