//! Which rpc refused with which of its reasons, written down where a run of all tests asks for it.
//!
//! Only proofs are built with it (feature `proof`): what stays on no such list was never provoked.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The folder into which each process under test writes a file of its own.
const FOLDER: &str = "PROVOKED_REASONS_FOLDER";

/// What this process has written, and where.
struct Notes {
    file: File,
    known: HashSet<(String, String)>,
}

static NOTES: LazyLock<Option<Mutex<Notes>>> = LazyLock::new(|| {
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    let program = std::env::current_exe().ok()?;
    let name = format!("{}.{}", program.file_name()?.display(), std::process::id());
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).open(folder.join(name));
    let known = HashSet::new();
    Some(Mutex::new(Notes {
        file: file.ok()?,
        known,
    }))
});

/// Notes that an rpc refused with a reason; each pair once a process.
pub(super) fn note(method: &str, reason: &str) {
    let Some(notes) = NOTES.as_ref() else { return };
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    if !notes.known.insert((method.to_owned(), reason.to_owned())) {
        return;
    }
    if let Err(error) = writeln!(notes.file, "{method} {reason}") {
        tracing::error!(%error, "provoked reason not written");
    }
}
