//! Crates depend in one direction: services on the kit, the kit downwards, no service on another.

use crate::breach::{Breach, Held, hold};
use crate::manifest::{Dependency, Manifest};
use crate::sources::Sources;

#[cfg(test)]
mod tests;

/// The binary that serves the services, and the only crate there that may know them.
const RETAIL: &str = "services/retail/";
const KIT: &str = "services/kit/";
const TESTBED: &str = "testbed";

/// The kit from the ground up; a crate may use those below it and those beside it.
const STOREYS: &[&[&str]] = &[&["vocab"], &["chassis"], &["journal"], &["bus"], &[TESTBED]];

/// What a crate of the kit must do without.
const WITHOUT: &[(&str, &[&str])] = &[
    (
        "vocab",
        &[
            "async_nats",
            "contracts",
            "prost",
            "sqlx",
            "tokio",
            "tonic",
            "tower",
        ],
    ),
    ("chassis", &["async_nats", "sqlx"]),
];

#[test]
fn no_service_depends_on_another() -> Held {
    hold(service_on_service)
}

#[test]
fn the_kit_depends_only_downwards() -> Held {
    hold(kit_on_higher)
}

#[test]
fn the_ground_of_the_kit_stays_free_of_wire_and_storage() -> Held {
    hold(kit_on_heavy)
}

#[test]
fn the_testbed_is_for_tests() -> Held {
    hold(testbed_in_the_product)
}

fn service_on_service(sources: &Sources) -> Vec<Breach> {
    let services = sources.manifests.iter().filter(|it| is_service(it));
    let services: Vec<&str> = services.filter_map(|it| it.package.as_deref()).collect();
    let bound = |owner: &Manifest| owner.folder.starts_with("services/") && owner.folder != RETAIL;
    every_dependency(sources, bound, |_, package, _| {
        let advice = "call it through its contract";
        services
            .contains(&package)
            .then(|| format!("depends on the service `{package}`: {advice}"))
    })
}

fn kit_on_higher(sources: &Sources) -> Vec<Breach> {
    every_dependency(sources, is_kit, |owner, package, dependency| {
        let (own, other) = (storey(owner.package.as_deref()?)?, storey(package)?);
        let message = format!("depends upwards on `{package}`: move the shared part down");
        (other > own && !(dependency.dev && package == TESTBED)).then_some(message)
    })
}

fn kit_on_heavy(sources: &Sources) -> Vec<Breach> {
    every_dependency(sources, is_kit, |owner, package, dependency| {
        let own = owner.package.as_deref()?;
        let (_, without) = WITHOUT.iter().find(|(name, _)| *name == own)?;
        let message = format!("`{own}` does without `{package}`: do this one storey up");
        (without.contains(&package) && !dependency.dev).then_some(message)
    })
}

fn testbed_in_the_product(sources: &Sources) -> Vec<Breach> {
    let in_the_product = |owner: &Manifest| owner.folder.starts_with("services/");
    every_dependency(sources, in_the_product, |_, package, dependency| {
        let message = "depends on the testbed: move it to `[dev-dependencies]`".to_owned();
        (package == TESTBED && !dependency.dev).then_some(message)
    })
}

fn is_kit(manifest: &Manifest) -> bool {
    manifest.folder.starts_with(KIT)
}

fn is_service(manifest: &Manifest) -> bool {
    manifest.folder.starts_with("services/") && !is_kit(manifest)
}

fn storey(package: &str) -> Option<usize> {
    STOREYS.iter().position(|storey| storey.contains(&package))
}

/// Asks each dependency, by its package, of some crates for what is wrong with it.
fn every_dependency(
    sources: &Sources,
    of: impl Fn(&Manifest) -> bool,
    wrong: impl Fn(&Manifest, &str, &Dependency) -> Option<String>,
) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for owner in sources.manifests.iter().filter(|it| of(it)) {
        for dependency in &owner.dependencies {
            let message = wrong(owner, package_of(sources, dependency), dependency);
            breaches.extend(message.map(|it| Breach::new(&owner.path, dependency.line, it)));
        }
    }
    breaches
}

/// Returns the package behind a dependency, which the workspace may have renamed.
fn package_of<'a>(sources: &'a Sources, dependency: &'a Dependency) -> &'a str {
    let workspace = sources.manifests.iter().find(|it| it.folder.is_empty());
    let alias = workspace.and_then(|it| it.shared.iter().find(|it| it.name == dependency.name));
    match (&dependency.package, alias) {
        (None, Some(alias)) => alias.package(),
        _ => dependency.package(),
    }
}
