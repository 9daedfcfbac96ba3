//! The services of this build, each with what it needs to be asked everything.

use std::collections::BTreeSet;
use std::path::Path;

use chassis::service::Service;
use sqlx::migrate::Migrator;

use super::seeds::{self, Seeding};

/// A service under proof.
pub struct Subject {
    pub name: &'static str,
    pub service: fn() -> Service,
    pub migrations: fn() -> Migrator,
    /// The contexts that it serves, besides `ops`.
    pub contexts: &'static [&'static str],
    /// What it reads from its environment besides addresses of its database; files are written to
    /// a folder of the run.
    pub variables: fn(&Path) -> Vec<(&'static str, String)>,
    /// How a tenant gets rows of every sort.
    pub seeding: Seeding,
}

/// Every service of this build.
pub const SUBJECTS: &[Subject] = &[
    Subject {
        name: "auth",
        service: auth::service,
        migrations: auth::migrations,
        contexts: &["auth"],
        variables: seeds::auth::variables,
        seeding: seeds::auth::SEEDING,
    },
    Subject {
        name: "catalog",
        service: catalog::service,
        migrations: catalog::migrations,
        contexts: &["catalog"],
        variables: |_| Vec::new(),
        seeding: seeds::catalog::SEEDING,
    },
    Subject {
        name: "inventory",
        service: inventory::service,
        migrations: inventory::migrations,
        contexts: &["inventory"],
        variables: |_| Vec::new(),
        seeding: seeds::inventory::SEEDING,
    },
];

/// Services that are in the binary and not under proof, and why. It only ever gets shorter.
const MISSING: &[(&str, &str)] = &[];

/// The services that the binary serves, as its own list has them.
const IN_THE_BINARY: &str = include_str!("../../../services/retail/src/served.rs");

#[test]
fn every_service_of_the_binary_is_under_proof() {
    let told = IN_THE_BINARY.split("spec: &services::").skip(1);
    let told: BTreeSet<String> = told
        .filter_map(|it| Some(it.split(',').next()?.to_lowercase()))
        .collect();
    let proven = SUBJECTS.iter().map(|it| it.name);
    let missing = MISSING.iter().map(|(name, _)| *name);
    let known: Vec<String> = proven.chain(missing).map(str::to_owned).collect();
    assert!(!told.is_empty());
    let once: BTreeSet<String> = known.iter().cloned().collect();
    assert_eq!(told, once, "add what is missing to the list above");
    assert_eq!(
        told.len(),
        known.len(),
        "what is under proof is not missing"
    );
}
