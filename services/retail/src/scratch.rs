//! A folder for one unit test, removed with it.

use std::path::{Path, PathBuf};

use crate::secrets;

/// A fresh folder.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one in the temporary folder.
    pub fn fresh() -> Self {
        let folder = std::env::temp_dir().join(format!("retail-{}", secrets::random().unwrap()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
