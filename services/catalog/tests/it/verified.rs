//! After all that happened in a test, every state is what its facts say.

use catalog::{Catalog, CatalogRows, CatalogStore};
use contracts::catalog as pb;
use journal::Verify;
use sqlx::{Connection, PgConnection};

use crate::bed::*;

/// Refolds every stream and recomputes every claim and counter.
pub async fn verify(bed: &Bed) -> u64 {
    let mut log = PgConnection::connect(&bed.database.log_url())
        .await
        .unwrap();
    let mut rows = CatalogRows::default();
    let verify = Verify::new(&Catalog, &CatalogStore)
        .unwrap()
        .derived(&mut rows);
    let report = verify.run(&mut log).await.unwrap();
    assert_eq!(report.differences, []);
    report.facts
}

#[tokio::test(flavor = "multi_thread")]
async fn states_claims_and_counters_follow_from_the_facts() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let garden = category(&mut staff, "garden", "")
        .await
        .unwrap()
        .category_id;
    let tools = category(&mut staff, "tools", &garden)
        .await
        .unwrap()
        .category_id;
    let family = pb::Product {
        variant_axes: vec!["size".into()],
        ..product("F")
    };
    let family = create(&mut staff, family).await.unwrap().product_id;
    let variant = pb::Product {
        variant_of_product_id: family,
        variant_options: [("size".to_owned(), "XL".to_owned())].into(),
        category_ids: vec![garden, tools.clone()],
        barcodes: vec!["123".into()],
        ..product("V")
    };
    let variant = create(&mut staff, variant).await.unwrap();
    publish(&mut staff, &variant.product_id).await.unwrap();
    let changed = pb::Product {
        sku: "V-2".into(),
        price: euro(5),
        category_ids: vec![tools],
        etag: String::new(),
        ..variant
    };
    let changed = update(
        &mut staff,
        changed,
        &["sku", "price", "category_ids", "barcodes"],
    )
    .await
    .unwrap();
    assert_eq!(
        changed.version, 4,
        "content and price are facts of their own"
    );
    delete(&mut staff, &changed.product_id).await.unwrap();
    undelete(&mut staff, &changed.product_id).await.unwrap();
    delete(&mut staff, &changed.product_id).await.unwrap();
    assert_eq!(verify(&bed).await, 10);
}
