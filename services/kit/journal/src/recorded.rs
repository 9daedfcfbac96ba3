//! A row of `events`: one fact with all that is known about it, as readers of the log see it.

use bytes::Bytes;
use contracts::common::ActorType;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;
use vocab::{EventId, Moment, TenantId};

use crate::stamp::Stamp;
use crate::submission::Actor;

/// One recorded fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log; places become visible out of order.
    pub position: i64,
    /// The transaction that wrote it.
    pub xid: u64,
    /// Whose it is.
    pub tenant: TenantId,
    /// The kind of aggregate, such as `product`.
    pub stream_kind: String,
    /// The id of the aggregate, unique only with the tenant.
    pub stream_id: String,
    /// Counts the facts of the stream from 1 without gaps.
    pub version: i64,
    /// Names the fact.
    pub event_id: EventId,
    /// The kind of fact, such as `product_created`.
    pub kind: String,
    /// The fact itself, as the store wrote it.
    pub payload: Bytes,
    /// Who did it; the service itself, where facts were merged.
    pub actor: Actor,
    /// By which rpc, job or step.
    pub method: String,
    /// By which request, if it had an id.
    pub request_id: Option<Uuid>,
    /// The first command or saga of its chain.
    pub correlation_id: String,
    /// What led to it directly.
    pub causation_id: String,
    /// Why, as the caller said.
    pub reason: String,
    /// The trace context of the command.
    pub traceparent: String,
    /// When it took effect in the world.
    pub effective_at: Moment,
    /// When it was recorded; never earlier than the fact before it.
    pub recorded_at: Moment,
}

impl Recorded {
    /// The columns to select, in a prepared statement.
    pub const COLUMNS: &'static str = "position, xid, tenant_id, stream_kind, stream_id, version, \
         event_id, kind, payload, actor_type, actor_id, method, request_id, correlation_id, \
         causation_id, reason, traceparent, effective_at, recorded_at";
}

impl FromRow<'_, PgRow> for Recorded {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get("position")?,
            // `xid8` is eight bytes, and no type of the driver.
            xid: row.try_get_unchecked::<i64, _>("xid")?.cast_unsigned(),
            tenant: TenantId::from_uuid(row.try_get("tenant_id")?),
            stream_kind: row.try_get("stream_kind")?,
            stream_id: row.try_get("stream_id")?,
            version: row.try_get("version")?,
            event_id: EventId::from_uuid(row.try_get("event_id")?),
            kind: row.try_get("kind")?,
            payload: Bytes::from(row.try_get::<Vec<u8>, _>("payload")?),
            actor: Actor {
                kind: actor_kind(row.try_get("actor_type")?),
                id: row.try_get("actor_id")?,
            },
            method: row.try_get("method")?,
            request_id: row.try_get("request_id")?,
            correlation_id: row.try_get("correlation_id")?,
            causation_id: row.try_get("causation_id")?,
            reason: row.try_get("reason")?,
            traceparent: row.try_get("traceparent")?,
            effective_at: row.try_get::<Stamp, _>("effective_at")?.0,
            recorded_at: row.try_get::<Stamp, _>("recorded_at")?.0,
        })
    }
}

/// A kind that a later release wrote is none that this one can name.
fn actor_kind(stored: i16) -> ActorType {
    ActorType::try_from(i32::from(stored)).unwrap_or(ActorType::Unspecified)
}
