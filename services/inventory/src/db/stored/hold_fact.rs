//! Facts about holds.

use journal::Unreadable;

use super::hold::StoredHold;
use super::refusal::StoredNotHeld;
use super::{bytes, id, moment, needed, place, place_bytes};
use crate::domain::fact::{Fact, Moved, ReservationChange, ReservationFact};

/// What happened to a hold. The kind beside it says which parts are read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredHoldFact {
    #[prost(int64, tag = "1")]
    at: i64,
    #[prost(message, optional, tag = "2")]
    after: Option<StoredHold>,
    #[prost(message, repeated, tag = "3")]
    moved: Vec<StoredMoved>,
    #[prost(string, tag = "4")]
    reason: String,
    #[prost(string, tag = "5")]
    key: String,
    #[prost(message, optional, tag = "6")]
    refusal: Option<StoredNotHeld>,
    #[prost(int64, tag = "7")]
    expires_at: i64,
    #[prost(int64, tag = "8")]
    epoch: i64,
    #[prost(bytes = "vec", tag = "9")]
    adopter: Vec<u8>,
}

/// What happened to a hold's units on one position.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredMoved {
    #[prost(int32, tag = "1")]
    line: i32,
    #[prost(bytes = "vec", tag = "2")]
    place: Vec<u8>,
    #[prost(int64, tag = "3")]
    quantity: i64,
}

impl StoredHoldFact {
    /// The kind of a fact, and the fact.
    pub fn of(fact: &ReservationFact) -> (&'static str, Self) {
        let mut stored = Self {
            at: fact.at.micros(),
            after: Some((&fact.after).into()),
            ..Self::default()
        };
        let kind = match &fact.what {
            ReservationChange::Reserved => "inventory_reserved",
            ReservationChange::Rejected(why) => {
                stored.refusal = Some(why.into());
                "inventory_reservation_rejected"
            }
            ReservationChange::Committed(moved, key) => {
                stored.moved = moved.iter().map(Into::into).collect();
                stored.key.clone_from(key);
                "inventory_committed"
            }
            ReservationChange::Released(moved, reason, key) => {
                stored.moved = moved.iter().map(Into::into).collect();
                stored.reason.clone_from(reason);
                stored.key.clone_from(key);
                "inventory_released"
            }
            ReservationChange::Extended(end, epoch) => {
                (stored.expires_at, stored.epoch) = (end.micros(), *epoch);
                "inventory_reservation_extended"
            }
            ReservationChange::Adopted(adopter, order) => {
                stored.adopter = bytes(*adopter);
                stored.key.clone_from(order);
                "inventory_reservation_adopted"
            }
            ReservationChange::Revoked(reason) => {
                stored.reason.clone_from(reason);
                "inventory_reservation_revoked"
            }
        };
        (kind, stored)
    }

    /// Reads a fact of a kind.
    pub fn read(self, kind: &str) -> Result<Fact, Unreadable> {
        let moved = self.moved.iter().map(StoredMoved::read);
        let what = match kind {
            "inventory_reserved" => ReservationChange::Reserved,
            "inventory_reservation_rejected" => {
                ReservationChange::Rejected(needed(self.refusal, "the refusal")?.read()?)
            }
            "inventory_committed" => {
                ReservationChange::Committed(moved.collect::<Result<_, _>>()?, self.key)
            }
            "inventory_released" => {
                let moved = moved.collect::<Result<_, _>>()?;
                ReservationChange::Released(moved, self.reason, self.key)
            }
            "inventory_reservation_extended" => {
                ReservationChange::Extended(moment(self.expires_at)?, self.epoch)
            }
            "inventory_reservation_adopted" => {
                ReservationChange::Adopted(id(&self.adopter)?, self.key)
            }
            "inventory_reservation_revoked" => ReservationChange::Revoked(self.reason),
            other => return Err(Unreadable(format!("the kind {other} is not known"))),
        };
        Ok(Fact::Reservation(Box::new(ReservationFact {
            at: moment(self.at)?,
            what,
            after: needed(self.after, "the hold")?.read()?,
        })))
    }
}

impl From<&Moved> for StoredMoved {
    fn from(it: &Moved) -> Self {
        Self {
            line: it.line,
            place: place_bytes(it.place),
            quantity: it.quantity,
        }
    }
}

impl StoredMoved {
    fn read(&self) -> Result<Moved, Unreadable> {
        Ok(Moved {
            line: self.line,
            place: place(&self.place)?,
            quantity: self.quantity,
        })
    }
}
