//! Typed settings, from the environment only, read once at the start.
//!
//! **Invariant:** all mistakes are reported together, and no report holds a secret. The caller
//! prints [`Mistakes`] and exits with [`EXIT_CODE`].

mod environment;
mod files;
mod form;
mod mistake;
mod profile;
mod reader;
mod secret;
#[cfg(test)]
mod tests;
mod url;

pub use environment::Environment;
pub use files::is_readable_by_all;
pub use form::{Choice, Setting};
pub use mistake::{Mistake, Mistakes};
pub use profile::Profile;
pub use reader::{Reader, read};
pub use secret::Secret;
pub use url::Url;

/// The code that a process exits with when its settings are wrong: `EX_USAGE` of BSD.
pub const EXIT_CODE: u8 = 64;
