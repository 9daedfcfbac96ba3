//! Tenants do not see each other: not by rpc, and not by the role of the service.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use testbed::eventually;

use crate::SOON;
use crate::bed::*;

/// Every table of this service with rows of tenants.
const TABLES: [&str; 8] = [
    "reservations",
    "positions",
    "known_products",
    "known_locations",
    "shortfalls",
    "discrepancies",
    "events",
    "idempotency",
];

#[tokio::test(flavor = "multi_thread")]
async fn stock_of_others_is_as_if_it_were_not() {
    let bed = Bed::new().await;
    let (mut staff, mut foreign) = (bed.staff(), bed.staff_of(tenant(2)));
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 2)]).await.unwrap();
    assert_eq!(
        reason(reserve(&mut foreign, &[(1, 1)]).await),
        "INSUFFICIENT_STOCK"
    );
    let id = &hold.reservation_id;
    assert_eq!(reason(find(&mut foreign, id).await), "RESOURCE_MISSING");
    let taken = commit(&mut foreign, &hold, vec![]).await;
    assert_eq!(reason(taken), "RESOURCE_MISSING");
    let freed = release(&mut foreign, &hold, vec![]).await;
    assert_eq!(reason(freed), "RESOURCE_MISSING");
    assert_eq!(levels(&bed, 1, 1).await, (5, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_service_sees_announced_tenants_only() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    reserve(&mut staff, &[(1, 2)]).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -6)).await.unwrap();
    let url = bed.database.admin_url();
    let is_told = async || {
        let mut admin = PgConnection::connect(&url).await.unwrap();
        let sql = "SELECT count(*) FROM shortfalls, discrepancies";
        let told: i64 = sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap();
        told > 0
    };
    eventually(SOON, "the troubles are told", is_told)
        .await
        .unwrap();
    let mut service = PgConnection::connect(&bed.database.url()).await.unwrap();
    for table in TABLES {
        assert_eq!(visible(&mut service, table, None).await, 0, "{table}");
        let own = visible(&mut service, table, Some(1)).await;
        assert!(own > 0, "{table} has no rows");
        let other = visible(&mut service, table, Some(2)).await;
        // Both tenants are told of the same products and locations.
        assert!(
            other == 0 || table.starts_with("known_"),
            "{table} of others"
        );
    }
    for forbidden in [
        "DELETE FROM positions",
        "UPDATE positions SET tenant_id = tenant_id",
        "UPDATE reservations SET reservation_id = reservation_id",
        "UPDATE events SET kind = ''",
    ] {
        let error = service.execute(forbidden).await.unwrap_err();
        let code = error
            .as_database_error()
            .and_then(|it| it.code())
            .map(|it| it.into_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}

async fn visible(service: &mut PgConnection, table: &str, of: Option<u8>) -> i64 {
    let announce = sqlx::query("SELECT set_config('app.tenants', $1, false)");
    let named = of.map(|it| tenant(it).uuid().to_string());
    announce
        .bind(named.unwrap_or_default())
        .execute(&mut *service)
        .await
        .unwrap();
    let count = format!("SELECT count(*) FROM {table}");
    let row = service.fetch_one(AssertSqlSafe(count)).await.unwrap();
    row.get(0)
}
