//! `REQUIREMENTS.md` claims no more than tests show: each row names tests, and they exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::breach::{Breach, Held, hold};
use crate::rust::Function;
use crate::sources::{Source, Sources};

#[cfg(test)]
mod tests;

const PAGE: &str = "tests/REQUIREMENTS.md";

/// How many demands each chapter has: A1 to A6, and so on.
const CHAPTERS: &[(&str, usize)] = &[
    ("A", 6),
    ("B", 13),
    ("C", 23),
    ("D", 12),
    ("E", 13),
    ("F", 8),
];

/// The crate whose test binaries need no crate before their names.
const MESH: &str = "mesh";

#[test]
fn every_requirement_has_a_test_that_exists() -> Held {
    hold(unproven)
}

#[test]
fn requirements_are_known_sorted_and_named_once() -> Held {
    hold(badly_numbered)
}

fn unproven(sources: &Sources) -> Vec<Breach> {
    let Some(page) = sources.file(PAGE) else {
        return vec![Breach::new(
            PAGE,
            1,
            "missing: it says which demands are met",
        )];
    };
    let known = tests(sources);
    let mut breaches = Vec::new();
    for row in rows(page) {
        if row.tests.is_empty() {
            let message = format!(
                "{} names no test: a demand is met when a test shows it",
                row.id
            );
            breaches.push(page.breach(row.line, message));
        }
        for test in row.tests.iter().filter(|test| !known.contains(**test)) {
            let message = format!("{} names `{test}`: there is no such test", row.id);
            breaches.push(page.breach(row.line, message));
        }
    }
    breaches
}

fn badly_numbered(sources: &Sources) -> Vec<Breach> {
    let Some(page) = sources.file(PAGE) else {
        return Vec::new();
    };
    let order: Vec<String> = CHAPTERS.iter().flat_map(chapter).collect();
    let order: BTreeMap<&str, usize> = order
        .iter()
        .enumerate()
        .map(|(at, id)| (id.as_str(), at))
        .collect();
    let mut breaches = Vec::new();
    let mut last = None;
    for row in rows(page) {
        let at = order.get(row.id).copied();
        if at.is_none() {
            let message = format!("`{}` is no demand: they run from A1 to F8", row.id);
            breaches.push(page.breach(row.line, message));
        } else if at <= last {
            let message = format!("{} stands twice or too late: sort the rows", row.id);
            breaches.push(page.breach(row.line, message));
        }
        last = last.max(at);
    }
    breaches
}

fn chapter(&(letter, number): &(&str, usize)) -> Vec<String> {
    (1..=number).map(|at| format!("{letter}{at}")).collect()
}

/// One line of the table.
struct Row<'a> {
    id: &'a str,
    tests: Vec<&'a str>,
    line: usize,
}

/// Reads the lines `| id | demand | tests |`; tests stand in backticks.
fn rows(page: &Source) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (line, text) in page.lines().filter(|(_, text)| text.starts_with('|')) {
        let mut cells = text.trim_matches('|').split('|').map(str::trim);
        let id = cells.next().unwrap_or_default();
        let tests = cells.nth(1).unwrap_or_default();
        if id != "id" && !id.starts_with("--") {
            let tests = tests.split('`').skip(1).step_by(2).collect();
            rows.push(Row { id, tests, line });
        }
    }
    rows
}

/// Returns the full names of all tests.
fn tests(sources: &Sources) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for (source, rust) in sources.rust() {
        let Some(module) = module_of(sources, source) else {
            continue;
        };
        let functions = rust.functions.iter().filter(|function| function.is_test);
        tests.extend(functions.map(|function| name(&module, function)));
    }
    tests
}

fn name(module: &[&str], function: &Function) -> String {
    let inner = function.modules.iter().map(String::as_str);
    let parts = module
        .iter()
        .copied()
        .chain(inner)
        .chain([function.name.as_str()]);
    parts.collect::<Vec<_>>().join("::")
}

/// Returns the path of a file's module: the crate, the binary if it is one of tests, the modules.
fn module_of<'a>(sources: &'a Sources, source: &'a Source) -> Option<Vec<&'a str>> {
    let manifest = sources.manifest_of(&source.path)?;
    let inside = source
        .path
        .strip_prefix(&manifest.folder)?
        .strip_suffix(".rs")?;
    let mut parts: Vec<&str> = inside.split('/').collect();
    let package = manifest.package.as_deref()?;
    let is_unit = parts.first() == Some(&"src");
    if is_unit || parts.first() == Some(&"tests") {
        parts.remove(0);
    }
    if matches!(parts.last(), Some(&"main" | &"lib")) {
        parts.pop();
    }
    if is_unit || package != MESH {
        parts.insert(0, package);
    }
    Some(parts)
}
