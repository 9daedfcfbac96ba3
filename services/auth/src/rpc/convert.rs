//! Between the contract's messages and the domain. Every INVALID_ARGUMENT that the contract's own
//! rules cannot say is born here.

use std::time::Duration;

use chassis::fault::Fault;
use contracts::convert::{moment, timestamp};
use contracts::mask::{self, Masked};
use contracts::validate::{Path, Validate, Violations};
use prost_types::FieldMask;
use vocab::{Id, Kind, Moment};

pub mod audit;
pub mod machines;
pub mod people;
pub mod revocation;
pub mod session;
pub mod tenant;

/// The refusal of one field.
pub fn unfit(at: &Path<'_>, rule: &'static str, text: &'static str) -> Fault {
    let mut found = Violations::default();
    found.add(at, rule, text);
    Fault::invalid(found)
}

/// Reads an id that the rules of the contract have judged.
pub fn id<K: Kind>(name: &'static str, text: &str) -> Result<Id<K>, Fault> {
    let root = Path::Root;
    let id = contracts::convert::id(text);
    id.map_err(|_| {
        unfit(
            &root.field(name),
            "string.id_prefix",
            "must be an identifier",
        )
    })
}

/// Reads an id that may be left out.
pub fn optional_id<K: Kind>(name: &'static str, text: &str) -> Result<Option<Id<K>>, Fault> {
    match text {
        "" => Ok(None),
        text => id(name, text).map(Some),
    }
}

/// Reads ids, sorted, each once.
pub fn ids<K: Kind>(name: &'static str, texts: &[String]) -> Result<Vec<Id<K>>, Fault> {
    let read = texts.iter().map(|it| id(name, it));
    let mut ids: Vec<Id<K>> = read.collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Takes a part out of a request. The rules require it, where they do not ignore it.
pub fn sent<T>(name: &'static str, part: Option<T>) -> Result<T, Fault> {
    let root = Path::Root;
    part.ok_or_else(|| unfit(&root.field(name), "required", "must be set"))
}

/// An etag, if one was sent.
pub fn etag(sent: &str) -> Option<String> {
    (!sent.is_empty()).then(|| sent.to_owned())
}

/// A moment as the contract writes it.
pub fn time(at: Moment) -> Option<prost_types::Timestamp> {
    Some(timestamp(at))
}

/// A moment that may be absent.
pub fn optional_time(at: Option<Moment>) -> Option<prost_types::Timestamp> {
    at.map(timestamp)
}

/// Reads a moment that may be absent.
pub fn read_time(
    name: &'static str,
    at: Option<&prost_types::Timestamp>,
) -> Result<Option<Moment>, Fault> {
    let root = Path::Root;
    let read = at.map(moment).transpose();
    read.map_err(|_| {
        unfit(
            &root.field(name),
            "timestamp.era",
            "must be a time of our era",
        )
    })
}

/// Reads a span of time; nothing is none.
pub fn duration(sent: Option<prost_types::Duration>) -> Duration {
    let read = sent.and_then(|it| Duration::try_from(it).ok());
    read.unwrap_or_default()
}

/// The texts of ids.
pub fn texts<K: Kind>(ids: &[Id<K>]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The text of an id that may be absent.
pub fn text<K: Kind>(id: Option<Id<K>>) -> String {
    id.map(|it| it.to_string()).unwrap_or_default()
}

/// Merges what was sent into the present resource, and judges the result.
pub fn merge<M: Masked + Validate>(
    present: &M,
    sent: &M,
    update_mask: Option<&FieldMask>,
    name: &'static str,
) -> Result<M, Fault> {
    let root = Path::Root;
    let merged = mask::update(present, sent, update_mask).map_err(|_| {
        let text = "must name fields only";
        unfit(&root.field("update_mask"), "field_mask.path", text)
    })?;
    let mut found = Violations::default();
    merged.check(&root.field(name), &mut found);
    found.into_result().map_err(Fault::invalid)?;
    Ok(merged)
}

/// The paths whose values differ.
pub fn paths(pairs: &[(&str, bool)]) -> Vec<String> {
    let differ = pairs.iter().filter(|(_, differs)| *differs);
    differ.map(|(path, _)| (*path).to_owned()).collect()
}
