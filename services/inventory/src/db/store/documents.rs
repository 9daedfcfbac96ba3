//! Rules of allocation, imports and what was told, as rows.

use journal::{Row, Unreadable, Value};
use prost::Message;
use uuid::Uuid;
use vocab::{ImportId, LocationId, ProductId};

use crate::db::stored::{StoredAllocation, StoredFailures, read};
use crate::domain::allocation::AllocationPolicy;
use crate::domain::import::{Import, Opening};
use crate::domain::told::Remembered;
use crate::domain::{Entry, Mark, Place};
use vocab::Moment;

/// The values of a tenant's rules of allocation.
pub fn allocation(it: &AllocationPolicy) -> Vec<Value> {
    vec![
        it.version.into(),
        StoredAllocation::from(it).encode_to_vec().into(),
        it.updated_at.unwrap_or(Moment::FIRST).into(),
    ]
}

/// Reads rules of allocation.
pub fn read_allocation(row: &mut Row) -> Result<AllocationPolicy, Unreadable> {
    row.bigint()?;
    read::<StoredAllocation>(&row.bytes()?)?.read()
}

/// The values of a fact that was told.
pub fn told(it: &Remembered) -> Vec<Value> {
    vec![
        Uuid::from_bytes(it.content.0).into(),
        it.entry.place.product.into(),
        it.entry.place.location.into(),
        it.entry.version.into(),
    ]
}

/// Reads a fact that was told.
pub fn read_told(row: &mut Row) -> Result<Remembered, Unreadable> {
    let content = Mark(row.uuid()?.into_bytes());
    let (product, location): (ProductId, LocationId) = (row.id()?, row.id()?);
    Ok(Remembered {
        content,
        entry: Entry {
            place: Place::new(product, location),
            version: row.bigint()?,
        },
    })
}

/// The values of what a position began with.
pub fn opening(it: &Opening) -> Vec<Value> {
    vec![it.import.into(), it.entries.into()]
}

/// Reads what a position began with.
pub fn read_opening(row: &mut Row) -> Result<Opening, Unreadable> {
    Ok(Opening {
        import: row.id()?,
        entries: row.bigint()?,
    })
}

/// The values of an import.
pub fn import(it: &Import) -> Vec<Value> {
    let failures: StoredFailures = it.failures.as_slice().into();
    vec![
        Uuid::from_bytes(it.request.0).into(),
        it.ended.into(),
        it.last.into(),
        it.applied.into(),
        it.failed.into(),
        failures.encode_to_vec().into(),
        it.actor.0.into(),
        it.actor.1.as_str().into(),
        it.created_at.into(),
        it.updated_at.into(),
    ]
}

/// Reads an import.
pub fn read_import(id: ImportId, row: &mut Row) -> Result<Import, Unreadable> {
    let request = Mark(row.uuid()?.into_bytes());
    let ended = row.boolean()?;
    let (last, applied, failed) = (row.bigint()?, row.bigint()?, row.bigint()?);
    let failures = read::<StoredFailures>(&row.bytes()?)?.read()?;
    Ok(Import {
        id,
        request,
        ended,
        last,
        applied,
        failed,
        failures,
        actor: (row.int()?, row.text()?),
        created_at: row.moment()?,
        updated_at: row.moment()?,
    })
}
