//! The trail of auth's own facts, kept by a projection of its own log.
//!
//! Entries of other services come as commands; those of this one follow from the log beside them.
//! An entry has the id of its event, so writing it again changes nothing.

use std::sync::Arc;

use bus::projector::{ApplyError, Copy};
use bus::publish::outgoing;
use bus::{Projection, Publish};
use futures_util::future::BoxFuture;
use journal::Recorded;
use sqlx::PgConnection;
use uuid::Uuid;

/// Keeps the trail.
pub struct Trail {
    publish: Arc<dyn Publish>,
}

/// The columns of some entries.
#[derive(Default)]
struct Columns {
    tenants: Vec<Uuid>,
    ids: Vec<Uuid>,
    actor_types: Vec<i16>,
    actors: Vec<String>,
    methods: Vec<String>,
    reasons: Vec<String>,
    kinds: Vec<String>,
    things: Vec<String>,
    versions: Vec<i64>,
    types: Vec<String>,
    chains: Vec<String>,
    requests: Vec<String>,
    traces: Vec<String>,
    times: Vec<i64>,
}

const INSERT: &str = "INSERT INTO audit_entries (tenant_id, audit_id, actor_type, actor_id,
      method, outcome, reason, permission, aggregate_type, aggregate_id, aggregate_version,
      event_id, event_type, correlation_id, request_id, trace_id, session, acted_at, noted_at)
    SELECT t, e, n, a, m, 1, w, '', k, s, v, e, y, c, r, z, '',
      to_timestamp(0) + o * interval '1 microsecond', clock_timestamp()
    FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[],
      $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[],
      $14::bigint[]) AS l(t, e, n, a, m, w, k, s, v, y, c, r, z, o)
    ON CONFLICT DO NOTHING";

impl Trail {
    /// The name of the projection.
    pub const NAME: &'static str = "audit_trail";

    /// Takes how auth publishes, which says what its events are called.
    pub fn new(publish: Arc<dyn Publish>) -> Self {
        Self { publish }
    }

    fn columns(&self, events: &[Recorded]) -> Columns {
        let mut columns = Columns::default();
        for event in events {
            let messages = outgoing(self.publish.as_ref(), event, 1).unwrap_or_default();
            let kind = messages.first().map(|it| it.event_type.to_owned());
            columns.tenants.push(event.tenant.uuid());
            columns.ids.push(event.event_id.uuid());
            let actor = i16::try_from(i32::from(event.actor.kind)).unwrap_or_default();
            columns.actor_types.push(actor);
            columns.actors.push(event.actor.id.clone());
            columns.methods.push(event.method.clone());
            columns.reasons.push(event.reason.clone());
            columns.kinds.push(event.stream_kind.clone());
            columns.things.push(event.stream_id.clone());
            columns.versions.push(event.version);
            columns
                .types
                .push(kind.unwrap_or_else(|| event.kind.clone()));
            columns.chains.push(event.correlation_id.clone());
            let request = event.request_id.map(|it| it.to_string());
            columns.requests.push(request.unwrap_or_default());
            columns.traces.push(trace_of(&event.traceparent));
            columns.times.push(event.recorded_at.micros());
        }
        columns
    }
}

/// The trace that a W3C trace context names.
fn trace_of(traceparent: &str) -> String {
    traceparent.split('-').nth(1).unwrap_or_default().to_owned()
}

impl Projection for Trail {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn apply<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        _copy: Copy,
        events: &'c [Recorded],
    ) -> BoxFuture<'c, Result<(), ApplyError>> {
        Box::pin(async move {
            let columns = self.columns(events);
            sqlx::query(INSERT)
                .bind(columns.tenants)
                .bind(columns.ids)
                .bind(columns.actor_types)
                .bind(columns.actors)
                .bind(columns.methods)
                .bind(columns.reasons)
                .bind(columns.kinds)
                .bind(columns.things)
                .bind(columns.versions)
                .bind(columns.types)
                .bind(columns.chains)
                .bind(columns.requests)
                .bind(columns.traces)
                .bind(columns.times)
                .execute(connection)
                .await?;
            Ok(())
        })
    }

    /// Entries are never removed; whatever is projected again is there already.
    fn clear<'c>(
        &'c self,
        _connection: &'c mut PgConnection,
        _copy: Copy,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async { Ok(()) })
    }
}
