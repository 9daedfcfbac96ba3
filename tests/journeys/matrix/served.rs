//! The services of this build, each with what it needs to be asked everything.

use std::collections::BTreeSet;

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
    /// What it reads from its environment besides addresses of its database.
    pub variables: &'static [(&'static str, &'static str)],
    /// How a tenant gets rows of every sort.
    pub seeding: Seeding,
}

/// Every service of this build.
pub const SUBJECTS: &[Subject] = &[Subject {
    name: "catalog",
    service: catalog::service,
    migrations: catalog::migrations,
    contexts: &["catalog"],
    variables: &[],
    seeding: seeds::catalog::SEEDING,
}];

/// Services of the binary that are not asked everything yet, each with why. It only shrinks.
const MISSING: &[(&str, &str)] = &[(
    "inventory",
    "no seed makes its rows yet: its own tests ask as strangers do",
)];

/// The services that the binary serves, as its own list has them.
const IN_THE_BINARY: &str = include_str!("../../../services/retail/src/served.rs");

#[test]
fn every_service_of_the_binary_is_under_proof() {
    let told = IN_THE_BINARY.split("spec: &services::").skip(1);
    let told: BTreeSet<String> = told
        .filter_map(|it| Some(it.split(',').next()?.to_lowercase()))
        .collect();
    let proven = SUBJECTS.iter().map(|it| it.name);
    let missing = MISSING.iter().map(|it| it.0);
    let known: Vec<String> = proven.chain(missing).map(str::to_owned).collect();
    assert_eq!(told, known.iter().cloned().collect(), "add what is missing");
    assert_eq!(
        told.len(),
        known.len(),
        "what is under proof is not missing"
    );
}
