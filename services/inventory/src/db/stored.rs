//! The compact forms in which holds, facts and answers are stored.
//!
//! They are messages of our own, private to this service, and apart from the contract: what was
//! stored is read for ever, whatever the contract becomes. Fields are added, never used anew.

mod allocation;
mod answer;
mod hold;
mod hold_fact;
mod import;
mod parts;
mod position_fact;
mod refusal;
mod transfer;

pub use allocation::{CHANGED as ALLOCATION_CHANGED, StoredAllocation, StoredAllocationFact};
pub use answer::StoredAnswer;
pub use hold::{Beside, StoredBody};
pub use hold_fact::StoredHoldFact;
pub use import::StoredFailures;
pub use parts::bucket_name;
pub use position_fact::StoredPositionFact;
pub use transfer::{StoredTransfer, StoredTransferFact};

use journal::Unreadable;
use prost::Message;
use vocab::{LocationId, Moment, ProductId};

use crate::domain::Place;

/// Reads a compact form.
pub fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, Unreadable> {
    M::decode(bytes).map_err(Unreadable::because)
}

/// Reads a stored id.
fn id<K: vocab::Kind>(bytes: &[u8]) -> Result<vocab::Id<K>, Unreadable> {
    let uuid = uuid::Uuid::from_slice(bytes).map_err(Unreadable::because)?;
    Ok(vocab::Id::from_uuid(uuid))
}

/// Writes an id to store.
fn bytes<K: vocab::Kind>(id: vocab::Id<K>) -> Vec<u8> {
    id.uuid().as_bytes().to_vec()
}

/// Reads a stored id that may be absent.
fn optional_id<K: vocab::Kind>(bytes: &[u8]) -> Result<Option<vocab::Id<K>>, Unreadable> {
    match bytes.is_empty() {
        true => Ok(None),
        false => id(bytes).map(Some),
    }
}

/// Writes an id that may be absent.
fn optional_bytes<K: vocab::Kind>(id: Option<vocab::Id<K>>) -> Vec<u8> {
    id.map(bytes).unwrap_or_default()
}

/// Writes a place: its two ids, one behind the other.
fn place_bytes(place: Place) -> Vec<u8> {
    let (product, location) = (place.product.uuid(), place.location.uuid());
    [product.as_bytes().as_slice(), location.as_bytes()].concat()
}

/// Reads a place.
fn place(bytes: &[u8]) -> Result<Place, Unreadable> {
    let halves = bytes.split_at_checked(16);
    let (product, location) = halves.ok_or_else(|| Unreadable::because("half a place"))?;
    let product: ProductId = id(product)?;
    let location: LocationId = id(location)?;
    Ok(Place::new(product, location))
}

/// Reads a stored instant.
fn moment(micros: i64) -> Result<Moment, Unreadable> {
    Moment::from_micros(micros).map_err(Unreadable::because)
}

/// Reads a part that must be there.
fn needed<T>(part: Option<T>, what: &str) -> Result<T, Unreadable> {
    part.ok_or_else(|| Unreadable(format!("{what} is missing")))
}
