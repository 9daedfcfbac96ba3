//! No file is longer than its cap, no line wider than the page, and most are far from either.

use crate::breach::{Breach, Held, hold};
use crate::sources::{Kind, Source, Sources};

#[cfg(test)]
mod tests;

const RUST_LINES_MAX: usize = 400;
const TEST_LINES_MAX: usize = 600;
const SCRIPT_LINES_MAX: usize = 400;
const MAKEFILE_LINES_MAX: usize = 100;
const README_LINES_MAX: usize = 250;
const COLUMNS_MAX: usize = 100;
/// A word longer than this is a URL or a hash, and no line break can help it.
const UNBREAKABLE: usize = 80;
/// Half of all files in the product are shorter.
const MEDIAN_LINES_BELOW: usize = 150;

/// A file that may be longer than its cap.
struct Exception {
    path: &'static str,
    lines: usize,
    reason: &'static str,
}

/// The number in its type only ever falls.
const EXCEPTIONS: [Exception; 0] = [];

#[test]
fn no_file_is_longer_than_its_cap() -> Held {
    hold(too_long)
}

#[test]
fn no_exception_outlives_its_file() -> Held {
    hold(|sources| stale(sources, &EXCEPTIONS))
}

#[test]
fn no_line_is_wider_than_the_page() -> Held {
    hold(too_wide)
}

#[test]
fn the_median_file_is_short() -> Held {
    let sources = crate::sources::of_this_repository()?;
    println!("median file: {} lines", median(lengths(sources)));
    hold(median_too_long)
}

fn too_long(sources: &Sources) -> Vec<Breach> {
    over_the_cap(sources, &EXCEPTIONS)
}

fn over_the_cap(sources: &Sources, exceptions: &[Exception]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in sources.by_hand() {
        let exception = exceptions.iter().find(|it| it.path == source.path);
        let Some(cap) = exception.map(|it| it.lines).or_else(|| cap(source)) else {
            continue;
        };
        let lines = source.lines().count();
        if lines > cap {
            let message = format!("{lines} lines, the cap is {cap}: split it by idea");
            breaches.push(source.breach(cap + 1, message));
        }
    }
    breaches
}

fn stale(sources: &Sources, exceptions: &[Exception]) -> Vec<Breach> {
    let needed = |exception: &Exception| {
        let source = sources.file(exception.path)?;
        Some(source.lines().count() > cap(source)?)
    };
    let stale = exceptions.iter().filter(|it| needed(it) != Some(true));
    stale
        .map(|it| {
            let message = format!("needs no exception any more ({}): take it out", it.reason);
            Breach::new(it.path, 1, message)
        })
        .collect()
}

fn cap(source: &Source) -> Option<usize> {
    match source.kind {
        Kind::Rust if source.test => Some(TEST_LINES_MAX),
        Kind::Rust => Some(RUST_LINES_MAX),
        Kind::Python | Kind::Shell => Some(SCRIPT_LINES_MAX),
        Kind::Makefile => Some(MAKEFILE_LINES_MAX),
        Kind::Markdown if source.name() == "README.md" => Some(README_LINES_MAX),
        _ => None,
    }
}

fn too_wide(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in sources.by_hand().filter(|source| has_a_page(source.kind)) {
        for (line, text) in source.lines() {
            let columns = text.chars().count();
            let longest = text
                .split_whitespace()
                .map(|word| word.chars().count())
                .max();
            if columns > COLUMNS_MAX && longest <= Some(UNBREAKABLE) {
                let message =
                    format!("{columns} columns, the cap is {COLUMNS_MAX}: break the line");
                breaches.push(source.breach(line, message));
            }
        }
    }
    breaches
}

fn has_a_page(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Rust | Kind::Python | Kind::Shell | Kind::Sql | Kind::Toml | Kind::Makefile
    )
}

fn median_too_long(sources: &Sources) -> Vec<Breach> {
    let median = median(lengths(sources));
    let message = format!("the median file has {median} lines, not < {MEDIAN_LINES_BELOW}");
    let breach = Breach::new(".", 1, message + ": split the longest by idea");
    if median < MEDIAN_LINES_BELOW {
        Vec::new()
    } else {
        vec![breach]
    }
}

fn lengths(sources: &Sources) -> Vec<usize> {
    let product = sources.rust().filter(|(source, _)| !source.test);
    product.map(|(source, _)| source.lines().count()).collect()
}

/// Returns the middle of some numbers, the upper one of two; nothing has a median of zero.
pub fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
