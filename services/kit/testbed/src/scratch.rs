//! Folders for servers: fresh, reached by the user that the server runs as, and never left behind.
//!
//! **Invariant:** a folder is cleaned by another run only if nobody holds its lock, and a process
//! is ended by another run only if that folder stands in its command line. Names are never reused.

use std::fs::{self, File, TryLockError};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::{Signal, geteuid, kill_process};

use crate::error::{Error, Trying};
use crate::kin;

/// The user and group that Postgres runs as where the tests run as root, which it refuses.
pub const NOBODY: u32 = 65534;

/// Where the temporary files of a system are, beside the folder that it names itself.
const GROUNDS: [&str; 2] = ["/tmp", "/var/tmp"];

/// The lock in every folder; whoever holds it is alive.
const LOCK: &str = "lock";

/// A fresh folder for one server, locked as long as the process lives.
pub struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes a folder, and at the first call cleans what killed runs have left.
    pub fn fresh(what: &str) -> Result<Self, Error> {
        static CLEANED: OnceLock<()> = OnceLock::new();
        let ground = ground()?;
        let _alone = locked(&ground.join(LOCK))?;
        CLEANED.get_or_init(|| clean(&ground));
        let folder = ground.join(format!("{what}-{}", random()?));
        make(&folder, 0o755)?;
        let lock = locked(&folder.join(LOCK))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// Returns where the folder is.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server has ended before; what cannot be removed now, the next run cleans.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Returns the folder in which all others of this user lie, and makes it at the first call.
pub fn ground() -> Result<PathBuf, Error> {
    let user = geteuid();
    let system = std::env::temp_dir();
    let grounds = std::iter::once(system).chain(GROUNDS.map(PathBuf::from));
    let mut usable = grounds.filter(|it| it.is_dir() && (!user.is_root() || is_reachable(it)));
    let base = usable.next().ok_or(Error::NoGround(NOBODY))?;
    let ground = base.join(format!("retail-testbed-{}", user.as_raw()));
    if !ground.exists() {
        make(&ground, 0o711)?;
    }
    let owner = fs::symlink_metadata(&ground).trying(|| format!("read {}", ground.display()))?;
    if !owner.is_dir() || owner.uid() != user.as_raw() {
        return Err(Error::Foreign(ground));
    }
    Ok(ground)
}

/// Makes a folder with these rights, whatever the mask of the process.
fn make(folder: &Path, mode: u32) -> Result<(), Error> {
    let made = fs::create_dir_all(folder);
    let made = made.and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(mode)));
    made.trying(|| format!("make {}", folder.display()))
}

/// Says whether other users may pass through a folder and all above it.
pub fn is_reachable(folder: &Path) -> bool {
    let is_open = |it: &Path| {
        it.metadata()
            .is_ok_and(|it| it.permissions().mode() & 0o001 != 0)
    };
    folder
        .canonicalize()
        .is_ok_and(|it| it.ancestors().all(is_open))
}

/// Opens a lock file and waits for its lock.
pub fn locked(path: &Path) -> Result<File, Error> {
    let file = File::create(path).and_then(|file| file.lock().map(|()| file));
    file.trying(|| format!("lock {}", path.display()))
}

/// Returns a word of 128 bits that nobody can guess.
pub fn random() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    let read = File::open("/dev/urandom").and_then(|mut it| it.read_exact(&mut bytes));
    read.trying(|| "read /dev/urandom".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Ends and removes what processes have left that could not do so themselves.
fn clean(ground: &Path) {
    let folders = fs::read_dir(ground).into_iter().flatten().flatten();
    for folder in folders.map(|it| it.path()).filter(|it| is_left(it)) {
        for pid in kin::started_with(&folder) {
            for kin in [vec![pid], kin::descendants(pid)].concat() {
                // One that is gone already is as good as killed.
                kill_process(kin, Signal::KILL).ok();
            }
        }
        // What cannot be removed now is met again by the next run.
        fs::remove_dir_all(&folder).ok();
    }
}

/// Says whether a folder has a lock that nobody holds. What has no lock is no folder of a server.
fn is_left(folder: &Path) -> bool {
    let Ok(lock) = File::open(folder.join(LOCK)) else {
        return false;
    };
    !matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{Scratch, clean, ground, is_reachable};

    #[test]
    fn a_folder_in_use_is_never_cleaned_and_one_that_is_left_is() {
        let inner = Scratch::fresh("ground").unwrap();
        let held = inner.path().join("held");
        let left = inner.path().join("left");
        let other = inner.path().join("other");
        for folder in [&held, &left, &other] {
            fs::create_dir(folder).unwrap();
        }
        let lock = super::locked(&held.join("lock")).unwrap();
        drop(super::locked(&left.join("lock")).unwrap());
        clean(inner.path());
        assert_eq!(
            (held.is_dir(), left.is_dir(), other.is_dir()),
            (true, false, true)
        );
        drop(lock);
    }

    #[test]
    fn a_folder_below_a_closed_one_is_not_reachable() {
        let scratch = Scratch::fresh("closed").unwrap();
        let inner = scratch.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!is_reachable(&inner));
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(is_reachable(&inner), is_reachable(&ground().unwrap()));
        let folder = scratch.path().to_owned();
        drop(scratch);
        assert!(!folder.exists());
    }
}
