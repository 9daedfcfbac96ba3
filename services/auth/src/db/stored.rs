//! The compact forms in which aggregates, facts and answers are stored.
//!
//! They are messages of our own, private to this service, and apart from the contract: what was
//! stored is read for ever, whatever the contract becomes. Fields are added, never used anew.

mod aggregate;
mod contact;
mod fact;
mod machines;
mod people;
mod session;

pub use aggregate::StoredAggregate;
pub use contact::{StoredContact, StoredLink};
pub use fact::{StoredAnswer, StoredFact};
pub use session::StoredSession;

use journal::Unreadable;
use prost::Message;
use uuid::Uuid;
use vocab::{Id, Kind, Moment};

/// Reads a compact form.
pub fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, Unreadable> {
    M::decode(bytes).map_err(Unreadable::because)
}

fn id<K: Kind>(bytes: &[u8]) -> Result<Id<K>, Unreadable> {
    let uuid = Uuid::from_slice(bytes).map_err(Unreadable::because)?;
    Ok(Id::from_uuid(uuid))
}

fn bytes<K: Kind>(id: Id<K>) -> Vec<u8> {
    id.uuid().as_bytes().to_vec()
}

fn optional_id<K: Kind>(bytes: &[u8]) -> Result<Option<Id<K>>, Unreadable> {
    match bytes.is_empty() {
        true => Ok(None),
        false => id(bytes).map(Some),
    }
}

fn optional_bytes<K: Kind>(id: Option<Id<K>>) -> Vec<u8> {
    id.map(bytes).unwrap_or_default()
}

fn ids<K: Kind>(list: &[Vec<u8>]) -> Result<Vec<Id<K>>, Unreadable> {
    list.iter().map(|it| id(it)).collect()
}

fn all_bytes<K: Kind>(list: &[Id<K>]) -> Vec<Vec<u8>> {
    list.iter().map(|it| bytes(*it)).collect()
}

fn moment(micros: i64) -> Result<Moment, Unreadable> {
    Moment::from_micros(micros).map_err(Unreadable::because)
}

fn optional_moment(micros: Option<i64>) -> Result<Option<Moment>, Unreadable> {
    micros.map(moment).transpose()
}

fn micros(moment: Option<Moment>) -> Option<i64> {
    moment.map(Moment::micros)
}

fn digest(bytes: &[u8]) -> Result<[u8; 32], Unreadable> {
    bytes.try_into().map_err(Unreadable::because)
}

/// What a build that wrote more kinds than this one left behind.
pub fn unreadable(what: &str, found: impl std::fmt::Display) -> Unreadable {
    Unreadable(format!("the {what} {found} is not known"))
}
