//! Access tokens: checked by every service by itself, against the keys that auth publishes.
//!
//! One algorithm, one type, one form of header: whatever else a token says of itself is refused.
//! **Invariant:** only what [`Verifier::verify`] returns is ever believed of a caller.

mod claims;
#[cfg(any(test, feature = "proof"))]
pub mod forged;
mod key;
mod keys;
mod revocations;
mod settings;
mod signer;
#[cfg(test)]
mod tests;
mod verifier;

pub use claims::Grant;
pub(crate) use claims::is_service_name;
pub use key::{Jwk, Jwks, KeyError, is_development};
pub use keys::{Fetch, KeySource, Keys};
pub use revocations::{Revocation, Revocations, Withdrawn};
pub use settings::TokenSettings;
pub use signer::{Signer, SignerError};
pub use verifier::{Identity, Refused, Verifier};

/// Who issues tokens where the settings name nobody else.
pub const ISSUER: &str = "retail-mesh";
/// The audience of tokens that every service accepts.
pub const MESH: &str = "retail-mesh";
/// What the header of an access token says it is, and nothing else is taken for one.
const TYPE: &str = "at+jwt";
/// The one algorithm.
const ALGORITHM: &str = "EdDSA";
/// The longest token, as the contract of auth says.
const TOKEN_MAX_BYTES: usize = 12 * 1024;
