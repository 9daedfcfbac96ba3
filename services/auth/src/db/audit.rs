//! Reads of the audit trail, and of the fact behind an event.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::{Recorded, Stamp};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row};
use uuid::Uuid;
use vocab::{AuditId, EventId, Moment, TenantId};

use super::Db;
use crate::domain::{Act, Audited, Outcome};

const COLUMNS: &str = "SELECT e.audit_id, e.actor_type, e.actor_id, e.method, e.outcome, e.reason,
    e.permission, e.aggregate_type, e.aggregate_id, e.aggregate_version, e.event_id, e.event_type,
    e.correlation_id, e.request_id, e.trace_id, e.session, e.acted_at, e.noted_at,
    e.noted_in::text AS noted_in
    FROM audit_entries e WHERE e.tenant_id = ";

/// Which entries to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct AuditList {
    /// By this actor.
    pub actor: String,
    /// By this rpc, consumer or job.
    pub method: String,
    /// Ended in one of these ways.
    pub outcomes: Vec<i16>,
    /// On this kind of thing.
    pub kind: String,
    /// On this thing.
    pub thing: String,
    /// Of this chain.
    pub correlation: String,
    /// For this reason.
    pub reason: String,
    /// Done at or after, and before.
    pub period: Option<(Moment, Moment)>,
    /// Behind this one.
    pub after: Option<AuditCursor>,
    /// How many at most.
    pub limit: i64,
}

/// Where in a list of entries one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCursor(pub Moment, pub AuditId);

/// Where a watch of entries stands: behind what one snapshot shows and, of what a later one shows
/// besides, behind an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// The snapshot all of which was told.
    pub seen: String,
    /// How far the next is told.
    pub within: Option<Within>,
}

/// How far what a snapshot shows is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// The snapshot.
    pub upto: String,
    /// The transaction of the last entry.
    pub noted_in: String,
    /// The last entry.
    pub id: AuditId,
}

/// A snapshot that is longer than this, for many open transactions, is told by its oldest.
const SNAPSHOT_MAX: usize = 256;

impl Db {
    /// One entry.
    pub async fn audit_entry(
        &self,
        tenant: TenantId,
        id: AuditId,
    ) -> Result<Option<Audited>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let mut one = QueryBuilder::new(COLUMNS);
                one.push_bind(tenant.uuid());
                one.push(" AND e.audit_id = ").push_bind(id.uuid());
                let row = one.build().fetch_optional(connection).await?;
                row.as_ref().map(entry).transpose()
            }
            .boxed()
        })
        .await
    }

    /// A page of entries, the newest first.
    pub async fn list_audit(
        &self,
        tenant: TenantId,
        list: AuditList,
    ) -> Result<Vec<Audited>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let mut page = page(tenant, &list);
                let rows = page.build().fetch_all(connection).await?;
                rows.iter().map(entry).collect()
            }
            .boxed()
        })
        .await
    }

    /// The place of now: behind all that is visible.
    pub async fn audit_now(&self) -> Result<AuditPlace, Fault> {
        self.read(super::nobody(), move |connection| {
            async move {
                Ok(AuditPlace {
                    seen: snapshot(connection).await?,
                    within: None,
                })
            }
            .boxed()
        })
        .await
    }

    /// Entries behind a place in the order of their transactions, each with its own place, and the
    /// place behind them all. What became visible is the difference of two snapshots, so nothing is
    /// missed however long a commit took.
    pub async fn audit_behind(
        &self,
        tenant: TenantId,
        from: AuditPlace,
        limit: i64,
    ) -> Result<(Vec<(Audited, AuditPlace)>, AuditPlace), Fault> {
        self.read(tenant, move |connection| {
            async move {
                let (upto, behind) = match from.within {
                    Some(within) => (within.upto, Some((within.noted_in, within.id))),
                    None => (snapshot(&mut *connection).await?, None),
                };
                let mut page = visible(tenant, (&from.seen, &upto), behind.as_ref());
                page.push_bind(limit);
                let rows = page.build().fetch_all(connection).await?;
                let full = i64::try_from(rows.len()).is_ok_and(|it| it >= limit);
                let placed = rows.iter().map(|row| {
                    let audited = entry(row)?;
                    let within = Within {
                        upto: upto.clone(),
                        noted_in: row.try_get("noted_in")?,
                        id: audited.act.id,
                    };
                    let place = AuditPlace {
                        seen: from.seen.clone(),
                        within: Some(within),
                    };
                    Ok((audited, place))
                });
                let entries: Vec<(Audited, AuditPlace)> =
                    placed.collect::<Result<_, sqlx::Error>>()?;
                let last = entries.last().map(|(_, place)| place.clone());
                let behind = last.filter(|_| full).unwrap_or(AuditPlace {
                    seen: upto,
                    within: None,
                });
                Ok((entries, behind))
            }
            .boxed()
        })
        .await
    }

    /// The fact behind an event of a tenant.
    pub async fn fact(&self, tenant: TenantId, event: EventId) -> Result<Option<Recorded>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let sql = format!(
                    "SELECT {} FROM events WHERE (tenant_id, stream_id, version) = (
                    SELECT i.tenant_id, i.stream_id, i.version FROM event_index i
                    WHERE i.copy = (SELECT c.served_copy FROM projection_cursors c
                        WHERE c.name = 'event_index')
                    AND i.tenant_id = $1 AND i.event_id = $2)",
                    Recorded::COLUMNS
                );
                let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(tenant.uuid())
                    .bind(event.uuid())
                    .fetch_optional(connection);
                row.await?.as_ref().map(Recorded::from_row).transpose()
            }
            .boxed()
        })
        .await
    }

    /// What time it is for the database.
    pub async fn now(&self) -> Result<Moment, Fault> {
        self.read(super::nobody(), move |connection| {
            async move {
                let now = sqlx::query_scalar::<_, Stamp>("SELECT clock_timestamp()");
                Ok(now.fetch_one(connection).await?.0)
            }
            .boxed()
        })
        .await
    }
}

/// The present snapshot; one that shows less, if it would be too long for a token.
async fn snapshot(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    const NOW: &str = "SELECT pg_current_snapshot()::text";
    let text: String = sqlx::query_scalar(NOW).fetch_one(connection).await?;
    if text.len() <= SNAPSHOT_MAX {
        return Ok(text);
    }
    let oldest = text.split(':').next().unwrap_or_default();
    Ok(format!("{oldest}:{oldest}:"))
}

/// Entries that one snapshot does not show and another does, behind one of them; the limit is left
/// to the caller.
fn visible(
    tenant: TenantId,
    (seen, upto): (&str, &str),
    behind: Option<&(String, AuditId)>,
) -> QueryBuilder<Postgres> {
    let mut page = QueryBuilder::new(COLUMNS);
    page.push_bind(tenant.uuid());
    page.push(" AND e.noted_in >= pg_snapshot_xmin(");
    page.push_bind(seen.to_owned()).push("::pg_snapshot)");
    page.push(" AND NOT pg_visible_in_snapshot(e.noted_in, ");
    page.push_bind(seen.to_owned()).push("::pg_snapshot)");
    page.push(" AND pg_visible_in_snapshot(e.noted_in, ");
    page.push_bind(upto.to_owned()).push("::pg_snapshot)");
    if let Some((noted_in, id)) = behind {
        page.push(" AND (e.noted_in, e.audit_id) > (");
        page.push_bind(noted_in.clone()).push("::xid8, ");
        page.push_bind(id.uuid()).push(")");
    }
    page.push(" ORDER BY e.noted_in, e.audit_id LIMIT ");
    page
}

fn page(tenant: TenantId, list: &AuditList) -> QueryBuilder<Postgres> {
    let mut page = QueryBuilder::new(COLUMNS);
    page.push_bind(tenant.uuid());
    for (column, text) in [
        ("actor_id", &list.actor),
        ("method", &list.method),
        ("aggregate_type", &list.kind),
        ("aggregate_id", &list.thing),
        ("correlation_id", &list.correlation),
        ("reason", &list.reason),
    ] {
        if !text.is_empty() {
            page.push(format!(" AND e.{column} = "));
            page.push_bind(text.clone());
        }
    }
    if !list.outcomes.is_empty() {
        page.push(" AND e.outcome = ANY (");
        page.push_bind(list.outcomes.clone()).push(")");
    }
    if let Some((from, to)) = list.period {
        page.push(" AND e.acted_at >= ").push_bind(Stamp(from));
        page.push(" AND e.acted_at < ").push_bind(Stamp(to));
    }
    if let Some(AuditCursor(at, id)) = list.after {
        page.push(" AND (e.acted_at, e.audit_id) < (");
        page.push_bind(Stamp(at)).push(", ");
        page.push_bind(id.uuid()).push(")");
    }
    page.push(" ORDER BY e.acted_at DESC, e.audit_id DESC LIMIT ");
    page.push_bind(list.limit);
    page
}

fn entry(row: &PgRow) -> Result<Audited, sqlx::Error> {
    let event: Option<Uuid> = row.try_get("event_id")?;
    let event_type: String = row.try_get("event_type")?;
    let outcome = Outcome::of(row.try_get("outcome")?);
    let on = (
        row.try_get("aggregate_type")?,
        row.try_get("aggregate_id")?,
        row.try_get("aggregate_version")?,
    );
    let act = Act {
        id: AuditId::from_uuid(row.try_get("audit_id")?),
        actor: (row.try_get("actor_type")?, row.try_get("actor_id")?),
        method: row.try_get("method")?,
        outcome: outcome.ok_or_else(|| sqlx::Error::Decode("no outcome".into()))?,
        reason: row.try_get("reason")?,
        permission: row.try_get("permission")?,
        on,
        event: event.map(|it| (EventId::from_uuid(it), event_type)),
        correlation: row.try_get("correlation_id")?,
        request_id: row.try_get("request_id")?,
        trace_id: row.try_get("trace_id")?,
        session: row.try_get("session")?,
        at: row.try_get::<Stamp, _>("acted_at")?.0,
    };
    Ok(Audited {
        act,
        recorded_at: row.try_get::<Stamp, _>("noted_at")?.0,
    })
}
