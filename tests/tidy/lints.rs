//! The lints of the workspace hold everywhere: whatever silences one says why, and those against
//! panics are silenced in tests at most.

use crate::breach::{Breach, Held, hold};
use crate::sources::Sources;

#[cfg(test)]
mod tests;

/// Lints that only test code may silence, and the groups they are in.
const IN_TESTS_ONLY: &[&str] = &[
    "clippy::expect_used",
    "clippy::panic",
    "clippy::restriction",
    "clippy::unwrap_used",
];

/// Lints that nobody silences.
const NEVER: &[&str] = &[
    "clippy::dbg_macro",
    "clippy::todo",
    "clippy::unimplemented",
    "unsafe_code",
    "warnings",
];

#[test]
fn whatever_silences_a_lint_says_why() -> Held {
    hold(without_reason)
}

#[test]
fn lints_against_panics_are_silenced_in_tests_only() -> Held {
    hold(silenced_where_it_matters)
}

#[test]
fn every_crate_inherits_the_lints_of_the_workspace() -> Held {
    hold(without_lints)
}

fn without_reason(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, rust) in sources.rust() {
        let mute = rust.silenced.iter().filter(|it| !it.reasoned);
        breaches.extend(mute.map(|it| source.breach(it.line, "no reason: add `reason = \"…\"`")));
    }
    breaches
}

fn silenced_where_it_matters(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, rust) in sources.rust() {
        for silenced in &rust.silenced {
            let in_test = source.test || silenced.in_test;
            for lint in silenced.lints.iter().map(String::as_str) {
                let message = if NEVER.contains(&lint) {
                    format!("`{lint}` is never silenced: mend what it complains of")
                } else if IN_TESTS_ONLY.contains(&lint) && !in_test {
                    format!("`{lint}` is silenced outside tests: return an error")
                } else {
                    continue;
                };
                breaches.push(source.breach(silenced.line, message));
            }
        }
    }
    breaches
}

fn without_lints(sources: &Sources) -> Vec<Breach> {
    let crates = sources.manifests.iter().filter(|it| it.package.is_some());
    let advice = "takes over no lints: add `[lints] workspace = true`";
    crates
        .filter(|it| !it.inherits_lints)
        .map(|it| Breach::new(&it.path, 1, advice))
        .collect()
}
