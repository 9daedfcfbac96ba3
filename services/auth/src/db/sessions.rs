//! Reads of sessions: one, those that live, and pages of them.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vocab::{CustomerId, Moment, SessionId, TenantId, UserId};

use super::Db;
use crate::domain::Session;

const COLUMNS: &str = "s.session_id, s.user_id, s.customer_id, s.seed, s.agent, s.generation,
    s.begun_at, s.refreshed_at, s.ended_at";
/// What has not ended, by itself or with all of its user's.
const LIVES: &str = "s.ended_at IS NULL AND s.refreshed_at > now() - interval '7 days'
    AND s.begun_at > now() - interval '30 days'
    AND NOT EXISTS (SELECT FROM user_access a WHERE a.tenant_id = s.tenant_id
        AND a.user_id = s.user_id AND a.sessions_from > s.begun_at)";

/// A session that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Living {
    /// Which one.
    pub id: SessionId,
    /// When it was last refreshed.
    pub refreshed_at: Moment,
}

/// Which sessions to list.
#[derive(Clone, Debug, Default)]
pub struct LivingList {
    /// Of this user only.
    pub user: Option<UserId>,
    /// Of this customer only.
    pub customer: Option<CustomerId>,
    /// Behind this one.
    pub after: Option<LivingCursor>,
    /// How many at most.
    pub limit: i64,
}

/// Where in a list of sessions one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LivingCursor(pub Moment, pub SessionId);

impl Db {
    /// A session, ended or not.
    pub async fn session(&self, tenant: TenantId, id: SessionId) -> Result<Option<Session>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let sql = format!(
                    "SELECT {COLUMNS} FROM sessions s WHERE s.tenant_id = $1 AND s.session_id = $2"
                );
                let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(tenant.uuid())
                    .bind(id.uuid());
                let row = row.fetch_optional(connection).await?;
                row.as_ref().map(session).transpose()
            }
            .boxed()
        })
        .await
    }

    /// A page of sessions that live, the latest used first.
    pub async fn living(&self, tenant: TenantId, list: LivingList) -> Result<Vec<Session>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let sql = format!(
                    "SELECT {COLUMNS} FROM sessions s WHERE s.tenant_id = $1 AND {LIVES}
                    AND ($2::uuid IS NULL OR s.user_id = $2)
                    AND ($3::uuid IS NULL OR s.customer_id = $3)
                    AND ($4::timestamptz IS NULL OR (s.refreshed_at, s.session_id) < ($4, $5))
                    ORDER BY s.refreshed_at DESC, s.session_id DESC LIMIT $6"
                );
                let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(tenant.uuid())
                    .bind(list.user.map(|it| it.uuid()))
                    .bind(list.customer.map(|it| it.uuid()))
                    .bind(list.after.map(|it| Stamp(it.0)))
                    .bind(list.after.map(|it| it.1.uuid()))
                    .bind(list.limit);
                let rows = rows.fetch_all(connection).await?;
                rows.iter().map(session).collect()
            }
            .boxed()
        })
        .await
    }
}

/// The living sessions of a user, the idlest first.
pub(super) async fn of_user(
    connection: &mut PgConnection,
    tenant: TenantId,
    (user, from): (UserId, Moment),
) -> Result<Vec<Living>, sqlx::Error> {
    const OF_USER: &str = "SELECT s.session_id, s.refreshed_at FROM sessions s
        WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.ended_at IS NULL AND s.begun_at >= $3
            AND s.refreshed_at > now() - interval '7 days'
            AND s.begun_at > now() - interval '30 days'
        ORDER BY s.refreshed_at, s.session_id LIMIT 200";
    let rows = sqlx::query(OF_USER)
        .bind(tenant.uuid())
        .bind(user.uuid())
        .bind(Stamp(from));
    let rows = rows.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Living {
                id: SessionId::from_uuid(row.try_get("session_id")?),
                refreshed_at: row.try_get::<Stamp, _>("refreshed_at")?.0,
            })
        })
        .collect()
}

fn session(row: &PgRow) -> Result<Session, sqlx::Error> {
    let user: Option<Uuid> = row.try_get("user_id")?;
    let customer: Option<Uuid> = row.try_get("customer_id")?;
    Ok(Session {
        id: SessionId::from_uuid(row.try_get("session_id")?),
        user: user.map(UserId::from_uuid),
        customer: customer.map(CustomerId::from_uuid),
        seed: row.try_get("seed")?,
        agent: row.try_get("agent")?,
        generation: row.try_get("generation")?,
        begun_at: row.try_get::<Stamp, _>("begun_at")?.0,
        refreshed_at: row.try_get::<Stamp, _>("refreshed_at")?.0,
        ended_at: row.try_get::<Option<Stamp>, _>("ended_at")?.map(|it| it.0),
    })
}
