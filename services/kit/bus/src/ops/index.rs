//! Finds events by their id, their chain or who caused them: a projection of the log, because an
//! index on the log itself would be paid by every write.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use journal::Recorded;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::projector::{ApplyError, Copy, Projection};
use crate::publish::{Publish, outgoing};

/// Where the events of one owner are found. Every owner runs it.
pub struct EventIndex {
    publish: Arc<dyn Publish>,
}

/// The columns of some events, built together so that none is longer than another.
#[derive(Default)]
struct Columns {
    tenants: Vec<Uuid>,
    positions: Vec<i64>,
    ids: Vec<Uuid>,
    types: Vec<String>,
    kinds: Vec<String>,
    streams: Vec<String>,
    versions: Vec<i64>,
    correlations: Vec<String>,
    causations: Vec<String>,
    actors: Vec<String>,
    recorded_us: Vec<i64>,
}

impl EventIndex {
    /// The name of the projection.
    pub const NAME: &'static str = "event_index";

    /// Takes how the owner publishes, which says what its events are called.
    pub fn new(publish: Arc<dyn Publish>) -> Self {
        Self { publish }
    }

    fn columns(&self, events: &[Recorded]) -> Columns {
        let mut columns = Columns::default();
        for event in events {
            // One that cannot be published is found all the same, under the name of its fact.
            let kind = match outgoing(self.publish.as_ref(), event, 1) {
                Ok(messages) => messages.first().map(|it| it.event_type.to_owned()),
                Err(_) => None,
            };
            columns.tenants.push(event.tenant.uuid());
            columns.positions.push(event.position);
            columns.ids.push(event.event_id.uuid());
            columns
                .types
                .push(kind.unwrap_or_else(|| event.kind.clone()));
            columns.kinds.push(event.stream_kind.clone());
            columns.streams.push(event.stream_id.clone());
            columns.versions.push(event.version);
            columns.correlations.push(event.correlation_id.clone());
            columns.causations.push(event.causation_id.clone());
            columns.actors.push(event.actor.id.clone());
            columns.recorded_us.push(event.recorded_at.micros());
        }
        columns
    }
}

impl Projection for EventIndex {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn apply<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
        events: &'c [Recorded],
    ) -> BoxFuture<'c, Result<(), ApplyError>> {
        Box::pin(async move {
            let columns = self.columns(events);
            let sql = "INSERT INTO event_index (copy, tenant_id, position, event_id, event_type,
                  stream_kind, stream_id, version, correlation_id, causation_id, actor_id,
                  recorded_at)
                SELECT $1, t, p, e, y, k, s, v, c, a, o,
                  to_timestamp(0) + r * interval '1 microsecond'
                FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[],
                  $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[])
                  AS n(t, p, e, y, k, s, v, c, a, o, r)";
            sqlx::query(sql)
                .bind(copy.number())
                .bind(columns.tenants)
                .bind(columns.positions)
                .bind(columns.ids)
                .bind(columns.types)
                .bind(columns.kinds)
                .bind(columns.streams)
                .bind(columns.versions)
                .bind(columns.correlations)
                .bind(columns.causations)
                .bind(columns.actors)
                .bind(columns.recorded_us)
                .execute(connection)
                .await?;
            Ok(())
        })
    }

    fn clear<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let delete = sqlx::query("DELETE FROM event_index WHERE copy = $1");
            let deleted = delete.bind(copy.number()).execute(connection).await;
            deleted.map(|_| ())
        })
    }
}
