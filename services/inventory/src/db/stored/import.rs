//! Imports of opening stock.

use journal::Unreadable;

use super::{bytes, id, moment};
use crate::domain::Mark;
use crate::domain::import::{Import, RowFailure, RowFault, RowReason};

/// A whole import.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredImport {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    request: Vec<u8>,
    #[prost(bool, tag = "3")]
    ended: bool,
    #[prost(int64, tag = "4")]
    last: i64,
    #[prost(int64, tag = "5")]
    applied: i64,
    #[prost(int64, tag = "6")]
    failed: i64,
    #[prost(message, optional, tag = "7")]
    failures: Option<StoredFailures>,
    #[prost(int32, tag = "8")]
    actor_kind: i32,
    #[prost(string, tag = "9")]
    actor: String,
    #[prost(int64, tag = "10")]
    created_at: i64,
    #[prost(int64, tag = "11")]
    updated_at: i64,
}

/// The rows that failed, as far as they are kept.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredFailures {
    #[prost(message, repeated, tag = "1")]
    rows: Vec<StoredFailure>,
}

/// A row that failed.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredFailure {
    #[prost(int64, tag = "1")]
    sequence: i64,
    #[prost(int32, tag = "2")]
    reason: i32,
    #[prost(string, tag = "3")]
    field: String,
    #[prost(string, tag = "4")]
    text: String,
}

impl From<&Import> for StoredImport {
    fn from(it: &Import) -> Self {
        Self {
            id: bytes(it.id),
            request: it.request.0.to_vec(),
            ended: it.ended,
            last: it.last,
            applied: it.applied,
            failed: it.failed,
            failures: Some(it.failures.as_slice().into()),
            actor_kind: it.actor.0,
            actor: it.actor.1.clone(),
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
        }
    }
}

impl StoredImport {
    /// Reads it.
    pub fn read(self) -> Result<Import, Unreadable> {
        let request = self.request.as_slice().try_into();
        Ok(Import {
            id: id(&self.id)?,
            request: Mark(request.map_err(Unreadable::because)?),
            ended: self.ended,
            last: self.last,
            applied: self.applied,
            failed: self.failed,
            failures: self.failures.unwrap_or_default().read()?,
            actor: (self.actor_kind, self.actor),
            created_at: moment(self.created_at)?,
            updated_at: moment(self.updated_at)?,
        })
    }
}

impl From<&[RowFailure]> for StoredFailures {
    fn from(all: &[RowFailure]) -> Self {
        let rows = all.iter().map(|it| StoredFailure {
            sequence: it.sequence,
            reason: it.fault.reason.number(),
            field: it.fault.field.clone(),
            text: it.fault.text.clone(),
        });
        Self {
            rows: rows.collect(),
        }
    }
}

impl StoredFailures {
    /// Reads them.
    pub fn read(self) -> Result<Vec<RowFailure>, Unreadable> {
        let rows = self.rows.into_iter().map(|it| {
            let reason = RowReason::of_number(it.reason);
            Ok(RowFailure {
                sequence: it.sequence,
                fault: RowFault {
                    reason: reason.ok_or_else(|| Unreadable::because("an unknown mistake"))?,
                    field: it.field,
                    text: it.text,
                },
            })
        });
        rows.collect()
    }
}
