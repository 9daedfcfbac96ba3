//! Between the contract's messages and the domain. Every INVALID_ARGUMENT that the contract's own
//! rules cannot say is born here.

use chassis::fault::Fault;
use contracts::common;
use contracts::convert::timestamp;
use contracts::validate::{Path, Violations};
use vocab::{Id, Kind, Moment};

pub mod attributes;
pub mod category;
pub mod list;
pub mod price;
pub mod product;
pub mod search;
pub mod update;

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

/// Reads an id that may be left out.
pub fn optional_id<K: Kind>(at: &Path<'_>, text: &str) -> Result<Option<Id<K>>, Fault> {
    match text {
        "" => Ok(None),
        text => id(at, text).map(Some),
    }
}

/// Reads an amount, which its currency must be able to express.
pub fn money(at: &Path<'_>, wire: &common::Money) -> Result<vocab::Money, Fault> {
    let text = "must be an amount that its currency can express";
    vocab::Money::try_from(wire).map_err(|_| unfit(at, "money.exact", text))
}

/// An etag, if one was sent.
pub fn etag(sent: &str) -> Option<String> {
    (!sent.is_empty()).then(|| sent.to_owned())
}

fn text(text: &str) -> Option<String> {
    etag(text)
}

fn time(moment: Moment) -> Option<prost_types::Timestamp> {
    Some(timestamp(moment))
}
