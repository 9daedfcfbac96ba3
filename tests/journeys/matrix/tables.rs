//! What Postgres says of the tables of a service: which hold rows of tenants, what its role may do
//! with them, and their rows.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _};
use testbed::Database;
use uuid::Uuid;
use vocab::TenantId;

/// Every table with a column for a tenant, and its columns.
const TABLES: &str =
    "SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced
    FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND EXISTS (SELECT FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    ORDER BY c.relname";
/// The columns that a row can be written with, and whether a role may change them.
const COLUMNS: &str = "SELECT a.attname AS name,
      has_column_privilege($2, c.oid, a.attname, 'UPDATE') AS changes
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.oid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity <> 'a'
      AND a.attgenerated = ''
    ORDER BY a.attnum";

/// A table with rows of tenants.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    /// Whether row level security is on, also for its owner.
    pub forced: bool,
    /// The columns that a row can be written with.
    pub columns: Vec<String>,
    /// Those that the service may change.
    pub changes: Vec<String>,
}

/// Finds every table of a database that has rows of tenants.
pub async fn of_tenants(database: &Database) -> Vec<Table> {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let found = sqlx::query(TABLES).fetch_all(&mut admin).await.unwrap();
    let mut tables = Vec::new();
    for row in found {
        let name: String = row.get("name");
        let columns = sqlx::query(COLUMNS).bind(&name).bind("retail_service");
        let columns = columns.fetch_all(&mut admin).await.unwrap();
        let all = columns.iter().map(|it| it.get("name")).collect();
        let changes = columns.iter().filter(|it| it.get("changes"));
        tables.push(Table {
            forced: row.get("forced"),
            columns: all,
            changes: changes.map(|it| it.get("name")).collect(),
            name,
        });
    }
    tables
}

impl Table {
    /// One row of a tenant, as JSON.
    pub async fn row(&self, admin: &mut PgConnection, of: TenantId) -> Option<String> {
        let Self { name, .. } = self;
        let sql = format!("SELECT to_jsonb(t)::text FROM {name} AS t WHERE tenant_id = $1 LIMIT 1");
        let row = sqlx::query_scalar(AssertSqlSafe(sql)).bind(of.uuid());
        row.fetch_optional(admin).await.unwrap()
    }

    /// Whose some row is, if the table has any.
    pub async fn anybody(&self, admin: &mut PgConnection) -> Option<TenantId> {
        let sql = format!("SELECT tenant_id FROM {} LIMIT 1", self.name);
        let found: Option<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_optional(admin)
            .await
            .unwrap();
        found.map(TenantId::from_uuid)
    }

    /// What all rows of a tenant come to.
    pub async fn sum(&self, admin: &mut PgConnection, of: TenantId) -> String {
        let Self { name, .. } = self;
        let sql = format!(
            "SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))
            FROM {name} AS t WHERE tenant_id = $1"
        );
        let sum = sqlx::query_scalar(AssertSqlSafe(sql)).bind(of.uuid());
        sum.fetch_one(admin).await.unwrap()
    }
}
