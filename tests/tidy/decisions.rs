//! Decisions are numbered pages of one shape: context, choice, price.

use crate::breach::{Breach, Held, hold};
use crate::patterns::pattern;
use crate::sources::{Source, Sources};

const FOLDER: &str = "services/decisions/";
const NAME: &str = r"^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md$";
const HEADINGS: &[&str] = &["Context", "Choice", "Price"];

#[test]
fn decisions_are_numbered_without_gaps() -> Held {
    hold(badly_numbered)
}

#[test]
fn every_decision_has_context_choice_and_price() -> Held {
    hold(incomplete)
}

fn badly_numbered(sources: &Sources) -> Vec<Breach> {
    let name = pattern(NAME);
    let mut breaches = Vec::new();
    for (at, source) in decisions(sources).enumerate() {
        let number = name.captures(source.name()).and_then(|it| it.get(1));
        let expected = format!("{:04}", at + 1);
        if number.map(|it| it.as_str()) != Some(&expected) {
            let advice = format!("not the next decision: call it `{expected}-<title>.md`");
            breaches.push(source.breach(1, advice));
        }
    }
    breaches
}

fn incomplete(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in decisions(sources) {
        for heading in HEADINGS
            .iter()
            .filter(|heading| !has_heading(source, heading))
        {
            breaches.push(source.breach(1, format!("no heading `## {heading}`: add what it says")));
        }
    }
    breaches
}

fn has_heading(source: &Source, heading: &str) -> bool {
    source.text.lines().any(|line| {
        let words = line.trim_start_matches('#');
        words.len() < line.len() && words.trim() == heading
    })
}

fn decisions(sources: &Sources) -> impl Iterator<Item = &Source> {
    sources
        .files
        .iter()
        .filter(|source| source.path.starts_with(FOLDER))
}

#[cfg(test)]
mod tests {
    use super::{badly_numbered, incomplete};
    use crate::breach::places;
    use crate::sources::Sources;

    #[test]
    fn a_gap_a_double_and_a_bad_name_are_found() {
        let sources = Sources::of(&[
            ("services/decisions/0001-one-binary.md", ""),
            ("services/decisions/0003-no-saga-framework.md", ""),
            ("services/decisions/0003_b.md", ""),
        ]);
        let expected = [
            "services/decisions/0003-no-saga-framework.md:1",
            "services/decisions/0003_b.md:1",
        ];
        assert_eq!(places(&badly_numbered(&sources)), expected);
    }

    #[test]
    fn a_missing_heading_is_found() {
        let sources = Sources::of(&[
            (
                "services/decisions/0001-a.md",
                "# A\n## Context\n## Choice\n## Price\n",
            ),
            (
                "services/decisions/0002-b.md",
                "# B\n## Context\nChoice\n## Prices\n",
            ),
        ]);
        let expected = [
            "services/decisions/0002-b.md:1",
            "services/decisions/0002-b.md:1",
        ];
        assert_eq!(places(&incomplete(&sources)), expected);
    }
}
