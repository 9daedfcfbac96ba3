//! Every table of a service with every statement, as the service's own role: no row of a tenant
//! that was not announced is read, made, changed or removed.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testbed::Database;
use vocab::TenantId;

use super::bed::{Bed, tenant};
use super::nothing_found;
use super::seeds::seed;
use super::served::{SUBJECTS, Subject};
use super::tables::{self, Table};

/// Tables with rows of tenants and without a policy, and why that is so.
const OPEN: &[(&str, &str)] = &[(
    "product_search",
    "no operator of search uses an index under a policy; it is joined to products, which have one",
)];
/// Tables that the role of the service does not touch at all: those of the role of the log.
const SHUT: &[&str] = &["verification_differences"];
/// Tables whose rows belong to whoever runs the installation: those are asked for instead.
const OF_THE_OPERATOR: &[&str] = &["signing_keys", "tenant_codes"];
/// What Postgres says to whoever may not do something.
const DENIED: &str = "42501";

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_a_service_reaches_no_row_of_another_tenant() {
    let bed = Bed::start().await;
    let mut found = Vec::new();
    for subject in SUBJECTS {
        seed(&bed, subject, tenant(1)).await;
        seed(&bed, subject, tenant(2)).await;
        found.extend(against(&bed, subject).await);
    }
    bed.running.end().await.unwrap();
    nothing_found(&found);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_policy_is_gone_is_found() {
    let bed = Bed::start().await;
    for subject in SUBJECTS {
        seed(&bed, subject, tenant(1)).await;
        let database = &bed.databases[subject.name];
        let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
        for Table { name, .. } in tables::of_tenants(database).await {
            if is_open(&name) || SHUT.contains(&name.as_str()) {
                continue;
            }
            for (gone, back) in [
                (
                    format!("ALTER TABLE {name} DISABLE ROW LEVEL SECURITY"),
                    format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"),
                ),
                (
                    format!("CREATE POLICY wide ON {name} TO retail_service USING (true)"),
                    format!("DROP POLICY wide ON {name}"),
                ),
            ] {
                owner.execute(AssertSqlSafe(gone.clone())).await.unwrap();
                let found = on(database, &name).await;
                let read = found
                    .iter()
                    .any(|it| it.contains("SELECT with another tenant"));
                let made = found
                    .iter()
                    .any(|it| it.contains("INSERT with another tenant"));
                assert!(read, "after {gone}: {found:?}");
                assert!(
                    made || shut_for_inserts(database, &name).await,
                    "after {gone}: {found:?}"
                );
                owner.execute(AssertSqlSafe(back)).await.unwrap();
            }
        }
        assert_eq!(against(&bed, subject).await, Vec::<String>::new());
    }
    bed.running.end().await.unwrap();
}

/// Tries everything on every table of a service, and returns what should not have been possible.
async fn against(bed: &Bed, subject: &Subject) -> Vec<String> {
    let database = &bed.databases[subject.name];
    let mut found = Vec::new();
    for Table { name, .. } in tables::of_tenants(database).await {
        found.extend(on(database, &name).await);
    }
    found
}

/// The same on one table.
async fn on(database: &Database, name: &str) -> Vec<String> {
    let mut tables = tables::of_tenants(database).await;
    tables.retain(|it| it.name == name);
    let table = tables.remove(0);
    let found = if is_open(name) {
        Vec::new()
    } else if SHUT.contains(&name) {
        shut(database, &table).await
    } else {
        tried(database, &table).await
    };
    found.iter().map(|it| format!("{name}: {it}")).collect()
}

fn is_open(name: &str) -> bool {
    OPEN.iter().any(|(open, _)| *open == name)
}

/// Whether the role of the service may not make rows of a table at all.
async fn shut_for_inserts(database: &Database, name: &str) -> bool {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let may = "SELECT has_table_privilege('retail_service', $1::regclass, 'INSERT')";
    let may: bool = sqlx::query_scalar(may)
        .bind(name)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    !may
}

/// Every statement on a table that holds rows of the first tenant, with the second announced, and
/// with nobody announced.
async fn tried(database: &Database, table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let mut owner = tenant(1);
    if OF_THE_OPERATOR.contains(&table.name.as_str()) {
        owner = table.anybody(&mut admin).await.unwrap_or(owner);
    }
    let Some(row) = table.row(&mut admin, owner).await else {
        return vec!["has no row of a tenant: add it to what is seeded".to_owned()];
    };
    if !table.forced {
        found.push("row level security is not on, or not for its owner".to_owned());
    }
    let mut service = PgConnection::connect(&database.url()).await.unwrap();
    for announced in [Some(tenant(2)), None] {
        for (statement, sql) in statements(table, owner) {
            let done = attempt(&mut service, announced, &sql, &row).await;
            let harmless = matches!(&done, Done::Rows(0)) || matches!(&done, Done::Denied(_));
            if !harmless {
                let who = announced.map_or("nobody", |_| "another tenant");
                found.push(format!("{statement} with {who} announced: {done:?}"));
            }
        }
    }
    // The same statements do reach the rows of the tenant who is announced, where they may.
    for (statement, sql) in statements(table, owner) {
        let own = attempt(&mut service, Some(owner), &sql, &row).await;
        let denied = matches!(&own, Done::Denied(text) if text.contains("permission denied"));
        let reached = matches!(&own, Done::Rows(1..)) || matches!(&own, Done::Refused);
        if !denied && !reached {
            found.push(format!("{statement} reaches nothing at all: {own:?}"));
        }
    }
    found
}

/// What a statement did.
#[derive(Debug)]
enum Done {
    Rows(u64),
    Denied(String),
    /// What Postgres says against it.
    Refused,
}

fn statements(table: &Table, owner: TenantId) -> Vec<(&'static str, String)> {
    let Table { name, columns, .. } = table;
    let list = columns.join(", ");
    let one = "jsonb_populate_record(NULL::";
    let of = format!("tenant_id = '{}' AND $1 <> ''", owner.uuid());
    let changed = table.changes.first().map_or("tenant_id", String::as_str);
    vec![
        ("SELECT", format!("SELECT 1 FROM {name} WHERE {of}")),
        (
            "INSERT",
            format!("INSERT INTO {name} ({list}) SELECT {list} FROM {one}{name}, $1::jsonb)"),
        ),
        (
            "UPDATE",
            format!("UPDATE {name} SET {changed} = {changed} WHERE {of}"),
        ),
        ("DELETE", format!("DELETE FROM {name} WHERE {of}")),
    ]
}

/// Runs a statement in a transaction of its own, which is taken back.
async fn attempt(
    service: &mut PgConnection,
    announced: Option<TenantId>,
    sql: &str,
    row: &str,
) -> Done {
    let mut tx = service.begin().await.unwrap();
    let tenants = announced.map(|it| it.uuid().to_string());
    sqlx::query("SELECT set_config('app.tenants', $1, true)")
        .bind(tenants.unwrap_or_default())
        .execute(&mut *tx)
        .await
        .unwrap();
    let statement = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(row);
    let done = match statement.execute(&mut *tx).await {
        Ok(done) => Done::Rows(done.rows_affected()),
        Err(error) => {
            let error = error.into_database_error().unwrap();
            let denied = error.code().is_some_and(|it| it == DENIED);
            match denied {
                true => Done::Denied(error.message().to_owned()),
                false => Done::Refused,
            }
        }
    };
    tx.rollback().await.unwrap();
    done
}

/// A table that the role may not touch at all.
async fn shut(database: &Database, table: &Table) -> Vec<String> {
    let mut service = PgConnection::connect(&database.url()).await.unwrap();
    let mut found = Vec::new();
    for (statement, sql) in statements(table, tenant(1)) {
        let done = attempt(&mut service, Some(tenant(1)), &sql, "{}").await;
        if !matches!(&done, Done::Denied(text) if text.contains("permission denied")) {
            found.push(format!("{statement} by a role that should not: {done:?}"));
        }
    }
    found
}
