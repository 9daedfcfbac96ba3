//! The compact forms in which products, categories, facts and answers are stored.
//!
//! They are messages of our own, private to this service, and apart from the contract: what was
//! stored is read for ever, whatever the contract becomes. Fields are added, never used anew.

mod category;
mod content;
mod fact;
mod parts;
mod price;
mod product;

pub use category::{StoredCategory, StoredNames};
pub use content::StoredContent;
pub use fact::{StoredAnswer, StoredFact};
pub use parts::{actor_of, names, price_state_of, read, state_of, unit_of};
pub use price::{StoredPrices, offer};
pub use product::StoredProduct;

use journal::Unreadable;
use vocab::Moment;

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

/// Reads a stored instant.
fn moment(micros: i64) -> Result<Moment, Unreadable> {
    Moment::from_micros(micros).map_err(Unreadable::because)
}

/// Reads a part that must be there.
fn needed<T>(part: Option<T>, what: &str) -> Result<T, Unreadable> {
    part.ok_or_else(|| Unreadable(format!("{what} is missing")))
}
