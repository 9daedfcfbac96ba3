//! Gate: every event that was ever published can still be read, bytes and JSON alike.

use std::collections::BTreeSet;
use std::path::PathBuf;

use generator::golden::{FOLDER, Variant, json};
use prost_reflect::DynamicMessage;

/// Golden files and the variants that they belong to.
fn goldens() -> Vec<(Variant, PathBuf)> {
    let root = mesh::root();
    Variant::all(&crate::compiled::SCHEMA)
        .into_iter()
        .map(|it| (it.path(&root), it))
        .map(|(p, v)| (v, p))
        .collect()
}

#[test]
fn every_variant_has_golden_files() {
    let missing: Vec<_> = goldens()
        .into_iter()
        .map(|(_, path)| path)
        .filter(|path| {
            !path.with_extension("binpb").exists() || !path.with_extension("json").exists()
        })
        .collect();
    assert!(missing.is_empty(), "run `make golden` for {missing:#?}");
}

#[test]
fn golden_bytes_decode_to_their_golden_json() {
    for (variant, path) in goldens() {
        let bytes = std::fs::read(path.with_extension("binpb")).unwrap();
        let event = DynamicMessage::decode(variant.event.clone(), bytes.as_slice()).unwrap();
        let kept = std::fs::read_to_string(path.with_extension("json")).unwrap();
        assert_eq!(json(&event).unwrap(), kept, "{}", path.display());
        assert_eq!(event.unknown_fields().count(), 0, "{}", path.display());
        let set = event.get_field(&variant.field);
        assert!(
            set.as_message().is_some(),
            "{} holds its variant",
            path.display()
        );
    }
}

#[test]
fn golden_json_parses_back_to_the_same_event() {
    for (variant, path) in goldens() {
        let text = std::fs::read_to_string(path.with_extension("json")).unwrap();
        let mut json = serde_json::Deserializer::from_str(&text);
        let event = DynamicMessage::deserialize(variant.event.clone(), &mut json).unwrap();
        let bytes = std::fs::read(path.with_extension("binpb")).unwrap();
        let kept = DynamicMessage::decode(variant.event.clone(), bytes.as_slice()).unwrap();
        assert!(event == kept, "{}", path.display());
    }
}

#[test]
fn golden_events_obey_the_rules_of_today() {
    for (variant, path) in goldens() {
        let bytes = std::fs::read(path.with_extension("binpb")).unwrap();
        let name = variant.event.full_name();
        let (_, judge) = contracts::registry::VALIDATORS
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        let found = judge(&bytes).unwrap();
        assert_eq!(found.list(), [], "{}", path.display());
    }
}

#[test]
fn no_golden_file_is_left_without_its_variant() {
    let known: BTreeSet<_> = goldens().into_iter().map(|(_, path)| path).collect();
    let folder = mesh::root().join(FOLDER);
    for event in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(event.unwrap().path()).unwrap() {
            let path = file.unwrap().path().with_extension("");
            assert!(
                known.contains(&path),
                "{} has lost its variant",
                path.display()
            );
        }
    }
}
