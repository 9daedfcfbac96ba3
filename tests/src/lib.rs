//! What the proofs share. Each folder beside `src` is one test binary: `contract`, `tidy`.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A program that `make tools` fetched.
pub fn tool(name: &str) -> PathBuf {
    root().join(".tools/venv/bin").join(name)
}
