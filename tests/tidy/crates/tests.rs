//! Crates that depend in the wrong direction are found.

use super::{kit_on_heavy, kit_on_higher, service_on_service, testbed_in_the_product};
use crate::breach::places;
use crate::sources::Sources;

/// A tree of crates: folder, dependencies, dev-dependencies.
fn tree(crates: &[(&str, &str, &str)]) -> Sources {
    let root = "[workspace.dependencies]\nwares = { path = \"x\", package = \"inventory\" }\n";
    let mut files = vec![("Cargo.toml".to_owned(), root.to_owned())];
    for (folder, normal, dev) in crates {
        let name = folder.rsplit('/').next().unwrap_or_default();
        let lines = |names: &str| {
            names.split_whitespace().fold(String::new(), |all, name| {
                format!("{all}{name}.workspace = true\n")
            })
        };
        let head = format!(
            "[package]\nname = \"{name}\"\n[dependencies]\n{}",
            lines(normal)
        );
        let text = format!("{head}[dev-dependencies]\n{}", lines(dev));
        files.push((format!("{folder}/Cargo.toml"), text));
    }
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    Sources::of(&files)
}

#[test]
fn a_service_that_depends_on_another_is_found() {
    let sources = tree(&[
        ("services/inventory", "vocab", ""),
        ("services/order", "vocab inventory", ""),
        ("services/payment", "", "wares"),
        ("services/kit/chassis", "inventory", ""),
        ("services/retail", "inventory order", ""),
        ("tests", "inventory order", ""),
    ]);
    let expected = [
        "services/kit/chassis/Cargo.toml:4",
        "services/order/Cargo.toml:5",
        "services/payment/Cargo.toml:5",
    ];
    assert_eq!(places(&service_on_service(&sources)), expected);
}

#[test]
fn a_kit_crate_that_depends_upwards_is_found() {
    let sources = tree(&[
        ("services/kit/vocab", "chassis", ""),
        ("services/kit/chassis", "vocab", "testbed"),
        ("services/kit/bus", "vocab journal", ""),
        ("services/kit/journal", "testbed", ""),
        ("services/kit/testbed", "bus journal", ""),
    ]);
    let expected = [
        "services/kit/journal/Cargo.toml:4",
        "services/kit/vocab/Cargo.toml:4",
    ];
    assert_eq!(places(&kit_on_higher(&sources)), expected);
}

#[test]
fn wire_and_storage_in_the_ground_of_the_kit_are_found() {
    let sources = tree(&[
        ("services/kit/vocab", "thiserror tokio", "tokio"),
        ("services/kit/chassis", "tokio sqlx", ""),
        ("services/kit/journal", "sqlx", ""),
    ]);
    let expected = [
        "services/kit/chassis/Cargo.toml:5",
        "services/kit/vocab/Cargo.toml:5",
    ];
    assert_eq!(places(&kit_on_heavy(&sources)), expected);
}

#[test]
fn the_testbed_is_found_in_the_product() {
    let sources = tree(&[
        ("services/order", "testbed", ""),
        ("services/store", "", "testbed"),
    ]);
    assert_eq!(
        places(&testbed_in_the_product(&sources)),
        ["services/order/Cargo.toml:4"]
    );
}
