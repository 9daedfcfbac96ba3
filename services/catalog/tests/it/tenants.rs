//! Tenants do not see each other: not by rpc, and not by the role of the service.

use contracts::catalog as pb;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::bed::*;

/// Every table of this service with rows of tenants. That of search is the one exception: it has
/// no policy, holds nothing that products do not, and is joined to them wherever it is read.
const TABLES: [&str; 10] = [
    "category_trees",
    "categories",
    "category_occupancies",
    "products",
    "product_variants",
    "product_placements",
    "claims",
    "product_prices",
    "events",
    "idempotency",
];

#[tokio::test(flavor = "multi_thread")]
async fn foreign_ids_answer_as_missing() {
    let bed = Bed::new().await;
    let (mut staff, mut foreign) = (bed.staff(), bed.staff_of(tenant(2)));
    let theirs = made(&mut staff, "A-1").await;
    let id = theirs.product_id.clone();
    publish(&mut staff, &id).await.unwrap();
    find(&mut staff, &id).await.unwrap();
    assert_eq!(reason(find(&mut foreign, &id).await), "RESOURCE_MISSING");
    assert_eq!(reason(publish(&mut foreign, &id).await), "RESOURCE_MISSING");
    assert_eq!(reason(delete(&mut foreign, &id).await), "RESOURCE_MISSING");
    assert_eq!(
        reason(undelete(&mut foreign, &id).await),
        "RESOURCE_MISSING"
    );
    let renamed = pb::Product {
        title: "Mine".into(),
        ..theirs
    };
    assert_eq!(
        reason(update(&mut foreign, renamed, &["title"]).await),
        "RESOURCE_MISSING"
    );
    let price = pb::SetProductPriceRequest {
        product_id: id.clone(),
        price: euro(1),
        ..Default::default()
    };
    assert_eq!(
        reason(foreign.set_product_price(price).await),
        "RESOURCE_MISSING"
    );
    let history = pb::ListProductPricesRequest {
        product_id: id.clone(),
        ..Default::default()
    };
    assert_eq!(
        reason(foreign.list_product_prices(history).await),
        "RESOURCE_MISSING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_names_of_others_are_as_if_they_were_not() {
    let bed = Bed::new().await;
    let (mut staff, mut foreign) = (bed.staff(), bed.staff_of(tenant(2)));
    let garden = category(&mut staff, "garden", "")
        .await
        .unwrap()
        .category_id;
    let id = made(&mut staff, "A-1").await.product_id;
    let listed = foreign
        .list_products(pb::ListProductsRequest::default())
        .await
        .unwrap();
    assert!(listed.into_inner().products.is_empty());
    let batch = pb::BatchGetProductsRequest {
        product_ids: vec![id.clone()],
        read_mask: None,
    };
    assert_eq!(
        foreign
            .batch_get_products(batch)
            .await
            .unwrap()
            .into_inner()
            .missing_product_ids,
        [id]
    );
    assert_eq!(
        reason(category(&mut foreign, "tools", &garden).await),
        "CATEGORY_UNKNOWN"
    );
    let request = pb::GetCategoryRequest {
        category_id: garden.clone(),
        min_version: 0,
    };
    assert_eq!(
        reason(foreign.get_category(request).await),
        "RESOURCE_MISSING"
    );
    let placed = pb::Product {
        category_ids: vec![garden],
        ..product("A-1")
    };
    assert_eq!(
        reason(create(&mut foreign, placed).await),
        "CATEGORY_UNKNOWN"
    );
    made(&mut foreign, "A-1").await;
    category(&mut foreign, "garden", "").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_service_sees_announced_tenants_only() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let garden = category(&mut staff, "garden", "")
        .await
        .unwrap()
        .category_id;
    let axes = vec!["size".to_owned()];
    let family = create(
        &mut staff,
        pb::Product {
            variant_axes: axes,
            ..product("F")
        },
    )
    .await
    .unwrap();
    let variant = pb::Product {
        variant_of_product_id: family.product_id,
        variant_options: [("size".to_owned(), "XL".to_owned())].into(),
        category_ids: vec![garden],
        ..product("V")
    };
    let request = pb::CreateProductRequest {
        product: Some(variant),
        request_id: fresh(),
    };
    staff.create_product(request).await.unwrap();
    let mut service = PgConnection::connect(&bed.database.url()).await.unwrap();
    for table in TABLES {
        assert_eq!(
            visible(&mut service, table, None).await,
            0,
            "{table} without a tenant"
        );
        let foreign = tenant(2).uuid().to_string();
        assert_eq!(
            visible(&mut service, table, Some(&foreign)).await,
            0,
            "{table} of others"
        );
        let own = tenant(1).uuid().to_string();
        assert!(
            visible(&mut service, table, Some(&own)).await > 0,
            "{table} has no rows"
        );
    }
    for forbidden in [
        "DELETE FROM products",
        "UPDATE products SET tenant_id = tenant_id",
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

async fn visible(service: &mut PgConnection, table: &str, tenant: Option<&str>) -> i64 {
    let announce = sqlx::query("SELECT set_config('app.tenants', $1, false)");
    announce
        .bind(tenant.unwrap_or_default())
        .execute(&mut *service)
        .await
        .unwrap();
    let count = format!("SELECT count(*) FROM {table}");
    let row = service.fetch_one(AssertSqlSafe(count)).await.unwrap();
    row.get(0)
}
