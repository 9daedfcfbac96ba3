//! Pages of users, API keys and accounts, the newest first.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;
use vocab::{ApiKeyId, CustomerId, LocationId, Moment, RoleId, ServiceAccountId, TenantId};

use super::finder::Machine;
use super::people::{KNOWN, known};
use super::{Db, Known, aggregate};
use crate::domain::{Account, ApiKey, UserState};

/// Where in a list by creation one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreationCursor(pub Moment, pub Uuid);

/// Which users to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct UserList {
    /// In one of these states.
    pub states: Vec<UserState>,
    /// With this role.
    pub role: Option<RoleId>,
    /// Bound to this location.
    pub location: Option<LocationId>,
    /// Who is this customer.
    pub customer: Option<CustomerId>,
    /// Only this one.
    pub only: Option<Uuid>,
    /// Behind this one.
    pub after: Option<CreationCursor>,
    /// How many at most.
    pub limit: i64,
}

/// Which keys or accounts to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct MachineList {
    /// With this word among their permissions or roles.
    pub word: Option<String>,
    /// Among these states: whether it works, has expired, or was barred.
    pub states: Vec<&'static str>,
    /// Behind this one.
    pub after: Option<CreationCursor>,
    /// How many at most.
    pub limit: i64,
}

impl Db {
    /// A page of users.
    pub async fn list_users(&self, tenant: TenantId, list: UserList) -> Result<Vec<Known>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let states: Vec<&str> = list.states.iter().map(|it| it.name()).collect();
                let mut page = QueryBuilder::new(KNOWN);
                page.push(" WHERE u.tenant_id = ").push_bind(tenant.uuid());
                page.push(" AND u.state = ANY (")
                    .push_bind(states)
                    .push(")");
                if let Some(role) = list.role {
                    has(&mut page, "u.roles", &role.to_string());
                }
                if let Some(location) = list.location {
                    has(&mut page, "u.locations", &location.to_string());
                }
                if let Some(customer) = list.customer {
                    page.push(" AND u.customer_id = ")
                        .push_bind(customer.uuid());
                }
                if let Some(only) = list.only {
                    page.push(" AND u.user_id = ").push_bind(only);
                }
                newest(
                    &mut page,
                    ("u.created_at", "u.user_id"),
                    list.after,
                    list.limit,
                );
                let rows = page.build().fetch_all(connection).await?;
                rows.iter().map(known).collect()
            }
            .boxed()
        })
        .await
    }

    /// A page of API keys.
    pub async fn list_api_keys(
        &self,
        tenant: TenantId,
        list: MachineList,
    ) -> Result<Vec<Machine<ApiKey>>, Fault> {
        const KEYS: &str = "SELECT k.content, m.used_at FROM api_keys k
            LEFT JOIN machine_uses m ON m.tenant_id = k.tenant_id AND m.kind = 'api_key'
                AND m.machine_id = k.api_key_id
            WHERE k.tenant_id = ";
        const STATE: &str = "CASE WHEN k.revoked THEN 'REVOKED'
            WHEN k.expires_at <= now() THEN 'EXPIRED' ELSE 'ACTIVE' END";
        self.read(tenant, move |connection| {
            async move {
                let mut page = QueryBuilder::new(KEYS);
                page.push_bind(tenant.uuid());
                among(&mut page, STATE, list.states);
                if let Some(word) = &list.word {
                    has(&mut page, "k.permissions", word);
                }
                newest(
                    &mut page,
                    ("k.created_at", "k.api_key_id"),
                    list.after,
                    list.limit,
                );
                let rows = page.build().fetch_all(connection).await?;
                let each = rows.iter().map(|row| {
                    Ok(Machine {
                        is: aggregate!(row, ApiKey),
                        used_at: row.try_get::<Option<Stamp>, _>("used_at")?.map(|it| it.0),
                    })
                });
                each.collect()
            }
            .boxed()
        })
        .await
    }

    /// A page of service accounts.
    pub async fn list_accounts(
        &self,
        tenant: TenantId,
        list: MachineList,
    ) -> Result<Vec<Machine<Account>>, Fault> {
        const ACCOUNTS: &str = "SELECT k.content, m.used_at FROM service_accounts k
            LEFT JOIN machine_uses m ON m.tenant_id = k.tenant_id AND m.kind = 'service_account'
                AND m.machine_id = k.service_account_id
            WHERE k.tenant_id = ";
        const STATE: &str = "CASE WHEN k.disabled THEN 'DISABLED' ELSE 'ACTIVE' END";
        self.read(tenant, move |connection| {
            async move {
                let mut page = QueryBuilder::new(ACCOUNTS);
                page.push_bind(tenant.uuid());
                among(&mut page, STATE, list.states);
                if let Some(word) = &list.word {
                    has(&mut page, "k.roles", word);
                }
                let by = ("k.created_at", "k.service_account_id");
                newest(&mut page, by, list.after, list.limit);
                let rows = page.build().fetch_all(connection).await?;
                let each = rows.iter().map(|row| {
                    Ok(Machine {
                        is: aggregate!(row, Account),
                        used_at: row.try_get::<Option<Stamp>, _>("used_at")?.map(|it| it.0),
                    })
                });
                each.collect()
            }
            .boxed()
        })
        .await
    }

    /// One API key.
    pub async fn api_key(
        &self,
        tenant: TenantId,
        id: ApiKeyId,
    ) -> Result<Option<Machine<ApiKey>>, Fault> {
        const KEY: &str = "SELECT k.content, m.used_at FROM api_keys k
            LEFT JOIN machine_uses m ON m.tenant_id = k.tenant_id AND m.kind = 'api_key'
                AND m.machine_id = k.api_key_id
            WHERE k.tenant_id = $1 AND k.api_key_id = $2";
        self.read(tenant, move |connection| {
            async move {
                let row = sqlx::query(KEY).bind(tenant.uuid()).bind(id.uuid());
                let row = row.fetch_optional(connection).await?;
                let machine = row.map(|row| {
                    Ok(Machine {
                        is: aggregate!(&row, ApiKey),
                        used_at: row.try_get::<Option<Stamp>, _>("used_at")?.map(|it| it.0),
                    })
                });
                machine.transpose()
            }
            .boxed()
        })
        .await
    }

    /// One service account.
    pub async fn account(
        &self,
        tenant: TenantId,
        id: ServiceAccountId,
    ) -> Result<Option<Machine<Account>>, Fault> {
        const ACCOUNT: &str = "SELECT k.content, m.used_at FROM service_accounts k
            LEFT JOIN machine_uses m ON m.tenant_id = k.tenant_id AND m.kind = 'service_account'
                AND m.machine_id = k.service_account_id
            WHERE k.tenant_id = $1 AND k.service_account_id = $2";
        self.read(tenant, move |connection| {
            async move {
                let row = sqlx::query(ACCOUNT).bind(tenant.uuid()).bind(id.uuid());
                let row = row.fetch_optional(connection).await?;
                let machine = row.map(|row| {
                    Ok(Machine {
                        is: aggregate!(&row, Account),
                        used_at: row.try_get::<Option<Stamp>, _>("used_at")?.map(|it| it.0),
                    })
                });
                machine.transpose()
            }
            .boxed()
        })
        .await
    }
}

/// Only rows with a word in a column of words.
fn has(page: &mut QueryBuilder<Postgres>, column: &str, word: &str) {
    page.push(" AND position(").push_bind(format!(" {word} "));
    page.push(format!(" in {column}) > 0"));
}

/// Only rows in one of some states; all, if none is named.
fn among(page: &mut QueryBuilder<Postgres>, state: &str, states: Vec<&'static str>) {
    if !states.is_empty() {
        page.push(format!(" AND {state} = ANY ("));
        page.push_bind(states).push(")");
    }
}

/// The newest first, behind a place.
fn newest(
    page: &mut QueryBuilder<Postgres>,
    (time, id): (&str, &str),
    after: Option<CreationCursor>,
    limit: i64,
) {
    if let Some(CreationCursor(at, after)) = after {
        page.push(format!(" AND ({time}, {id}) < ("));
        page.push_bind(Stamp(at))
            .push(", ")
            .push_bind(after)
            .push(")");
    }
    page.push(format!(" ORDER BY {time} DESC, {id} DESC LIMIT "));
    page.push_bind(limit);
}
