//! What was kept for a time goes when the time is over, without anybody asking.

use contracts::catalog as pb;
use sqlx::{Connection, Executor, PgConnection, Row};
use testbed::eventually;
use uuid::Uuid;

use crate::SOON;
use crate::bed::*;

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_expired_are_forgotten_and_others_stay() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    asked(&mut staff, "OLD").await;
    let admin = bed.database.admin_url();
    let mut admin = PgConnection::connect(&admin).await.unwrap();
    let expire = "UPDATE idempotency SET expires_at = now() - interval '1 second'";
    let expired = admin.execute(expire).await.unwrap().rows_affected();
    assert_eq!(expired, 1);
    asked(&mut staff, "NEW").await;
    // A replica looks when it starts, and then from minute to minute.
    let _replica = bed.replica().await;
    let mut left = async || {
        let all = "SELECT request_id FROM idempotency";
        let rows = admin.fetch_all(all).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<Uuid>>()
    };
    let alone = async || match left().await.len() {
        1 => Ok(()),
        count => Err(format!("{count} answers")),
    };
    eventually(SOON, "one answer is left", alone).await.unwrap();
}

/// Creates a product under a request id, so that the answer is kept.
async fn asked(client: &mut Client, sku: &str) {
    let request = pb::CreateProductRequest {
        product: Some(product(sku)),
        request_id: fresh(),
    };
    client.create_product(request).await.unwrap();
}
