//! No tenant sees another's rows, and nobody rewrites history.

use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Executor};

use crate::bed::{assert_whole, connect, database, number, process, tenant};
use crate::stockroom::{Command, Key};

#[tokio::test]
async fn tenants_share_a_batch_and_nothing_else() {
    let database = database().await;
    let process = process(&database);
    let stock = |it: u128| process.run(tenant(it), Command::Stock("pen".into(), it as i64));
    for (at, answer) in join_all((1..=10).map(stock)).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap().0, at as i64 + 1);
    }
    let batches = "SELECT count(DISTINCT xid) FROM events";
    assert_eq!(number(&database, batches).await, 1);
    let key = Key::Shelf("pen".into());
    assert_eq!(process.journal.state(tenant(11), key).await.unwrap(), None);
    assert_whole(&database).await;
}

#[tokio::test]
async fn a_tenant_with_one_command_does_not_wait_behind_one_with_a_thousand() {
    let database = database().await;
    let process = process(&database);
    let flood = (0..1_000).map(|at| (1, format!("sku-{at}")));
    let all = flood.chain([(2, "pen".to_owned())]);
    let all = all.map(|(it, sku)| process.run(tenant(it), Command::Stock(sku, 1)));
    for answer in join_all(all).await {
        answer.unwrap();
    }
    let before = format!(
        "SELECT count(*) FROM events \
         WHERE xid < (SELECT xid FROM events WHERE tenant_id = '{}')",
        tenant(2).uuid()
    );
    assert_eq!(number(&database, &before).await, 0);
}

#[tokio::test]
async fn a_name_of_the_whole_world_is_taken_for_every_tenant() {
    let database = database().await;
    let process = process(&database);
    let claim = |it, holder: &str| {
        let command = Command::ClaimWorldwide("acme".into(), holder.to_owned());
        process.run(tenant(it), command)
    };
    claim(1, "one").await.unwrap();
    claim(2, "two").await.unwrap_err();
    claim(2, "one").await.unwrap();
    let nil = "SELECT count(*) FROM claim WHERE tenant_id = '00000000-0000-0000-0000-000000000000'";
    assert_eq!(number(&database, nil).await, 1);
}

#[tokio::test]
async fn without_an_announcement_the_service_sees_nothing_and_writes_nothing() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 1).await;
    let mut service = connect(&database.url()).await;
    for table in ["shelf", "events", "idempotency"] {
        let sql = AssertSqlSafe(format!("SELECT 1 FROM {table}"));
        assert_eq!(service.fetch_all(sql).await.unwrap().len(), 0, "{table}");
    }
    let insert = "INSERT INTO counter VALUES (gen_random_uuid(), 'a', 1)";
    service.execute(insert).await.unwrap_err();
}

#[tokio::test]
async fn no_role_of_the_mesh_rewrites_a_fact_or_moves_a_row_to_another_tenant() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 1).await;
    let forbidden = [
        "UPDATE events SET payload = ''",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE shelf SET tenant_id = gen_random_uuid()",
        "DELETE FROM shelf",
        "UPDATE idempotency SET answer = ''",
    ];
    for url in [database.url(), database.log_url(), database.scan_url()] {
        let mut role = connect(&url).await;
        for sql in forbidden {
            let error = role.execute(sql).await.unwrap_err();
            let error = error.into_database_error().unwrap();
            assert_eq!(error.code().as_deref(), Some("42501"), "{sql}");
        }
    }
}
