//! Between the contract's messages and the domain. Every INVALID_ARGUMENT that the contract's own
//! rules cannot say is born here.

use std::time::Duration;

use chassis::fault::Fault;
use contracts::convert::timestamp;
use contracts::validate::{Path, Violations};
use vocab::{Id, Kind, Moment};

pub mod asked;
pub mod entry;
pub mod event;
pub mod goods;
pub mod hold;
pub mod import;
pub mod position;
pub mod rules;
pub mod transfer;
pub mod trouble;

/// The refusal of one field.
pub fn unfit(at: &Path<'_>, rule: &'static str, text: &'static str) -> Fault {
    let mut found = Violations::default();
    found.add(at, rule, text);
    Fault::invalid(found)
}

/// Reads an id that the rules of the contract have judged.
pub fn id<K: Kind>(at: &Path<'_>, text: &str) -> Result<Id<K>, Fault> {
    let id = contracts::convert::id(text);
    id.map_err(|_| unfit(at, "string.id_prefix", "must be an identifier"))
}

/// Reads an id of a field of the request.
pub fn own_id<K: Kind>(name: &'static str, text: &str) -> Result<Id<K>, Fault> {
    let root = Path::Root;
    id(&root.field(name), text)
}

/// Reads an id that may be left out.
pub fn optional_id<K: Kind>(at: &Path<'_>, text: &str) -> Result<Option<Id<K>>, Fault> {
    match text {
        "" => Ok(None),
        text => id(at, text).map(Some),
    }
}

/// An etag, if one was sent.
pub fn etag(sent: &str) -> Option<String> {
    (!sent.is_empty()).then(|| sent.to_owned())
}

/// Reads when something happened, if that was said.
pub fn effective(wire: Option<&prost_types::Timestamp>) -> Result<Option<Moment>, Fault> {
    let at = Path::Root;
    let at = at.field("effective_time");
    let moment = wire.map(contracts::convert::moment).transpose();
    moment.map_err(|_| unfit(&at, "timestamp.era", "must lie between 1970 and 2200"))
}

/// Reads how long a hold is to last, which the rules of the contract have judged.
pub fn ttl(wire: Option<&prost_types::Duration>) -> Result<Option<Duration>, Fault> {
    let root = Path::Root;
    let read = wire.map(|it| Duration::try_from(*it)).transpose();
    read.map_err(|_| unfit(&root.field("ttl"), "duration", "must be positive"))
}

/// Writes an instant.
pub fn time(moment: Moment) -> Option<prost_types::Timestamp> {
    Some(timestamp(moment))
}
