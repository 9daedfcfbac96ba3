//! A migration is written once: `migrations.lock` keeps the hash of each one that was merged.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::breach::{Breach, Held, hold};
use crate::sources::{Source, Sources};

#[cfg(test)]
mod tests;

const LOCK: &str = "tests/tidy/migrations.lock";

#[test]
fn no_migration_changes_once_it_is_merged() -> Held {
    hold(changed_or_unlocked)
}

#[test]
fn migrations_are_numbered_without_gaps() -> Held {
    hold(badly_numbered)
}

fn changed_or_unlocked(sources: &Sources) -> Vec<Breach> {
    let Some(lock) = sources.file(LOCK) else {
        return vec![Breach::new(
            LOCK,
            1,
            "missing: it keeps the hashes of migrations",
        )];
    };
    let (locked, mut breaches) = read(lock);
    for source in migrations(sources) {
        let hash = hash(&source.text);
        match locked.get(source.path.as_str()) {
            Some((_, kept)) if *kept == hash => (),
            Some(_) => breaches.push(source.breach(1, "changed after merging: add a new one")),
            None => {
                let advice = format!(
                    "not locked: add the line `{hash}  {}` to {LOCK}",
                    source.path
                );
                breaches.push(source.breach(1, advice));
            }
        }
    }
    for (path, (line, _)) in &locked {
        if sources.file(path).is_none() {
            breaches.push(lock.breach(*line, format!("{path} is gone: bring it back")));
        }
    }
    breaches
}

/// Reads the lines `<hash>  <path>`, by path: the line and the hash.
fn read(lock: &Source) -> (BTreeMap<&str, (usize, &str)>, Vec<Breach>) {
    let mut locked = BTreeMap::new();
    let mut breaches = Vec::new();
    for (line, text) in lock.lines().filter(|(_, text)| !text.starts_with('#')) {
        let Some((hash, path)) = text.split_once("  ") else {
            breaches.push(lock.breach(line, "no `<hash>  <path>`: two blanks between them"));
            continue;
        };
        if locked.insert(path, (line, hash)).is_some() {
            breaches.push(lock.breach(line, format!("{path} is locked twice: keep the first")));
        }
    }
    (locked, breaches)
}

fn badly_numbered(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut last = ("", 0);
    for source in migrations(sources) {
        let folder = source.path.trim_end_matches(source.name());
        let expected = if last.0 == folder { last.1 + 1 } else { 1 };
        let opening = format!("{expected:04}_");
        if !source.name().starts_with(&opening) {
            let advice = format!("not the next migration: call it `{opening}<verb>_<noun>.sql`");
            breaches.push(source.breach(1, advice));
        }
        last = (folder, expected);
    }
    breaches
}

/// Returns `services/**/migrations/*.sql`, by folder and name.
fn migrations(sources: &Sources) -> impl Iterator<Item = &Source> {
    sources.files.iter().filter(|source| {
        let folder = source.path.rsplit('/').nth(1);
        let is_ours = source.path.starts_with("services/") && source.path.ends_with(".sql");
        is_ours && folder == Some("migrations")
    })
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
