//! Patterns that are written in this binary.

use regex::Regex;

/// Makes a pattern of a constant.
#[expect(
    clippy::expect_used,
    reason = "constants of this binary, each used by a test"
)]
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern that compiles")
}
