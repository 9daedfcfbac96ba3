//! Holds: the whole of one for facts and answers, and the part of its row that no condition reads.

use journal::Unreadable;
use vocab::Moment;

use super::parts::{StoredReference, StoredShortage};
use super::refusal::StoredNotHeld;
use super::{bytes, id, moment, needed, optional_bytes, optional_id};
use crate::domain::reservation::{Allocation, HoldState, Line, Reservation, Term};

/// What of a hold is read by nobody but its decisions.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredBody {
    #[prost(message, repeated, tag = "1")]
    lines: Vec<StoredLine>,
    #[prost(message, repeated, tag = "2")]
    shortages: Vec<StoredShortage>,
    #[prost(message, optional, tag = "3")]
    refusal: Option<StoredNotHeld>,
    #[prost(string, tag = "4")]
    release_reason: String,
    #[prost(string, repeated, tag = "5")]
    steps: Vec<String>,
    #[prost(string, tag = "6")]
    fingerprint: String,
    #[prost(bytes = "vec", tag = "7")]
    adopted: Vec<u8>,
    #[prost(bytes = "vec", tag = "8")]
    adopter: Vec<u8>,
}

/// A line of a hold.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredLine {
    #[prost(int32, tag = "1")]
    number: i32,
    #[prost(bytes = "vec", tag = "2")]
    product: Vec<u8>,
    #[prost(int64, tag = "3")]
    quantity: i64,
    #[prost(int64, tag = "4")]
    committed: i64,
    #[prost(int64, tag = "5")]
    released: i64,
    #[prost(message, repeated, tag = "6")]
    allocations: Vec<StoredAllocation>,
}

/// What a line holds at one location. The product is the line's, unless it is named.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredAllocation {
    #[prost(bytes = "vec", tag = "1")]
    product: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    location: Vec<u8>,
    #[prost(int64, tag = "3")]
    quantity: i64,
    #[prost(int64, tag = "4")]
    committed: i64,
    #[prost(int64, tag = "5")]
    backordered: i64,
}

/// A whole hold.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredHold {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    reference: Option<StoredReference>,
    #[prost(string, tag = "3")]
    state: String,
    #[prost(int64, optional, tag = "4")]
    expires_at: Option<i64>,
    #[prost(int64, tag = "5")]
    epoch: i64,
    #[prost(int32, tag = "6")]
    ordinal: i32,
    #[prost(message, optional, tag = "7")]
    body: Option<StoredBody>,
    #[prost(int64, tag = "8")]
    version: i64,
    #[prost(int64, tag = "9")]
    created_at: i64,
    #[prost(int64, tag = "10")]
    updated_at: i64,
}

impl From<&Line> for StoredLine {
    fn from(line: &Line) -> Self {
        let allocations = line.allocations.iter().map(|it| StoredAllocation {
            product: match it.product == line.product {
                true => Vec::new(),
                false => bytes(it.product),
            },
            location: bytes(it.location),
            quantity: it.quantity,
            committed: it.committed,
            backordered: it.backordered,
        });
        Self {
            number: line.number,
            product: bytes(line.product),
            quantity: line.quantity,
            committed: line.committed,
            released: line.released,
            allocations: allocations.collect(),
        }
    }
}

impl StoredLine {
    fn read(&self) -> Result<Line, Unreadable> {
        let product = id(&self.product)?;
        let allocation = |it: &StoredAllocation| {
            Ok(Allocation {
                product: optional_id(&it.product)?.unwrap_or(product),
                location: id(&it.location)?,
                quantity: it.quantity,
                committed: it.committed,
                backordered: it.backordered,
            })
        };
        let allocations = self.allocations.iter().map(allocation);
        Ok(Line {
            number: self.number,
            product,
            quantity: self.quantity,
            committed: self.committed,
            released: self.released,
            allocations: allocations.collect::<Result<_, Unreadable>>()?,
        })
    }
}

impl From<&Reservation> for StoredBody {
    fn from(it: &Reservation) -> Self {
        Self {
            lines: it.lines.iter().map(Into::into).collect(),
            shortages: it.shortages.iter().map(Into::into).collect(),
            refusal: match &it.state {
                HoldState::Refused(why) => Some(why.into()),
                _ => None,
            },
            release_reason: it.release_reason.clone(),
            steps: it.steps.clone(),
            fingerprint: match &it.term {
                Term::Firm { fingerprint, .. } => fingerprint.clone(),
                Term::Timed { .. } => String::new(),
            },
            adopted: optional_bytes(it.adopted),
            adopter: optional_bytes(it.adopter),
        }
    }
}

/// What of a hold stands beside its body, in its row as in its whole form.
pub struct Beside {
    /// Which one.
    pub id: vocab::ReservationId,
    /// What it is held for.
    pub reference: crate::domain::reservation::Reference,
    /// The name of its state.
    pub state: String,
    /// The end of a timed one.
    pub expires_at: Option<Moment>,
    /// The fence of a timed one.
    pub epoch: i64,
    /// The attempt of a firm one.
    pub ordinal: i32,
    /// Counts its facts.
    pub version: i64,
    /// When it was first recorded.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

impl StoredBody {
    /// Puts a hold together.
    pub fn read(self, beside: Beside) -> Result<Reservation, Unreadable> {
        let term = match beside.expires_at {
            Some(expires_at) => Term::Timed {
                expires_at,
                epoch: beside.epoch,
            },
            None => Term::Firm {
                ordinal: beside.ordinal,
                fingerprint: self.fingerprint,
            },
        };
        let shortages = self.shortages.iter().map(StoredShortage::read);
        Ok(Reservation {
            id: beside.id,
            reference: beside.reference,
            term,
            state: state_of(&beside.state, self.refusal)?,
            lines: self
                .lines
                .iter()
                .map(StoredLine::read)
                .collect::<Result<_, _>>()?,
            shortages: shortages.collect::<Result<_, _>>()?,
            adopted: optional_id(&self.adopted)?,
            adopter: optional_id(&self.adopter)?,
            release_reason: self.release_reason,
            steps: self.steps,
            version: beside.version,
            created_at: beside.created_at,
            updated_at: beside.updated_at,
        })
    }
}

fn state_of(name: &str, refusal: Option<StoredNotHeld>) -> Result<HoldState, Unreadable> {
    Ok(match name {
        "ACTIVE" => HoldState::Active,
        "COMMITTED" => HoldState::Committed,
        "RELEASED" => HoldState::Released,
        "EXPIRED" => HoldState::Expired,
        "ADOPTED" => HoldState::Adopted,
        "REFUSED" => HoldState::Refused(needed(refusal, "the refusal")?.read()?),
        "REVOKED" => HoldState::Revoked,
        other => return Err(Unreadable(format!("the state {other} is not known"))),
    })
}

impl From<&Reservation> for StoredHold {
    fn from(it: &Reservation) -> Self {
        let (expires_at, epoch, ordinal) = match &it.term {
            Term::Timed { expires_at, epoch } => (Some(expires_at.micros()), *epoch, 0),
            Term::Firm { ordinal, .. } => (None, 0, *ordinal),
        };
        Self {
            id: bytes(it.id),
            reference: Some((&it.reference).into()),
            state: it.state.name().to_owned(),
            expires_at,
            epoch,
            ordinal,
            body: Some(it.into()),
            version: it.version,
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
        }
    }
}

impl StoredHold {
    /// Reads a whole hold.
    pub fn read(self) -> Result<Reservation, Unreadable> {
        let beside = Beside {
            id: id(&self.id)?,
            reference: needed(self.reference, "the reference")?.into(),
            state: self.state,
            expires_at: self.expires_at.map(moment).transpose()?,
            epoch: self.epoch,
            ordinal: self.ordinal,
            version: self.version,
            created_at: moment(self.created_at)?,
            updated_at: moment(self.updated_at)?,
        };
        needed(self.body, "the body")?.read(beside)
    }
}
