//! Reads of tenants, users, roles and keys, one by one.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vocab::{Moment, RoleId, TenantId, UserId};

use super::sessions::Living;
use super::store::columns;
use super::{Db, aggregate, nobody};
use crate::domain::{Access, KeySet, Link, Role, Tenant, User};

/// Somebody who may be signing in, with all that their tokens rest on.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The user.
    pub user: User,
    /// How they get in.
    pub access: Access,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Their living sessions, the idlest first.
    pub living: Vec<Living>,
}

/// A user with what stands beside them.
#[derive(Clone, Debug)]
pub struct Known {
    /// The user.
    pub user: User,
    /// When a password was last accepted.
    pub last_at: Option<Moment>,
    /// The key of what is personal, wrapped; empty once destroyed.
    pub key: Vec<u8>,
}

pub(super) const KNOWN: &str = "
    SELECT u.user_id, u.content, u.created_at, a.last_at, k.wrapped FROM users u
    JOIN user_access a ON a.tenant_id = u.tenant_id AND a.user_id = u.user_id
    JOIN subject_keys k ON k.tenant_id = u.tenant_id AND k.user_id = u.user_id";

pub(super) fn known(row: &PgRow) -> Result<Known, sqlx::Error> {
    Ok(Known {
        user: aggregate!(row, User),
        last_at: row.try_get::<Option<Stamp>, _>("last_at")?.map(|it| it.0),
        key: row.try_get("wrapped")?,
    })
}

impl Db {
    /// The tenant that has a code.
    pub async fn tenant_of(&self, code: String) -> Result<Option<TenantId>, Fault> {
        const OWNER: &str = "SELECT owner FROM tenant_codes WHERE code = $1";
        self.read(nobody(), move |connection| {
            async move {
                let owner = sqlx::query_scalar(OWNER).bind(code);
                let owner: Option<Uuid> = owner.fetch_optional(connection).await?;
                Ok(owner.map(TenantId::from_uuid))
            }
            .boxed()
        })
        .await
    }

    /// All tenants behind a code, in the order of their codes.
    pub async fn codes(&self, after: String, limit: i64) -> Result<Vec<TenantId>, Fault> {
        const CODES: &str = "SELECT owner FROM tenant_codes WHERE code COLLATE \"C\" > $1
            ORDER BY code COLLATE \"C\" LIMIT $2";
        self.read(nobody(), move |connection| {
            async move {
                let codes = sqlx::query_scalar(CODES).bind(after).bind(limit);
                let owners: Vec<Uuid> = codes.fetch_all(connection).await?;
                Ok(owners.into_iter().map(TenantId::from_uuid).collect())
            }
            .boxed()
        })
        .await
    }

    /// A tenant.
    pub async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, Fault> {
        const TENANT: &str = "SELECT content FROM tenants WHERE tenant_id = $1";
        self.read(tenant, move |connection| {
            async move {
                let row = sqlx::query(TENANT).bind(tenant.uuid());
                let row = row.fetch_optional(connection).await?;
                row.map(|row| Ok(aggregate!(&row, Tenant))).transpose()
            }
            .boxed()
        })
        .await
    }

    /// The keys that sign.
    pub async fn signing_keys(&self, operator: TenantId) -> Result<Option<KeySet>, Fault> {
        const KEYS: &str = "SELECT content FROM signing_keys WHERE tenant_id = $1 AND name = $2";
        self.read(operator, move |connection| {
            async move {
                let row = sqlx::query(KEYS)
                    .bind(operator.uuid())
                    .bind(columns::SIGNING);
                let row = row.fetch_optional(connection).await?;
                row.map(|row| Ok(aggregate!(&row, Keys))).transpose()
            }
            .boxed()
        })
        .await
    }

    /// A user.
    pub async fn user(&self, tenant: TenantId, id: UserId) -> Result<Option<Known>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let sql = format!("{KNOWN} WHERE u.tenant_id = $1 AND u.user_id = $2");
                let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(tenant.uuid())
                    .bind(id.uuid());
                let row = row.fetch_optional(connection).await?;
                row.as_ref().map(known).transpose()
            }
            .boxed()
        })
        .await
    }

    /// Who has an email, by its digest.
    pub async fn user_of_email(
        &self,
        tenant: TenantId,
        digest: String,
    ) -> Result<Option<UserId>, Fault> {
        self.read(tenant, move |connection| {
            async move { holder(connection, tenant, &digest).await }.boxed()
        })
        .await
    }

    /// Somebody who may be signing in, by the digest of their email.
    pub async fn entry(&self, tenant: TenantId, digest: String) -> Result<Option<Entry>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                // Whoever is not known costs as many questions as whoever is.
                let user = holder(connection, tenant, &digest).await?;
                let user = user.unwrap_or_else(|| UserId::from_uuid(Uuid::nil()));
                entry(connection, tenant, user).await
            }
            .boxed()
        })
        .await
    }

    /// Somebody who is going on, by their id.
    pub async fn entry_of(&self, tenant: TenantId, user: UserId) -> Result<Option<Entry>, Fault> {
        self.read(tenant, move |connection| {
            async move { entry(connection, tenant, user).await }.boxed()
        })
        .await
    }

    /// Some roles, gone ones too.
    pub async fn roles(&self, tenant: TenantId, ids: Vec<RoleId>) -> Result<Vec<Role>, Fault> {
        self.read(tenant, move |connection| {
            async move { roles(connection, tenant, &ids).await }.boxed()
        })
        .await
    }

    /// All roles that are not gone, in the order of their keys.
    pub async fn all_roles(&self, tenant: TenantId) -> Result<Vec<Role>, Fault> {
        const ALL: &str = "SELECT content FROM roles WHERE tenant_id = $1 AND deleted_at IS NULL
            ORDER BY key";
        self.read(tenant, move |connection| {
            async move {
                let rows = sqlx::query(ALL).bind(tenant.uuid());
                let rows = rows.fetch_all(connection).await?;
                rows.iter().map(|row| Ok(aggregate!(row, Role))).collect()
            }
            .boxed()
        })
        .await
    }

    /// The invitation that was sent to a user last.
    pub async fn invitation(&self, tenant: TenantId, user: UserId) -> Result<Option<Link>, Fault> {
        const LINK: &str = "SELECT digest, expires_at, used FROM user_links
            WHERE tenant_id = $1 AND user_id = $2 AND kind = 'INVITATION'";
        self.read(tenant, move |connection| {
            async move {
                let row = sqlx::query(LINK).bind(tenant.uuid()).bind(user.uuid());
                let row = row.fetch_optional(connection).await?;
                row.map(|row| {
                    let digest: Vec<u8> = row.try_get("digest")?;
                    let digest = digest.try_into().unwrap_or([0; 32]);
                    Ok(Link {
                        digest,
                        expires_at: row.try_get::<Stamp, _>("expires_at")?.0,
                        used: row.try_get("used")?,
                    })
                })
                .transpose()
            }
            .boxed()
        })
        .await
    }
}

async fn holder(
    connection: &mut PgConnection,
    tenant: TenantId,
    digest: &str,
) -> Result<Option<UserId>, sqlx::Error> {
    const HOLDER: &str = "SELECT holder FROM claims
        WHERE tenant_id = $1 AND kind = 'email' AND value = $2 AND holder IS NOT NULL";
    let holder = sqlx::query_scalar(HOLDER).bind(tenant.uuid()).bind(digest);
    let holder: Option<Uuid> = holder.fetch_optional(connection).await?;
    Ok(holder.map(UserId::from_uuid))
}

async fn entry(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: UserId,
) -> Result<Option<Entry>, sqlx::Error> {
    const ENTRY: &str = "SELECT u.content, a.hash, a.sessions_from, a.begun, a.last_at
        FROM users u JOIN user_access a ON a.tenant_id = u.tenant_id AND a.user_id = u.user_id
        WHERE u.tenant_id = $1 AND u.user_id = $2";
    let row = sqlx::query(ENTRY).bind(tenant.uuid()).bind(id.uuid());
    let row = row.fetch_optional(&mut *connection).await?;
    let found = row.map(|row| {
        let access = Access {
            hash: row.try_get("hash")?,
            sessions_from: row.try_get::<Stamp, _>("sessions_from")?.0,
            begun: row.try_get("begun")?,
            last_at: row.try_get::<Option<Stamp>, _>("last_at")?.map(|it| it.0),
        };
        Ok::<_, sqlx::Error>((aggregate!(&row, User), access))
    });
    let found = found.transpose()?;
    let ids = found.as_ref().map(|(user, _)| user.roles.clone());
    let roles = roles(&mut *connection, tenant, &ids.unwrap_or_default()).await?;
    let from = found.as_ref().map(|(_, access)| access.sessions_from);
    let from = from.unwrap_or(Moment::FIRST);
    let living = super::sessions::of_user(connection, tenant, (id, from)).await?;
    Ok(found.map(|(user, access)| Entry {
        user,
        access,
        roles,
        living,
    }))
}

async fn roles(
    connection: &mut PgConnection,
    tenant: TenantId,
    ids: &[RoleId],
) -> Result<Vec<Role>, sqlx::Error> {
    const ROLES: &str = "SELECT content FROM roles WHERE tenant_id = $1 AND role_id = ANY ($2)
        ORDER BY role_id";
    let ids: Vec<Uuid> = ids.iter().map(|it| it.uuid()).collect();
    let rows = sqlx::query(ROLES).bind(tenant.uuid()).bind(ids);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(|row| Ok(aggregate!(row, Role))).collect()
}
