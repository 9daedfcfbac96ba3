//! A read replica answers plain reads and nothing else: neither what must be fresh, nor a write,
//! nor anything that reads the log.

use contracts::catalog as pb;
use sqlx::{Connection, PgConnection};
use testbed::{Database, eventually};

use crate::SOON;
use crate::bed::*;

#[tokio::test(flavor = "multi_thread")]
async fn only_plain_reads_go_to_the_replica() {
    // A replica that stands still: it has one product, and never hears of another.
    let behind = Bed::new().await;
    made(&mut behind.staff(), "OLD").await;
    category(&mut behind.staff(), "old", "").await.unwrap();
    let bed = Bed::new().await;
    let running = bed.reading_from(&behind.database).await;
    behind.running.end().await.unwrap();
    let before = touched(&behind.database).await;
    let mut staff = bed.client(&running, tenant(1), ALL, None);

    let new = made(&mut staff, "NEW").await;
    let id = new.product_id.clone();
    assert_eq!(
        find(&mut staff, &id).await.unwrap(),
        new,
        "what must be fresh is"
    );
    let renamed = pb::Product {
        title: "Renamed".to_owned(),
        ..new
    };
    update(&mut staff, renamed, &["title"]).await.unwrap();
    assert_eq!(find(&mut staff, &id).await.unwrap().version, 2);
    let batch = pb::BatchGetProductsRequest {
        product_ids: vec![id.clone()],
        read_mask: None,
    };
    let batch = staff.batch_get_products(batch).await.unwrap().into_inner();
    assert_eq!(batch.products.len(), 1);
    let listed = staff
        .list_products(pb::ListProductsRequest::default())
        .await;
    let listed = listed.unwrap().into_inner().products;
    let skus: Vec<&str> = listed.iter().map(|it| it.sku.as_str()).collect();
    assert_eq!(skus, ["OLD"], "a plain read may be behind");
    let tree = staff
        .list_categories(pb::ListCategoriesRequest::default())
        .await;
    let tree = tree.unwrap().into_inner().categories;
    assert_eq!(
        tree.iter().map(|it| it.slug.as_str()).collect::<Vec<_>>(),
        ["old"]
    );

    let names = connected(&behind.database).await;
    assert_eq!(names, ["catalog reads"], "who is connected to the replica");
    drop(staff);
    running.end().await.unwrap();
    let after = touched(&behind.database).await;
    for (then, now) in before.iter().zip(&after) {
        assert_eq!(then.written, now.written, "{} was written", now.table);
        let is_read = ["products", "categories"].contains(&now.table.as_str());
        assert!(is_read || then.read == now.read, "{} was read", now.table);
    }
    let read = |of: &[Touched], name: &str| of.iter().find(|it| it.table == name).unwrap().read;
    assert!(read(&after, "products") > read(&before, "products"));
    bed.running.end().await.unwrap();
}

/// What was done to a table since its database was made.
struct Touched {
    table: String,
    read: i64,
    written: i64,
}

/// What was done to every table, once nobody who did anything is connected any more: a backend
/// tells at its end.
async fn touched(database: &Database) -> Vec<Touched> {
    let gone = async || {
        let names = connected(database).await;
        names.is_empty().then_some(()).ok_or(format!("{names:?}"))
    };
    eventually(SOON, "nobody is connected", gone).await.unwrap();
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let sql = "SELECT relname::text, coalesce(seq_scan, 0) + coalesce(idx_scan, 0),
          n_tup_ins + n_tup_upd + n_tup_del
        FROM pg_stat_user_tables ORDER BY relname";
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(sql).fetch_all(&mut admin).await.unwrap();
    let touched = rows.into_iter().map(|(table, read, written)| Touched {
        table,
        read,
        written,
    });
    touched.collect()
}

/// The names of all who are connected to a database, but for us.
async fn connected(database: &Database) -> Vec<String> {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let sql = "SELECT DISTINCT application_name FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(&mut admin).await.unwrap()
}
