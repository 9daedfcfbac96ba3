//! API keys and service accounts: other systems, with when their secret was used last.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::postgres::PgRow;
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;
use vocab::{ApiKeyId, ServiceAccountId, TenantId};

use super::finder::Machine;
use super::lists::{CreationCursor, among, has, newest};
use super::{Db, aggregate};
use crate::domain::{Account, ApiKey};

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

/// Where machines of one kind are kept, and how they are read.
struct Kept<T> {
    /// All of a tenant that is named next.
    rows: &'static str,
    id: &'static str,
    state: &'static str,
    words: &'static str,
    read: fn(&PgRow) -> Result<T, sqlx::Error>,
}

const API_KEYS: Kept<ApiKey> = Kept {
    rows: "SELECT k.content, m.used_at FROM api_keys k
        LEFT JOIN machine_uses m ON m.tenant_id = k.tenant_id AND m.kind = 'api_key'
            AND m.machine_id = k.api_key_id
        WHERE k.tenant_id = ",
    id: "k.api_key_id",
    state: "CASE WHEN k.revoked THEN 'REVOKED'
        WHEN k.expires_at <= now() THEN 'EXPIRED' ELSE 'ACTIVE' END",
    words: "k.permissions",
    read: |row| Ok(aggregate!(row, ApiKey)),
};

const ACCOUNTS: Kept<Account> = Kept {
    rows: "SELECT k.content, m.used_at FROM service_accounts k
        LEFT JOIN machine_uses m ON m.tenant_id = k.tenant_id AND m.kind = 'service_account'
            AND m.machine_id = k.service_account_id
        WHERE k.tenant_id = ",
    id: "k.service_account_id",
    state: "CASE WHEN k.disabled THEN 'DISABLED' ELSE 'ACTIVE' END",
    words: "k.roles",
    read: |row| Ok(aggregate!(row, Account)),
};

impl<T> Kept<T> {
    fn machine(&self, row: &PgRow) -> Result<Machine<T>, sqlx::Error> {
        Ok(Machine {
            is: (self.read)(row)?,
            used_at: row.try_get::<Option<Stamp>, _>("used_at")?.map(|it| it.0),
        })
    }
}

impl Db {
    /// A page of API keys.
    pub async fn list_api_keys(
        &self,
        tenant: TenantId,
        list: MachineList,
    ) -> Result<Vec<Machine<ApiKey>>, Fault> {
        self.machines(&API_KEYS, tenant, list).await
    }

    /// A page of service accounts.
    pub async fn list_accounts(
        &self,
        tenant: TenantId,
        list: MachineList,
    ) -> Result<Vec<Machine<Account>>, Fault> {
        self.machines(&ACCOUNTS, tenant, list).await
    }

    /// One API key.
    pub async fn api_key(
        &self,
        tenant: TenantId,
        id: ApiKeyId,
    ) -> Result<Option<Machine<ApiKey>>, Fault> {
        self.a_machine(&API_KEYS, tenant, id.uuid()).await
    }

    /// One service account.
    pub async fn account(
        &self,
        tenant: TenantId,
        id: ServiceAccountId,
    ) -> Result<Option<Machine<Account>>, Fault> {
        self.a_machine(&ACCOUNTS, tenant, id.uuid()).await
    }

    async fn machines<T: Send + 'static>(
        &self,
        kept: &'static Kept<T>,
        tenant: TenantId,
        list: MachineList,
    ) -> Result<Vec<Machine<T>>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let mut page = QueryBuilder::new(kept.rows);
                page.push_bind(tenant.uuid());
                among(&mut page, kept.state, list.states);
                if let Some(word) = &list.word {
                    has(&mut page, kept.words, word);
                }
                let by = ("k.created_at", kept.id);
                newest(&mut page, by, list.after, list.limit);
                let rows = page.build().fetch_all(connection).await?;
                rows.iter().map(|it| kept.machine(it)).collect()
            }
            .boxed()
        })
        .await
    }

    async fn a_machine<T: Send + 'static>(
        &self,
        kept: &'static Kept<T>,
        tenant: TenantId,
        id: Uuid,
    ) -> Result<Option<Machine<T>>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let mut one = QueryBuilder::new(kept.rows);
                one.push_bind(tenant.uuid());
                one.push(format!(" AND {} = ", kept.id)).push_bind(id);
                let row = one.build().fetch_optional(connection).await?;
                row.map(|it| kept.machine(&it)).transpose()
            }
            .boxed()
        })
        .await
    }
}
