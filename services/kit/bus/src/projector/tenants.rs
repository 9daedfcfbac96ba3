//! Announces tenants to the policies, as every statement of a service's role has to.

use std::collections::BTreeSet;

use journal::Recorded;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::log::{Bounded, LogError};

/// How many tenants are announced at once when a copy is cleared.
pub(super) const TENANTS_MAX: i64 = 200;

/// Announces the tenants of some events for the running transaction.
pub(super) async fn announce(
    connection: &mut PgConnection,
    events: &[Recorded],
) -> Result<(), LogError> {
    let tenants: BTreeSet<Uuid> = events.iter().map(|it| it.tenant.uuid()).collect();
    announce_all(connection, &tenants.into_iter().collect::<Vec<_>>()).await
}

/// Announces tenants for the running transaction.
pub(super) async fn announce_all(
    connection: &mut PgConnection,
    tenants: &[Uuid],
) -> Result<(), LogError> {
    let list: Vec<String> = tenants.iter().map(Uuid::to_string).collect();
    sqlx::query("SELECT set_config('app.tenants', $1, true)")
        .bind(list.join(","))
        .execute(connection)
        .bounded()
        .await?;
    Ok(())
}

/// The tenants behind one, that have ever written an event; in order.
pub(super) async fn after(log: &mut PgConnection, tenant: Uuid) -> Result<Vec<Uuid>, LogError> {
    // One step down the index for each tenant, instead of a walk over every event.
    let sql = "WITH RECURSIVE t(id) AS (
          (SELECT tenant_id FROM events WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1)
          UNION ALL
          SELECT (SELECT e.tenant_id FROM events e WHERE e.tenant_id > t.id
                  ORDER BY e.tenant_id LIMIT 1)
          FROM t WHERE t.id IS NOT NULL
        )
        SELECT id FROM t WHERE id IS NOT NULL LIMIT $2";
    let found = sqlx::query_scalar(sql).bind(tenant).bind(TENANTS_MAX);
    found.fetch_all(log).bounded().await
}
