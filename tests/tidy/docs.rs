//! Pages lead somewhere: links to files, and commands that the Makefile knows.

use std::collections::BTreeSet;

use crate::breach::{Breach, Held, hold};
use crate::patterns::pattern;
use crate::sources::{Kind, Source, Sources};

mod markdown;
#[cfg(test)]
mod tests;

const LINK: &str = r"\]\(\s*<?([^)\s>]+)|^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)";
const TARGETS: &str = r"(?m)^([A-Za-z][\w.-]*(?:[ \t]+[A-Za-z][\w.-]*)*)[ \t]*:(?:[^=:]|$)";
const MAKE: &str = r"(?:^|[;&|(]|\$ )\s*(?:\w+=\S* +)*make((?: [^\s;&|)]+)*)";

#[test]
fn every_link_to_a_file_resolves() -> Held {
    hold(dead_links)
}

#[test]
fn every_make_target_in_the_pages_exists() -> Held {
    hold(unknown_targets)
}

#[test]
fn make_alone_prints_help() -> Held {
    hold(first_target)
}

fn dead_links(sources: &Sources) -> Vec<Breach> {
    let link = pattern(LINK);
    let mut breaches = Vec::new();
    for source in sources
        .by_hand()
        .filter(|source| source.kind == Kind::Markdown)
    {
        for (line, text) in markdown::prose(&source.text) {
            let found = link
                .captures_iter(&text)
                .filter_map(|it| it.get(1).or(it.get(2)));
            for target in found.map(|it| it.as_str()).filter(|it| is_local(it)) {
                if !resolve(&source.path, target).is_some_and(|path| sources.has(&path)) {
                    let message = format!("links to `{target}`, which is not in the repository");
                    breaches.push(source.breach(line, message));
                }
            }
        }
    }
    breaches
}

/// Says whether a link names a file: no address, no heading, no Rust path.
fn is_local(target: &str) -> bool {
    !target.starts_with('#') && !target.contains(':')
}

/// Returns the path from the root that a link in a page leads to; none if it leaves the root.
fn resolve(page: &str, target: &str) -> Option<String> {
    let target = target.split(['#', '?']).next()?.replace("%20", " ");
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let from = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(target.split('/')) {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn unknown_targets(sources: &Sources) -> Vec<Breach> {
    let make = pattern(MAKE);
    let known: BTreeSet<String> = makefile(sources).into_iter().flat_map(targets).collect();
    let mut breaches = Vec::new();
    for source in sources.by_hand().filter(|source| shows_commands(source)) {
        for (line, code) in markdown::code(&source.text) {
            let calls = make.captures_iter(&code).filter_map(|it| it.get(1));
            let named = calls
                .flat_map(|it| goals(it.as_str()))
                .filter(|it| !known.contains(*it));
            breaches.extend(named.map(|goal| {
                source.breach(
                    line,
                    format!("`make {goal}`: the Makefile has no such target"),
                )
            }));
        }
    }
    breaches
}

fn shows_commands(source: &Source) -> bool {
    matches!(source.name(), "README.md" | "ARCHITECTURE.md")
}

/// Returns the targets that a call of make names, up to the first word that can be none.
fn goals(words: &str) -> impl Iterator<Item = &str> {
    let setting = |word: &&str| word.starts_with('-') || word.contains('=');
    let plain = |word: &str| {
        let known = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        word.starts_with(|it: char| it.is_ascii_lowercase())
            && word.chars().all(|it| known(it) || it == '-')
    };
    let words = words.split_whitespace().filter(move |word| !setting(word));
    words.take_while(move |word| plain(word))
}

fn first_target(sources: &Sources) -> Vec<Breach> {
    let Some(makefile) = makefile(sources) else {
        return Vec::new();
    };
    let first = targets(makefile).into_iter().next();
    let breach = makefile.breach(1, "the first target is not `help`: move it up");
    if first.as_deref() == Some("help") {
        Vec::new()
    } else {
        vec![breach]
    }
}

fn makefile(sources: &Sources) -> Option<&Source> {
    sources.file("Makefile")
}

fn targets(makefile: &Source) -> Vec<String> {
    let rules = pattern(TARGETS);
    let names = rules
        .captures_iter(&makefile.text)
        .filter_map(|it| it.get(1));
    names
        .flat_map(|it| it.as_str().split_whitespace())
        .map(str::to_owned)
        .collect()
}
