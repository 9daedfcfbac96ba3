//! A hold as a row.

use journal::{Row, Unreadable, Value};
use prost::Message;
use vocab::ReservationId;

use crate::db::stored::{Beside, StoredBody, read};
use crate::domain::reservation::{Reference, Reservation, Term};

/// The values of a hold's columns.
pub fn encode(it: &Reservation) -> Vec<Value> {
    let (expires_at, epoch, ordinal) = match &it.term {
        Term::Timed { expires_at, epoch } => (Some(*expires_at), *epoch, 0),
        Term::Firm { ordinal, .. } => (None, 0, *ordinal),
    };
    vec![
        it.version.into(),
        it.reference.kind.into(),
        it.reference.id.as_str().into(),
        it.state.name().into(),
        it.held().into(),
        expires_at.into(),
        epoch.into(),
        ordinal.into(),
        StoredBody::from(it).encode_to_vec().into(),
        it.created_at.into(),
        it.updated_at.into(),
    ]
}

/// Reads a hold from the values of its columns.
pub fn decode(id: ReservationId, row: &mut Row) -> Result<Reservation, Unreadable> {
    let version = row.bigint()?;
    let (kind, reference) = (row.int()?, row.text()?);
    let state = row.text()?;
    row.bigint()?;
    let expires_at = row.optional_moment()?;
    let (epoch, ordinal) = (row.bigint()?, row.int()?);
    let body: StoredBody = read(&row.bytes()?)?;
    body.read(Beside {
        id,
        reference: Reference {
            kind,
            id: reference,
        },
        state,
        expires_at,
        epoch,
        ordinal,
        version,
        created_at: row.moment()?,
        updated_at: row.moment()?,
    })
}
