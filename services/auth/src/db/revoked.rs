//! Reads facts that withdrew tokens a short while ago, whoever's they are.
//!
//! Revocations are kept nowhere: they follow from facts of auth's own log, which is read as the
//! role that may.

use chassis::fault::Fault;
use journal::{Recorded, Stamp};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;
use vocab::{Moment, RoleId, ServiceAccountId, TenantId, UserId};

/// The kinds of facts that withdraw tokens.
pub const KINDS: &[&str] = &[
    "session_revoked",
    "user_disabled",
    "user_erased",
    "user_updated",
    "role_revoked",
    "role_updated",
    "password_changed",
    "api_key_revoked",
    "service_account_disabled",
    "service_account_updated",
    "tenant_suspended",
    "signing_key_rotated",
];

/// Which of them to list.
#[derive(Clone, Debug)]
pub struct RevokedList {
    /// Of this tenant only, and those that belong to nobody.
    pub tenant: Option<TenantId>,
    /// Recorded at or after this moment.
    pub since: Moment,
    /// Behind this one.
    pub after: Option<RevokedCursor>,
    /// How many at most.
    pub limit: i64,
}

/// Where in the list one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedCursor(pub Moment, pub i64);

/// Who has a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Users.
    pub users: Vec<UserId>,
    /// Service accounts.
    pub accounts: Vec<ServiceAccountId>,
}

/// Reads the log.
#[derive(Clone, Debug)]
pub struct Revoked(PgPool);

impl Revoked {
    /// Reads through a pool of the role that reads the log.
    pub const fn of(pool: PgPool) -> Self {
        Self(pool)
    }

    /// A page of facts, the oldest first.
    pub async fn list(&self, list: &RevokedList) -> Result<Vec<Recorded>, Fault> {
        let sql = format!(
            "SELECT {} FROM events WHERE recorded_at >= $1 AND kind = ANY ($2)
            AND ($3::uuid IS NULL OR tenant_id = $3 OR kind = 'signing_key_rotated')
            AND ($4::timestamptz IS NULL OR (recorded_at, position) > ($4, $5))
            ORDER BY recorded_at, position LIMIT $6",
            Recorded::COLUMNS
        );
        let kinds: Vec<&str> = KINDS.to_vec();
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(Stamp(list.since))
            .bind(kinds)
            .bind(list.tenant.map(|it| it.uuid()))
            .bind(list.after.map(|it| Stamp(it.0)))
            .bind(list.after.map(|it| it.1))
            .bind(list.limit);
        let rows = rows.fetch_all(&self.0).await.map_err(journal::fault)?;
        let read = rows.iter().map(Recorded::from_row);
        read.collect::<Result<_, _>>().map_err(journal::fault)
    }

    /// Who has a role now; nothing if they are more than so many.
    pub async fn holders(
        &self,
        tenant: TenantId,
        role: RoleId,
        most: usize,
    ) -> Result<Option<Holders>, Fault> {
        const USERS: &str = "SELECT user_id FROM users
            WHERE string_to_array(btrim(roles), ' ') @> ARRAY[$2] AND tenant_id = $1 LIMIT $3";
        const ACCOUNTS: &str = "SELECT service_account_id FROM service_accounts
            WHERE string_to_array(btrim(roles), ' ') @> ARRAY[$2] AND tenant_id = $1 LIMIT $3";
        let (role, limit) = (role.to_string(), i64::try_from(most).unwrap_or(i64::MAX));
        let ask = async |sql: &'static str| {
            let ids = sqlx::query_scalar(sql).bind(tenant.uuid()).bind(&role);
            let ids = ids.bind(limit.saturating_add(1)).fetch_all(&self.0).await;
            ids.map_err(journal::fault)
        };
        let (users, accounts): (Vec<Uuid>, Vec<Uuid>) = (ask(USERS).await?, ask(ACCOUNTS).await?);
        if users.len() + accounts.len() > most {
            return Ok(None);
        }
        Ok(Some(Holders {
            users: users.into_iter().map(UserId::from_uuid).collect(),
            accounts: accounts
                .into_iter()
                .map(ServiceAccountId::from_uuid)
                .collect(),
        }))
    }
}
