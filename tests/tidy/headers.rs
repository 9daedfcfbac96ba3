//! Every file opens with a few words on what it is for.

use crate::breach::{Breach, Held, hold};
use crate::sources::{Kind, Source, Sources};

#[cfg(test)]
mod tests;

const RUST_LINES_MAX: usize = 10;

/// First lines that speak to a tool and not to a reader.
const TO_TOOLS: &[&str] = &["#!", "# syntax=", "# escape=", "# check=", "# -*-", "---"];

#[test]
fn every_file_opens_with_what_it_is_for() -> Held {
    hold(headless)
}

#[test]
fn no_header_is_longer_than_ten_lines() -> Held {
    hold(too_long)
}

fn headless(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in sources.by_hand() {
        let signs = signs(source.kind);
        if !signs.is_empty() && !opens_with_words(source, signs) {
            let message = format!(
                "no header: open with `{}` and what it is for",
                signs.join("` or `")
            );
            breaches.push(source.breach(1, message));
        }
    }
    breaches
}

fn too_long(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, _) in sources.rust() {
        let lines = source
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .count();
        if lines > RUST_LINES_MAX {
            let advice = "say it shorter, or where it belongs";
            let message = format!("{lines} lines of header, the cap is {RUST_LINES_MAX}: {advice}");
            breaches.push(source.breach(RUST_LINES_MAX + 1, message));
        }
    }
    breaches
}

/// What opens a header; nothing where none is asked for.
fn signs(kind: Kind) -> &'static [&'static str] {
    match kind {
        // A crate may take its page as its header.
        Kind::Rust => &["//!", "#![doc = include_str!("],
        Kind::Python => &["\"\"\"", "r\"\"\"", "#"],
        Kind::Sql => &["--"],
        // The templates of a chart are no YAML before they are rendered.
        Kind::Yaml => &["#", "{{/*", "{{- /*"],
        Kind::Shell | Kind::Makefile | Kind::Dockerfile => &["#"],
        Kind::Proto | Kind::Toml | Kind::Markdown | Kind::Other => &[],
    }
}

/// Says whether the header is there, with at least one word on its first two lines.
fn opens_with_words(source: &Source, signs: &[&str]) -> bool {
    let to_tool = |line: &&str| TO_TOOLS.iter().any(|opening| line.starts_with(opening));
    let mut lines = source
        .text
        .lines()
        .skip_while(|line| source.kind != Kind::Rust && to_tool(line));
    let first = lines.next().unwrap_or_default();
    let Some(words) = signs.iter().find_map(|sign| first.strip_prefix(sign)) else {
        return false;
    };
    let has_words = |text: &str| text.chars().any(char::is_alphanumeric);
    has_words(words) || lines.next().is_some_and(has_words)
}
