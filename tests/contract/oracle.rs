//! Gate: the generated validators agree with protovalidate's own implementation.
//!
//! Messages that obey every rule, and messages that break one of them, are judged by both; verdict,
//! field paths and rule ids must be the same. Every rule of every field must have been broken at
//! least once, so a rule that the generator forgot cannot hide.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Command;

use contracts::registry::VALIDATORS;
use generator::code::validators::judged;
use generator::sample::breach::{Site, break_in, example, sites};
use generator::sample::{Fill, Sampler, name_of};
use generator::schema::Schema;
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage, Value};
use serde::{Deserialize, Serialize};

/// Examples that obey the rules, for each message.
const GOOD_EACH: usize = 6;
/// Examples that break a rule, for each rule of each field.
const BAD_EACH: usize = 5;
/// Examples whose broken rule lies somewhere inside.
const DEEP: usize = 4_000;

/// One message as both judge it.
#[derive(Serialize)]
struct Case {
    name: String,
    bytes: String,
    found: BTreeSet<(String, String)>,
}

/// What the reference said.
#[derive(Deserialize)]
struct Report {
    judged: usize,
    invalid: usize,
    differences: Vec<String>,
    hits: BTreeMap<String, usize>,
}

#[test]
fn generated_validators_agree_with_protovalidate() {
    let probe = Schema::compile_probe(&mesh::root()).expect("the probe compiles");
    let mut messages = judged(&crate::compiled::SCHEMA);
    messages.extend(
        judged(&probe)
            .into_iter()
            .filter(|it| it.package_name().contains("probe")),
    );
    let rules: Vec<Site> = messages.iter().flat_map(sites).collect();
    let cases = cases(&messages, &rules);
    let report = reference(&cases, &probe);
    eprintln!(
        "{} rules, {} messages, {} broken",
        rules.len(),
        report.judged,
        report.invalid
    );
    assert_eq!(report.differences, Vec::<String>::new());
    assert_eq!(report.judged, cases.len());
    assert!(
        report.judged >= 20_000 && report.invalid >= 10_000,
        "too few messages"
    );
    let never: Vec<_> = rules
        .iter()
        .map(key)
        .filter(|it| !report.hits.contains_key(it))
        .collect();
    assert!(
        never.is_empty(),
        "{} rules were never broken: {never:#?}",
        never.len()
    );
}

#[test]
fn a_verdict_that_differs_is_noticed() {
    let probe = Schema::compile_probe(&mesh::root()).expect("the probe compiles");
    let money = probe
        .pool
        .get_message_by_name("retail.common.v1.Money")
        .unwrap();
    let rule = sites(&money)
        .into_iter()
        .find(|it| it.rule == "string.currency")
        .unwrap();
    let mut sampler = Sampler::new(7, Fill::Some);
    let mut wrong = case(&example(&mut sampler, &rule).unwrap());
    assert!(
        wrong
            .found
            .remove(&("currency_code".to_owned(), "string.currency".to_owned()))
    );
    let mut renamed = case(&example(&mut sampler, &rule).unwrap());
    renamed.found = [("currency_code".to_owned(), "string.region".to_owned())].into();
    let right = case(&sampler.message(&money));
    let report = reference(&[right, wrong, renamed], &probe);
    assert_eq!(
        (report.judged, report.differences.len()),
        (3, 2),
        "{:?}",
        report.differences
    );
}

/// Messages that obey every rule, that break one, and that break one somewhere inside.
fn cases(messages: &[MessageDescriptor], rules: &[Site]) -> Vec<Case> {
    let mut sampler = Sampler::new(2_026, Fill::Some);
    let mut cases = Vec::new();
    for message in messages {
        cases.extend((0..GOOD_EACH).map(|_| case(&sampler.message(message))));
    }
    for site in rules {
        let count = if site.rule == "http_body.size" {
            1
        } else {
            BAD_EACH
        };
        let examples = (0..count).filter_map(|_| example(&mut sampler, site));
        cases.extend(examples.map(|it| case(&it)));
    }
    for message in messages.iter().cycle().take(DEEP) {
        let mut message = sampler.message(message);
        let random = sampler.random.draw();
        break_deep(&mut sampler, &mut message, random);
        cases.push(case(&message));
    }
    cases
}

fn key(site: &Site) -> String {
    format!("{} {} {}", site.message.full_name(), site.field, site.rule)
}

/// The message with our own verdict.
fn case(message: &DynamicMessage) -> Case {
    let name = name_of(message);
    let bytes = message.encode_to_vec();
    let judge = VALIDATORS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, judge)| judge);
    let found = judge.unwrap_or_else(|| panic!("{name} has no validator"))(&bytes).unwrap();
    let found = found
        .list()
        .iter()
        .map(|it| (it.field.clone(), it.rule.to_owned()))
        .collect();
    let bytes = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Case { name, bytes, found }
}

/// Walks down through messages that are set and breaks one rule where it ends.
fn break_deep(sampler: &mut Sampler, message: &mut DynamicMessage, random: u64) {
    let nested: Vec<_> = message
        .fields()
        .filter(|(field, value)| {
            value
                .as_message()
                .is_some_and(|it| it.descriptor().package_name().contains("retail"))
                && !field.is_list()
        })
        .map(|(field, _)| field)
        .collect();
    let place = usize::try_from(random).unwrap_or_default();
    if !random.is_multiple_of(4) && !nested.is_empty() {
        let field = &nested[place % nested.len()];
        if let Value::Message(inner) = message.get_field_mut(field) {
            return break_deep(sampler, inner, random / 7);
        }
    }
    let sites = sites(&message.descriptor());
    if !sites.is_empty() {
        let site = &sites[place % sites.len()];
        if site.rule != "http_body.size" {
            break_in(sampler, message, site);
        }
    }
}

/// Lets the reference implementation judge the same messages.
fn reference(cases: &[Case], probe: &Schema) -> Report {
    let python = mesh::tool("python");
    assert!(
        python.exists(),
        "{} is missing: run `make tools`",
        python.display()
    );
    let folder = std::env::temp_dir().join(format!("retail-oracle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("contracts.binpb"),
        &crate::compiled::SCHEMA.image,
    )
    .unwrap();
    std::fs::write(folder.join("probe.binpb"), &probe.image).unwrap();
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join("cases")).unwrap());
    for case in cases {
        writeln!(file, "{}", serde_json::to_string(case).unwrap()).unwrap();
    }
    drop(file);
    let script = mesh::root().join("tests/contract/judge.py");
    let out = Command::new(python)
        .arg(script)
        .arg(&folder)
        .output()
        .expect("python starts");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).expect("the reference reports in JSON")
}
