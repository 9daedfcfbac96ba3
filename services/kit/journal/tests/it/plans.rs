//! Every statement keeps its plan from the empty table to a large one: found by its whole key.

use journal::{Settings, plans};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use crate::bed::{database, execute, tenant};
use crate::stockroom::Stockroom;

const ROWS: u32 = 100_000;

#[tokio::test]
async fn plans_made_on_empty_tables_find_rows_by_their_whole_key_ever_after() {
    let database = database().await;
    execute(&database, "ANALYZE").await;
    let settings = Settings::of("stockroom", &database.url()).unwrap();
    let mut writer: PgConnection = plans::connect(&settings).await.unwrap();
    let announce = format!("SET app.tenants = '{}'", tenant(1).uuid());
    writer.execute(AssertSqlSafe(announce)).await.unwrap();
    let statements = plans::statements::<Stockroom>(&Stockroom).unwrap();
    for (at, (_, text, arguments)) in statements.iter().enumerate() {
        let prepare = AssertSqlSafe(format!("PREPARE s{at} AS {text}"));
        writer.execute(prepare).await.unwrap();
        let run = AssertSqlSafe(format!("EXPLAIN EXECUTE s{at}({arguments})"));
        writer.fetch_all(run).await.unwrap();
    }
    grow(&database).await;
    for (at, (name, _, arguments)) in statements.iter().enumerate() {
        let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE s{at}({arguments})"));
        let rows = writer.fetch_all(explain).await.unwrap();
        let lines: Vec<String> = rows.iter().map(|it| it.get(0)).collect();
        let plan = lines.join("\n");
        let whole = |line: &String| {
            let both = |one, other| line.contains(one) && line.contains(other);
            line.contains("Index Cond")
                && (both(".k1)", ".k2)") || both(".tenant_id)", ".request_id)"))
        };
        let finds = name.contains("add") || lines.iter().any(whole);
        assert!(finds, "{name}\n{plan}");
        if let Some(table) = name.strip_prefix("change ") {
            // A plan that joins on more than the place reads a tenant for each key.
            let found = format!("Tid Scan on {table} t ");
            assert!(plan.contains(&found), "{name}\n{plan}");
        }
        for bad in ["Seq Scan", "Hash Join", "Merge Join", "Bitmap"] {
            assert!(!plan.contains(bad), "{name}: {bad}\n{plan}");
        }
    }
}

async fn grow(database: &testbed::Database) {
    let tenant = tenant(1).uuid();
    let grow = format!(
        "INSERT INTO shelf SELECT '{tenant}', 'sku-' || n, 1, now(), 5, 0, NULL
             FROM generate_series(1, {ROWS}) n;
         INSERT INTO hold SELECT '{tenant}', gen_random_uuid(), 1, now(), 1, 1, now(), NULL, true,
             '' FROM generate_series(1, {ROWS}) n;
         INSERT INTO claim SELECT '{tenant}', 'claim-' || n, 'a' FROM generate_series(1, {ROWS}) n;
         INSERT INTO counter SELECT '{tenant}', 'counter-' || n, n
             FROM generate_series(1, {ROWS}) n;
         INSERT INTO idempotency SELECT '{tenant}', 'me', 'method', gen_random_uuid(), '', false,
             '', 1::text::xid8, now(), now() FROM generate_series(1, {ROWS}) n"
    );
    execute(database, &grow).await;
}
