//! After all that happened in a test, every state is what its facts say, and promises add up.

use std::collections::BTreeMap;

use inventory::{Inventory, InventoryRows, InventoryStore};
use journal::Verify;
use sqlx::{Connection, PgConnection, Row};
use uuid::Uuid;

use crate::bed::*;

/// Refolds every stream. Returns how many facts there are.
pub async fn verify(database: &testbed::Database) -> u64 {
    let mut log = PgConnection::connect(&database.log_url()).await.unwrap();
    let mut rows = InventoryRows;
    let verify = Verify::new(&Inventory, &InventoryStore)
        .unwrap()
        .derived(&mut rows);
    let report = verify.run(&mut log).await.unwrap();
    assert_eq!(report.differences, []);
    report.facts
}

/// What the positions have, and what live holds say of them.
pub struct Books {
    /// On hand, reserved, by product.
    pub stock: BTreeMap<Uuid, (i64, i64)>,
    /// Units of live holds, all products together.
    pub held: i64,
}

/// Reads the books; promises and holds must add up.
pub async fn books(database: &testbed::Database) -> Books {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let sql = "SELECT product_id, sum(on_hand)::bigint, sum(reserved)::bigint
        FROM positions GROUP BY product_id";
    let rows = sqlx::query(sql).fetch_all(&mut admin).await.unwrap();
    let stock: BTreeMap<Uuid, (i64, i64)> = rows
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect();
    let sql = "SELECT coalesce(sum(held), 0)::bigint FROM reservations";
    let held: i64 = sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap();
    let reserved: i64 = stock.values().map(|it| it.1).sum();
    assert_eq!(reserved, held, "Σ reserved = Σ live holds");
    Books { stock, held }
}

#[tokio::test(flavor = "multi_thread")]
async fn states_follow_from_the_facts_after_a_bit_of_everything() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10), (2, 10), (1, 5)], 1)
        .await
        .unwrap();
    let hold = reserve(&mut staff, &[(1, 4), (2, 3), (1, 2)])
        .await
        .unwrap();
    commit(&mut staff, &hold, vec![part(1, 3)]).await.unwrap();
    release(&mut staff, &hold, vec![]).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -20)).await.unwrap();
    assert_eq!(verify(&bed.database).await, 12);
    assert_eq!(books(&bed.database).await.held, 0);
}
