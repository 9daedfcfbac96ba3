//! What is promised and not there: rpcs that no service serves stand in `tests/unserved.txt`, and
//! reasons that nothing provoked in `tests/unprovoked.txt`, and nothing else does. Reasons are
//! compared at the end of a run of all tests; here is only what is declared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chassis::contract::Contracts;
use contracts::DESCRIPTOR_IMAGE;

use tonic::Code;

use super::bed::{Bed, Who, tenant};
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_is_listed_and_nothing_else() {
    let bed = Bed::start().await;
    let mut unserved = BTreeSet::new();
    for subject in SUBJECTS {
        let contexts: Vec<&str> = subject.contexts.iter().copied().chain(["ops"]).collect();
        let rpcs = bed.surface.of(&contexts);
        let all = rpcs.iter().filter_map(|it| it.permission.clone());
        let anybody = bed.shown(&Who::staff(tenant(1), all));
        let way = bed.inside(subject);
        for rpc in &rpcs {
            let answer = way.ask(&rpc.path(), &anybody, &[]).await;
            if answer.code == Code::Unimplemented {
                unserved.insert(rpc.name.clone());
            }
        }
    }
    bed.running.end().await.unwrap();
    let listed: BTreeSet<String> = UNSERVED.lines().map(str::to_owned).collect();
    assert_eq!(unserved, listed);
}
