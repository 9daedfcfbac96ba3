//! Finds whose a key or an account is: their ids carry no tenant, and a secret names only the id.
//!
//! It reads as the role that finds work: ids and tenants, and nothing else.

use chassis::fault::Fault;
use sqlx::PgPool;
use uuid::Uuid;
use vocab::{ApiKeyId, Moment, ServiceAccountId, TenantId};

/// A key or account, and when it was last used.
#[derive(Clone, Debug)]
pub struct Machine<T> {
    /// What it is.
    pub is: T,
    /// When it was last used, up to a minute behind.
    pub used_at: Option<Moment>,
}

/// Looks for whose something is.
#[derive(Clone, Debug)]
pub struct Finder(PgPool);

impl Finder {
    /// Looks through a pool of the role that finds work.
    pub const fn of(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Whose API key it is.
    pub async fn tenant_of_key(&self, id: ApiKeyId) -> Result<Option<TenantId>, Fault> {
        const OWNER: &str = "SELECT tenant_id FROM api_keys WHERE api_key_id = $1";
        self.owner(OWNER, id.uuid()).await
    }

    /// Whose service account it is.
    pub async fn tenant_of_account(&self, id: ServiceAccountId) -> Result<Option<TenantId>, Fault> {
        const OWNER: &str = "SELECT tenant_id FROM service_accounts WHERE service_account_id = $1";
        self.owner(OWNER, id.uuid()).await
    }

    async fn owner(&self, sql: &'static str, id: Uuid) -> Result<Option<TenantId>, Fault> {
        let owner = sqlx::query_scalar(sql).bind(id).fetch_optional(&self.0);
        let owner: Option<Uuid> = owner.await.map_err(journal::fault)?;
        Ok(owner.map(TenantId::from_uuid))
    }
}
