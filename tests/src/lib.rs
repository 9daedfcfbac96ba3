//! What the proofs share. Each folder beside `src` is one test binary: `contract`, `tidy`.

use std::path::PathBuf;

/// The root of the repository whose proofs run. Cargo is asked: checkouts may share one build, and
/// what was compiled in may be the place of another one.
pub fn root() -> PathBuf {
    let built = env!("CARGO_MANIFEST_DIR").into();
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(built));
    here.parent().unwrap_or(&here).to_path_buf()
}

/// A program that `make tools` fetched.
pub fn tool(name: &str) -> PathBuf {
    root().join(".tools/venv/bin").join(name)
}
