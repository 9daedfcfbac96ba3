//! Gate: what is generated equals what is committed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use generator::schema::{Schema, compile_third_party, third_party_image};
use generator::{code, schema};

#[test]
fn generated_files_are_fresh() {
    let root = mesh::root();
    let probe = Schema::compile_probe(&root).expect("the probe compiles");
    let files = code::files(&crate::compiled::SCHEMA, &probe).expect("generation works");
    let stale: Vec<_> = files
        .iter()
        .filter(|(path, bytes)| std::fs::read(root.join(path)).ok().as_ref() != Some(bytes))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(stale.is_empty(), "run `make gen`; out of date: {stale:#?}");

    let folder = root.join(code::GENERATED);
    let on_disk = std::fs::read_dir(&folder).expect("the folder exists");
    let on_disk =
        on_disk.map(|entry| PathBuf::from(code::GENERATED).join(entry.unwrap().file_name()));
    let expected: BTreeSet<_> = files.into_keys().collect();
    let left_over: Vec<_> = on_disk.filter(|path| !expected.contains(path)).collect();
    assert!(
        left_over.is_empty(),
        "run `make gen`; no longer generated: {left_over:#?}"
    );
}

#[test]
fn the_image_of_third_party_protos_equals_what_was_fetched() {
    let root = mesh::root();
    let fetched = root.join("third_party");
    assert!(fetched.is_dir(), "third_party is missing: run `make tools`");
    let image = compile_third_party(&fetched).expect("the third-party protos compile");
    let committed = std::fs::read(third_party_image(&root)).expect("it is committed");
    assert!(
        image == committed,
        "run `make gen`: the committed image of third parties is stale"
    );
}

#[test]
fn every_id_prefix_of_the_contracts_is_a_type_of_the_vocabulary() {
    let used: BTreeSet<String> = crate::compiled::SCHEMA
        .own_messages()
        .iter()
        .flat_map(|message| message.fields().collect::<Vec<_>>())
        .filter_map(|field| generator::rules::FieldRules::of(&field))
        .flat_map(|rules| [rules.part("items"), Some(rules)])
        .flatten()
        .filter_map(|rules| rules.predefined("id_prefix")?.as_str().map(str::to_owned))
        .collect();
    let known: BTreeSet<String> = vocab::ID_PREFIXES
        .iter()
        .map(|it| (*it).to_owned())
        .collect();
    let unknown: Vec<_> = used.difference(&known).collect();
    assert!(
        unknown.is_empty(),
        "add to services/kit/vocab/src/id/kind.rs: {unknown:?}"
    );
    assert!(
        schema::is_own("retail.order.v1"),
        "the list above was made of our own packages"
    );
}
