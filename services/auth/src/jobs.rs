//! What auth does without being asked.

mod identity;
mod keys;
mod witness;

pub use identity::keep_identity;
pub use keys::keep_keys;
pub use witness::{record_refused, record_seen};
