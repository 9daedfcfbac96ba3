//! One place that breaks a rule: where it is, what is wrong, what to do.

use std::fmt;

use crate::sources::{self, Sources};

/// A broken rule at one line of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// The file, or the folder, from the root of the repository.
    pub path: String,
    /// The line, from one.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Breach {
    /// Makes a breach.
    pub fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// What a test of this repository answers.
pub type Held = Result<(), Untidy>;

/// Why a rule does not hold, to be read off the failed test.
pub struct Untidy(String);

impl fmt::Debug for Untidy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<anyhow::Error> for Untidy {
    fn from(error: anyhow::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// Holds one rule against this repository.
pub fn hold(rule: fn(&Sources) -> Vec<Breach>) -> Held {
    let breaches = rule(sources::of_this_repository()?);
    if breaches.is_empty() {
        Ok(())
    } else {
        Err(Untidy(report(breaches)))
    }
}

/// Writes one line for each breach, by file and line, under their number.
fn report(mut breaches: Vec<Breach>) -> String {
    breaches.sort();
    breaches.dedup();
    let lines: Vec<String> = breaches
        .iter()
        .map(|breach| format!("  {breach}"))
        .collect();
    format!("{} to mend\n{}", lines.len(), lines.join("\n"))
}

/// Tells where the breaches are, sorted: what most negative tests look at.
pub fn places(breaches: &[Breach]) -> Vec<String> {
    let mut places: Vec<String> = breaches
        .iter()
        .map(|breach| format!("{}:{}", breach.path, breach.line))
        .collect();
    places.sort();
    places
}
