//! Reads of imports, of what rules a tenant's stock, and of the life of the database.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::{Row, Stamp};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};
use vocab::{ImportId, Moment, TenantId};

use super::Db;
use super::positions::value;
use super::store::columns::{ALLOCATION, IMPORT};
use super::store::documents::{read_allocation, read_import};
use super::transfers::ListCursor;
use crate::domain::allocation::AllocationPolicy;
use crate::domain::import::Import;

macro_rules! select {
    () => {
        "SELECT import_id, request_id, ended, last_sequence, applied, failed, failures,
            actor_type, actor_id, created_at, updated_at
        FROM stock_imports WHERE tenant_id = "
    };
}

const NAMED: &str = concat!(select!(), "$1 AND import_id = $2");

const RULES: &str = "
    SELECT facts, body, updated_at FROM allocation_policies WHERE tenant_id = $1";

/// Which imports to list.
#[derive(Clone, Debug)]
pub struct ImportList {
    /// Only those whose last row came before or since a time: running, given up or ended ones.
    pub states: Vec<ImportState>,
    /// Since when an import without a row is given up.
    pub abandoned_before: Moment,
    /// Only younger ones.
    pub since: Moment,
    /// Behind which one the page begins.
    pub after: Option<ListCursor>,
    /// How many at most.
    pub limit: i64,
}

/// Whether an import takes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Rows may come.
    Running,
    /// The caller ended it.
    Completed,
    /// Nothing came for too long.
    Abandoned,
}

impl Db {
    /// The import with an id, if there is one.
    pub async fn import(&self, tenant: TenantId, id: ImportId) -> Result<Option<Import>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(NAMED).bind(tenant.uuid()).bind(id.uuid());
                let row = query.fetch_optional(db).await?;
                row.as_ref().map(read).transpose()
            }
            .boxed()
        })
        .await
    }

    /// Lists imports, the youngest first.
    pub async fn list_imports(
        &self,
        tenant: TenantId,
        list: ImportList,
    ) -> Result<Vec<Import>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let mut query = listing(tenant, &list);
                let rows = query.build().fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }

    /// How a tenant's stock is held; nothing where nothing was set.
    pub async fn allocation(&self, tenant: TenantId) -> Result<Option<AllocationPolicy>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(RULES).bind(tenant.uuid());
                let row = query.fetch_optional(db).await?;
                let read = |row: &PgRow| {
                    let values = ALLOCATION.iter().map(|it| value(row, it));
                    let mut values = Row::new(values.collect::<Result<_, _>>()?);
                    read_allocation(&mut values).map_err(|it| sqlx::Error::Decode(it.into()))
                };
                row.as_ref().map(read).transpose()
            }
            .boxed()
        })
        .await
    }

    /// Which of its lives the database is in.
    pub async fn history(&self, tenant: TenantId) -> Result<i64, Fault> {
        self.read(tenant, |db| {
            async move {
                let query = sqlx::query("SELECT number FROM history");
                query.fetch_one(db).await?.try_get(0)
            }
            .boxed()
        })
        .await
    }
}

fn listing(tenant: TenantId, list: &ImportList) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(select!());
    query.push_bind(tenant.uuid());
    query
        .push(" AND created_at >= ")
        .push_bind(Stamp(list.since));
    if !list.states.is_empty() {
        query.push(" AND (false");
        for state in &list.states {
            let (text, bound) = match state {
                ImportState::Completed => (" OR ended", false),
                ImportState::Running => (" OR NOT ended AND updated_at >= ", true),
                ImportState::Abandoned => (" OR NOT ended AND updated_at < ", true),
            };
            query.push(text);
            if bound {
                query.push_bind(Stamp(list.abandoned_before));
            }
        }
        query.push(")");
    }
    if let Some(after) = list.after {
        query.push(" AND (created_at, import_id) < (");
        query.push_bind(Stamp(after.at)).push(", ");
        query.push_bind(after.id).push(")");
    }
    query.push(" ORDER BY created_at DESC, import_id DESC LIMIT ");
    query.push_bind(list.limit);
    query
}

fn read(row: &PgRow) -> Result<Import, sqlx::Error> {
    let id = ImportId::from_uuid(row.try_get("import_id")?);
    let values = IMPORT.iter().map(|it| value(row, it));
    let mut values = Row::new(values.collect::<Result<_, _>>()?);
    read_import(id, &mut values).map_err(|it| sqlx::Error::Decode(it.into()))
}
