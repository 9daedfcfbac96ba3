//! Files that hold secrets, and who else can read them.

use std::path::Path;

/// Says whether every user of this machine may read a file. A file that is not there is nobody's.
#[cfg(unix)]
pub fn is_readable_by_all(path: impl AsRef<Path>) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS_READ: u32 = 0o004;
    let found = std::fs::metadata(path);
    found.is_ok_and(|it| it.permissions().mode() & OTHERS_READ != 0)
}
