//! The tree is the one that the architecture draws: what is not in these lists has no place yet.

use std::collections::BTreeSet;

use crate::breach::{Breach, Held, hold};
use crate::sources::Sources;

#[cfg(test)]
mod tests;

/// The top level that the product was asked for.
const DEMANDED: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "proto",
    "services",
    "gen",
    "buf.yaml",
    "tests",
    "Makefile",
    "README.md",
];

/// What else may stand there: the licence, and files that tools look for in this place.
const TOLERATED: &[&str] = &[
    "LICENSE",
    "buf.gen.yaml",
    // Asked for too: moves up with the first thing that can be deployed.
    "deploy",
    ".cargo",
    ".ci",
    ".clippy.toml",
    ".deny.toml",
    ".dockerignore",
    ".editorconfig",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".rustfmt.toml",
    ".sqlx",
];

const SERVICES: &[&str] = &[
    "ARCHITECTURE.md",
    "auth",
    "catalog",
    "decisions",
    "gateway",
    "inventory",
    "kit",
    "notification",
    "order",
    "payment",
    "planning",
    "retail",
    "simulator",
    "store",
    "traces",
];

const KIT: &[&str] = &["bus", "chassis", "journal", "testbed", "vocab"];

/// Folders under `services/` that hold no service.
const NO_SERVICE: &[&str] = &["decisions", "kit"];

/// Crates whose `src` has a shape of its own: they serve, route or shop.
pub const WITHOUT_LAYERS: &[&str] = &["gateway", "retail", "simulator", "traces"];

const IN_A_SERVICE: &[&str] = &[".sqlx", "migrations", "src", "tests"];
const IN_THE_GATEWAY: &[&str] = &["console", "src", "tests"];
const IN_ITS_SRC: &[&str] = &["app", "db", "domain", "events", "jobs", "rpc"];

#[test]
fn the_top_level_holds_only_known_entries() -> Held {
    hold(unknown_at_the_top)
}

#[test]
fn the_top_level_has_every_entry_demanded() -> Held {
    hold(missing_at_the_top)
}

#[test]
fn services_and_kit_hold_only_known_crates() -> Held {
    hold(unknown_crates)
}

#[test]
fn a_service_crate_holds_only_known_folders() -> Held {
    hold(unknown_folders)
}

#[test]
fn every_rust_file_parses() -> Held {
    hold(broken_files)
}

fn unknown_at_the_top(sources: &Sources) -> Vec<Breach> {
    let known = [DEMANDED, TOLERATED].concat();
    unknown(
        sources,
        "",
        &known,
        "the top level is closed; find it a folder",
    )
}

fn missing_at_the_top(sources: &Sources) -> Vec<Breach> {
    let missing = DEMANDED.iter().filter(|entry| !sources.has(entry));
    missing
        .map(|entry| Breach::new(entry, 1, "missing: the top level was asked to have it"))
        .collect()
}

fn unknown_crates(sources: &Sources) -> Vec<Breach> {
    let advice =
        "no known crate or page; put it where it belongs, or name it in tests/tidy/tree.rs";
    let mut breaches = unknown(sources, "services/", SERVICES, advice);
    breaches.extend(unknown(sources, "services/kit/", KIT, advice));
    breaches
}

fn unknown_folders(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let services = entries(sources, "services/", true);
    for service in services
        .iter()
        .filter(|it| !NO_SERVICE.contains(&it.as_str()))
    {
        let folder = format!("services/{service}/");
        let known = if service == "gateway" {
            IN_THE_GATEWAY
        } else {
            IN_A_SERVICE
        };
        breaches.extend(unknown_among_folders(sources, &folder, known));
        if !WITHOUT_LAYERS.contains(&service.as_str()) {
            breaches.extend(unknown_among_folders(
                sources,
                &format!("{folder}src/"),
                IN_ITS_SRC,
            ));
        }
    }
    breaches
}

fn broken_files(sources: &Sources) -> Vec<Breach> {
    let broken = sources.rust().filter_map(|(source, rust)| {
        let (line, error) = rust.broken.as_ref()?;
        Some(source.breach(*line, format!("no Rust: {error}")))
    });
    broken.collect()
}

fn unknown(sources: &Sources, folder: &str, known: &[&str], advice: &str) -> Vec<Breach> {
    let entries = entries(sources, folder, false).into_iter();
    let unknown = entries.filter(|entry| !known.contains(&entry.as_str()));
    unknown
        .map(|entry| Breach::new(&format!("{folder}{entry}"), 1, advice))
        .collect()
}

fn unknown_among_folders(sources: &Sources, folder: &str, known: &[&str]) -> Vec<Breach> {
    let entries = entries(sources, folder, true).into_iter();
    let unknown = entries.filter(|entry| !known.contains(&entry.as_str()));
    let advice = format!("no folder of a service; known are {}", known.join(", "));
    unknown
        .map(|entry| Breach::new(&format!("{folder}{entry}"), 1, &*advice))
        .collect()
}

/// Returns what stands in a folder: all of it, or only its folders.
fn entries(sources: &Sources, folder: &str, only_folders: bool) -> BTreeSet<String> {
    let inside = sources
        .files
        .iter()
        .filter_map(|source| source.path.strip_prefix(folder));
    let split = inside.map(|path| path.split_once('/').unwrap_or((path, "")));
    let wanted = split.filter(|(_, rest)| !only_folders || !rest.is_empty());
    wanted.map(|(entry, _)| entry.to_owned()).collect()
}
