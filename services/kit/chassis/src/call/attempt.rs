//! What a repetition of a write is recognised by.

use contracts::mask::Input;
use contracts::validate::{Path, Violations};
use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::fault::Fault;

/// One attempt at a write: its id, and what was asked under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The id that the caller drew.
    pub request_id: Uuid,
    /// SHA-256 over the encoded message: the same id with another one is a mistake of the caller.
    pub fingerprint: [u8; 32],
}

impl Attempt {
    /// An attempt at what a message asks for. Equal messages give equal fingerprints, because their
    /// maps are ordered.
    pub fn of<M: Message>(request_id: Uuid, message: &M) -> Self {
        let fingerprint = Sha256::digest(message.encode_to_vec()).into();
        Self {
            request_id,
            fingerprint,
        }
    }

    /// The attempt that a request names; nothing if it names none.
    pub(super) fn of_request<M: Input + Message>(message: &M) -> Result<Option<Self>, Fault> {
        let Some(text) = message.request_id() else {
            return Ok(None);
        };
        // The rules of the contract ask for the same form, so this is never met after them.
        let request_id = Uuid::try_parse(text).map_err(|_| malformed())?;
        Ok(Some(Self::of(request_id, message)))
    }
}

fn malformed() -> Fault {
    let mut found = Violations::default();
    let at = Path::Root;
    found.add(&at.field("request_id"), "string.uuid", "must be a UUID");
    Fault::invalid(found)
}
