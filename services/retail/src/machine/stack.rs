//! Which processes belong to a stack: those that carry its mark among their variables.
//!
//! The mark is given at the start of each part and cannot be lost, so a stack is found whole even
//! after its supervisor was killed and its files were deleted.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::process::{self, Process, Seen};

/// The variable that holds the home of the stack.
pub const HOME_MARK: &str = "RETAIL_STACK";
/// The variable that holds the name of the part.
pub const PART_MARK: &str = "RETAIL_PART";
/// The name of the part that starts the others.
pub const SUPERVISOR: &str = "supervisor";
/// The name of the part that drops its rights, and so may hide its variables from us.
pub const POSTGRES: &str = "postgres";

/// How much of the hash of a home stands in a name.
const NAME_BYTES: usize = 6;

/// One part of a stack that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name of the part.
    pub part: String,
    /// Its process.
    pub process: Process,
    /// What it was started with.
    pub arguments: Vec<String>,
}

/// Finds all parts of a stack that run now.
pub fn members(home: &Path) -> Vec<Member> {
    let all = process::all();
    let alive = all.into_iter().filter(|it| !it.ended);
    let marked: Vec<(Seen, String)> = alive
        .filter_map(|it| part(&it, home).map(|part| (it, part)))
        .collect();
    // Children inherit the mark of their part; only the first of them is the part.
    let is_first = |seen: &Seen, part: &str| {
        !marked
            .iter()
            .any(|(other, theirs)| other.process.pid == seen.parent && theirs == part)
    };
    let firsts = marked.iter().filter(|(seen, part)| is_first(seen, part));
    firsts
        .map(|(seen, part)| Member {
            part: part.clone(),
            process: seen.process,
            arguments: seen.arguments.clone(),
        })
        .collect()
}

fn part(seen: &Seen, home: &Path) -> Option<String> {
    match seen.process.variable(HOME_MARK) {
        Some(mark) if Path::new(&mark) == home => seen.process.variable(PART_MARK),
        Some(_) => None,
        None => is_our_postgres(seen, home).then(|| POSTGRES.to_owned()),
    }
}

/// Postgres has its name on its command line, which everybody may read.
fn is_our_postgres(seen: &Seen, home: &Path) -> bool {
    let name = format!("cluster_name={}", cluster(home));
    seen.arguments.contains(&name)
}

/// Returns the name of the Postgres of a stack, which no other stack has.
pub fn cluster(home: &Path) -> String {
    let digest = Sha256::digest(home.as_os_str().as_bytes());
    let digits = digest
        .iter()
        .take(NAME_BYTES)
        .map(|byte| format!("{byte:02x}"));
    format!("retail_{}", digits.collect::<String>())
}
