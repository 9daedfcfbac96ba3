//! The project stands alone: nothing in it leans on the machine that it was written on.

use regex::Regex;

use crate::breach::{Breach, Held, hold};
use crate::patterns::pattern;
use crate::sources::{Kind, Source, Sources};

#[cfg(test)]
mod tests;

const MACHINE_PATHS: &str = r"(?:^|[^\w./~*})-])/(?:root|home|Users)/";
const PASSING_PATHS: &str = r"(?:^|[^\w./~*})-])/tmp/";

/// This rule has to spell what it forbids.
const THE_RULE: &str = "tests/tidy/alone";

#[test]
fn no_file_names_a_path_of_one_machine() -> Held {
    hold(machine_paths)
}

fn machine_paths(sources: &Sources) -> Vec<Breach> {
    // An image is a machine of its own.
    let anywhere = |source: &Source| source.kind != Kind::Dockerfile;
    let in_prose = |source: &Source| source.kind == Kind::Markdown;
    let mut breaches = every_match(sources, &pattern(MACHINE_PATHS), anywhere);
    breaches.extend(every_match(sources, &pattern(PASSING_PATHS), in_prose));
    breaches
}

/// Finds a pattern in the files that people write, and that are chosen.
fn every_match(
    sources: &Sources,
    forbidden: &Regex,
    chosen: impl Fn(&Source) -> bool,
) -> Vec<Breach> {
    let advice = "is a path of one machine: name it by a variable, or from the root";
    let mut breaches = Vec::new();
    let files = sources
        .by_hand()
        .filter(|it| !it.path.starts_with(THE_RULE) && !is_locked(it));
    for source in files.filter(|source| chosen(source)) {
        for (line, text) in source.lines() {
            for found in forbidden.find_iter(text) {
                let message = format!("`{}` {advice}", found.as_str().trim());
                breaches.push(source.breach(line, message));
            }
        }
    }
    breaches
}

/// Says whether tools write the file, with hashes in which any word may appear.
fn is_locked(source: &Source) -> bool {
    let name = source.name();
    name.ends_with(".lock") || name.ends_with("-lock.json") || name.ends_with(".sum")
}
