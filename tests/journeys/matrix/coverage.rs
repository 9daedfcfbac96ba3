//! Which reasons the rpcs of this build declare, for the comparison at the end of a run of all
//! tests: what nothing provoked stands in `tests/unprovoked.txt`, and nothing else does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chassis::contract::Contracts;
use contracts::DESCRIPTOR_IMAGE;

use super::served::SUBJECTS;

/// The folder that the processes of a run write into, as the chassis knows it.
const FOLDER: &str = "PROVOKED_REASONS_FOLDER";
/// The file with what is declared, which no process under test writes.
const DECLARED: &str = "declared";
const UNSERVED: &str = include_str!("../../unserved.txt");
const UNPROVOKED: &str = include_str!("../../unprovoked.txt");

/// Every rpc of this build that is served, with every reason that it declares.
fn declared() -> BTreeSet<String> {
    let contracts = Contracts::read(DESCRIPTOR_IMAGE).unwrap();
    let unserved: BTreeSet<&str> = UNSERVED.lines().collect();
    let contexts = SUBJECTS.iter().flat_map(|it| it.contexts).chain([&"ops"]);
    let contexts: BTreeSet<&str> = contexts.copied().collect();
    let pairs = contracts.coverage().into_iter().map(|(path, reason)| {
        let method = path.trim_start_matches('/').to_owned();
        (method, reason)
    });
    let served = pairs.filter(|(method, _)| {
        let context = method.split('.').nth(1).unwrap();
        contexts.contains(context) && !unserved.contains(method.as_str())
    });
    served
        .map(|(method, reason)| format!("{method} {reason}"))
        .collect()
}

#[test]
fn what_nothing_provokes_is_declared_and_listed_once() {
    let declared = declared();
    assert!(!declared.is_empty());
    let lines: Vec<&str> = UNPROVOKED.lines().collect();
    let listed: BTreeSet<&str> = lines.iter().copied().collect();
    assert_eq!(
        lines,
        listed.iter().copied().collect::<Vec<_>>(),
        "sorted, each line once"
    );
    let strange: Vec<&&str> = listed
        .iter()
        .filter(|it| !declared.contains(**it))
        .collect();
    assert!(strange.is_empty(), "no served rpc declares {strange:?}");
    if let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) {
        write(&folder, &declared);
    }
}

fn write(folder: &Path, declared: &BTreeSet<String>) {
    let text: String = declared.iter().map(|it| format!("{it}\n")).collect();
    std::fs::write(folder.join(DECLARED), text).unwrap();
}
