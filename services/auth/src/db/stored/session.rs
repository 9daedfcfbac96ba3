//! Sessions, in answers and, ended ones, in facts.

use journal::Unreadable;

use super::{bytes, id, micros, moment, optional_bytes, optional_id, optional_moment, unreadable};
use crate::domain::{Cause, EndedSession, Session};

/// A session.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredSession {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    user: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    customer: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    seed: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    agent: Vec<u8>,
    #[prost(int64, tag = "6")]
    generation: i64,
    #[prost(int64, tag = "7")]
    begun_at: i64,
    #[prost(int64, tag = "8")]
    refreshed_at: i64,
    #[prost(int64, optional, tag = "9")]
    ended_at: Option<i64>,
}

impl From<&Session> for StoredSession {
    fn from(it: &Session) -> Self {
        Self {
            id: bytes(it.id),
            user: optional_bytes(it.user),
            customer: optional_bytes(it.customer),
            seed: it.seed.clone(),
            agent: it.agent.clone(),
            generation: it.generation,
            begun_at: it.begun_at.micros(),
            refreshed_at: it.refreshed_at.micros(),
            ended_at: micros(it.ended_at),
        }
    }
}

impl TryFrom<StoredSession> for Session {
    type Error = Unreadable;

    fn try_from(it: StoredSession) -> Result<Self, Unreadable> {
        Ok(Self {
            id: id(&it.id)?,
            user: optional_id(&it.user)?,
            customer: optional_id(&it.customer)?,
            seed: it.seed,
            agent: it.agent,
            generation: it.generation,
            begun_at: moment(it.begun_at)?,
            refreshed_at: moment(it.refreshed_at)?,
            ended_at: optional_moment(it.ended_at)?,
        })
    }
}

/// A session that was ended.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredEnd {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    user: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    customer: Vec<u8>,
    #[prost(int32, tag = "4")]
    cause: i32,
    #[prost(int64, tag = "5")]
    at: i64,
}

impl From<&EndedSession> for StoredEnd {
    fn from(it: &EndedSession) -> Self {
        Self {
            id: bytes(it.id),
            user: optional_bytes(it.user),
            customer: optional_bytes(it.customer),
            cause: it.cause.number().into(),
            at: it.at.micros(),
        }
    }
}

impl TryFrom<StoredEnd> for EndedSession {
    type Error = Unreadable;

    fn try_from(it: StoredEnd) -> Result<Self, Unreadable> {
        let cause = i16::try_from(it.cause).ok().and_then(Cause::of);
        Ok(Self {
            id: id(&it.id)?,
            user: optional_id(&it.user)?,
            customer: optional_id(&it.customer)?,
            cause: cause.ok_or_else(|| unreadable("cause", it.cause))?,
            at: moment(it.at)?,
        })
    }
}
