//! The folder of one stack, `RETAIL_HOME`: data, logs, secrets, and what it says of itself.
//!
//! Only this user writes here. Others may pass through, because Postgres runs as another user where
//! we are root; every file that tells something is readable by its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder that exists, by its real path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// Opens a home and makes it if need be.
    pub fn open(path: &Path) -> Result<Self> {
        folder(path, 0o711)?;
        let home = Self::find(path).with_context(|| format!("{} is no folder", path.display()))?;
        folder(&home.0.join("logs"), 0o711)?;
        Ok(home)
    }

    /// Opens a home if there is one.
    pub fn find(path: &Path) -> Option<Self> {
        let real = path.canonicalize().ok()?;
        real.is_dir().then_some(Self(real))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A place in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Where the lines of one part of the stack go.
    pub fn log(&self, part: &str) -> PathBuf {
        self.0.join("logs").join(format!("{part}.log"))
    }

    /// Writes a file that only its owner reads, at once or not at all.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let (path, draft) = (self.join(name), self.join(&format!("{name}.draft")));
        let write = || {
            let mut file = private(&draft)?;
            file.write_all(text.as_bytes())?;
            fs::rename(&draft, &path)
        };
        write().with_context(|| format!("write {}", path.display()))
    }

    /// Reads a file, if it is there and is text.
    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.join(name)).ok()
    }

    /// Opens a lock file; the lock itself is the caller's to take.
    pub fn lock_file(&self, name: &str) -> Result<File> {
        let path = self.join(name);
        let mut open = OpenOptions::new();
        let open = open.create(true).truncate(false).write(true).mode(0o600);
        open.open(&path)
            .with_context(|| format!("open {}", path.display()))
    }
}

/// Makes a folder with these rights, whatever the mask of the process; one that exists keeps its.
pub fn folder(path: &Path, mode: u32) -> Result<()> {
    let make = || {
        if path.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    };
    make().with_context(|| format!("make the folder {}", path.display()))
}

/// A new empty file that only its owner reads.
fn private(path: &Path) -> std::io::Result<File> {
    let mut open = OpenOptions::new();
    open.create(true).truncate(true).write(true).mode(0o600);
    let file = open.open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(file)
}
