//! What a request may bring along, whatever carries it.

use contracts::validate::{Path, Violations};
use http::HeaderMap;

use crate::fault::Fault;

/// The largest message that a handler takes.
pub const DECODE_MAX_BYTES: usize = 256 * 1024;
/// The largest message of an rpc that is named as one for many things at once.
pub const BULK_MAX_BYTES: usize = 1024 * 1024;
/// The largest message that a handler may answer with; for `max_encoding_message_size`.
pub const ENCODE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// The most headers of a request.
const HEADERS_MAX: usize = 64;
/// The most bytes of them together. A token alone may have twelve kilobytes.
pub(crate) const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// What each header counts besides its name and value, as in HTTP/2.
const HEADER_OVERHEAD: usize = 32;

/// Refuses metadata that nobody needs.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Fault> {
    let sizes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER_OVERHEAD);
    let bytes: usize = sizes.sum();
    if headers.len() <= HEADERS_MAX && u32::try_from(bytes).is_ok_and(|it| it <= HEADER_BYTES_MAX) {
        return Ok(());
    }
    Err(refused("metadata", "must be at most 64 entries and 16 KiB"))
}

/// A refusal of a part of the request that no field of the message stands for.
pub(super) fn refused(part: &'static str, text: &'static str) -> Fault {
    let mut found = Violations::default();
    found.add(&Path::Root.field(part), "request.limit", text);
    Fault::invalid(found)
}

/// A message above the limit of its rpc.
pub(super) fn too_large() -> Fault {
    let text = "must be at most 256 KiB, or 1 MiB where many things are sent at once";
    refused("message", text)
}
