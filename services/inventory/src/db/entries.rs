//! Reads of the ledger: entries of positions, as the log has them.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Recorded;
use sqlx::FromRow;
use vocab::TenantId;

use super::Db;
use crate::domain::Entry;

/// The columns of `Recorded`, spelled out: the two are compared by a test.
const NAMED: &str = "
    SELECT e.* FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY k(stream_id, version, place)
    CROSS JOIN LATERAL (
        SELECT position, xid, tenant_id, stream_kind, stream_id, version, event_id, kind, payload,
            actor_type, actor_id, method, request_id, correlation_id, causation_id, reason,
            traceparent, effective_at, recorded_at
        FROM events e
        WHERE e.tenant_id = $1 AND e.stream_id = k.stream_id AND e.version = k.version
        OFFSET 0) e
    ORDER BY k.place";

impl Db {
    /// The entries with some names, in their order.
    pub async fn entries(
        &self,
        tenant: TenantId,
        names: Vec<Entry>,
    ) -> Result<Vec<Recorded>, Fault> {
        let streams: Vec<String> = names.iter().map(|it| it.place.to_string()).collect();
        let versions: Vec<i64> = names.iter().map(|it| it.version).collect();
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(NAMED).bind(tenant.uuid());
                let query = query.bind(streams).bind(versions);
                let rows = query.fetch_all(db).await?;
                rows.iter().map(Recorded::from_row).collect()
            }
            .boxed()
        })
        .await
    }
}
