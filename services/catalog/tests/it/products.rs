//! Products: created, read, changed, moved between states; every refusal that can be provoked.

use contracts::catalog as pb;
use contracts::common::{TemperatureZone, UnitOfMeasure};
use prost_types::value::Kind;
use tonic::Code;

use crate::bed::*;

fn whole() -> pb::Product {
    let text = |text: &str| prost_types::Value {
        kind: Some(Kind::StringValue(text.to_owned())),
    };
    let number = prost_types::Value {
        kind: Some(Kind::NumberValue(1.5)),
    };
    let localized = pb::LocalizedText {
        title: "Gartenschlauch".to_owned(),
        description: String::new(),
    };
    pb::Product {
        description: "Long".to_owned(),
        brand: "Brook".to_owned(),
        compare_at_price: euro(1_299),
        other_prices: vec![pb::ProductPrice {
            price: money("USD", 1_100),
            compare_at_price: None,
        }],
        tax_class: "reduced".to_owned(),
        temperature_zone: TemperatureZone::Chilled.into(),
        weight_grams: 800,
        dimensions: Some(pb::Dimensions {
            length_millimetres: 300,
            width_millimetres: 200,
            height_millimetres: 100,
        }),
        lot_tracked: true,
        serial_tracked: true,
        shelf_life_days: 30,
        barcodes: vec!["4006381333931".to_owned()],
        image_uris: vec!["https://example.com/a.jpg".to_owned()],
        localized_texts: [("de".to_owned(), localized)].into(),
        custom_attributes: Some(prost_types::Struct {
            fields: [
                ("colour".to_owned(), text("red")),
                ("inches".to_owned(), number),
            ]
            .into(),
        }),
        ..product("HOSE-20")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_created_is_read_as_it_was_sent() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let created = create(&mut staff, whole()).await.unwrap();
    assert_eq!(created.state, i32::from(pb::ProductState::Draft));
    assert_eq!(
        (created.version, created.tenant_id.as_str()),
        (1, tenant(1).to_string().as_str())
    );
    assert!(created.create_time.is_some() && created.create_time == created.update_time);
    let sent_back = pb::Product {
        product_id: String::new(),
        tenant_id: String::new(),
        state: 0,
        version: 0,
        etag: String::new(),
        create_time: None,
        update_time: None,
        ..created.clone()
    };
    assert_eq!(sent_back, whole());
    assert_eq!(
        find(&mut staff, &created.product_id).await.unwrap(),
        created
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_gets_the_first_answer() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let request = pb::CreateProductRequest {
        product: Some(product("A-1")),
        request_id: fresh(),
    };
    let first = staff
        .create_product(request.clone())
        .await
        .unwrap()
        .into_inner();
    let second = staff
        .create_product(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, second);
    let other = pb::CreateProductRequest {
        product: Some(product("A-2")),
        ..request
    };
    assert_eq!(
        reason(staff.create_product(other).await),
        "REQUEST_ID_REUSED"
    );
    let id = first.product.unwrap().product_id;
    let removal = pb::DeleteProductRequest {
        product_id: id,
        request_id: fresh(),
        ..pb::DeleteProductRequest::default()
    };
    let gone = staff
        .delete_product(removal.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        staff.delete_product(removal).await.unwrap().into_inner(),
        gone
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sku_and_a_barcode_have_one_product() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let with = |sku: &str, code: &str| pb::Product {
        barcodes: vec![code.to_owned()],
        ..product(sku)
    };
    let first = create(&mut staff, with("A-1", "11")).await.unwrap();
    delete(&mut staff, &first.product_id).await.unwrap();
    let twin = create(&mut staff, with("A-1", "22")).await;
    assert_eq!(
        (told(&twin, "sku"), told(&twin, "product_id")),
        ("A-1".into(), first.product_id.clone())
    );
    assert_eq!(twin.as_ref().unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(reason(twin), "SKU_EXISTS");
    let twin = create(&mut staff, with("A-2", "11")).await;
    assert_eq!(
        (told(&twin, "barcode"), told(&twin, "product_id")),
        ("11".into(), first.product_id)
    );
    assert_eq!(reason(twin), "BARCODE_EXISTS");
    let second = made(&mut staff, "A-2").await;
    let renamed = pb::Product {
        sku: "A-1".into(),
        barcodes: vec!["11".into()],
        etag: String::new(),
        ..second
    };
    assert_eq!(
        reason(update(&mut staff, renamed.clone(), &["sku"]).await),
        "SKU_EXISTS"
    );
    assert_eq!(
        reason(update(&mut staff, renamed, &["barcodes"]).await),
        "BARCODE_EXISTS"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_changes_what_it_names_and_nothing_else() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let created = create(&mut staff, whole()).await.unwrap();
    let sent = pb::Product {
        product_id: created.product_id.clone(),
        title: "New".to_owned(),
        brand: "Ignored".to_owned(),
        ..pb::Product::default()
    };
    let updated = update(&mut staff, sent.clone(), &["title", "description"])
        .await
        .unwrap();
    let expected = pb::Product {
        title: "New".to_owned(),
        description: String::new(),
        version: 2,
        etag: updated.etag.clone(),
        update_time: updated.update_time,
        ..created.clone()
    };
    assert_eq!(updated, expected);
    assert_ne!(updated.etag, created.etag);
    let filled = update(&mut staff, sent, &[]).await.unwrap();
    assert_eq!(
        (filled.brand.as_str(), filled.weight_grams),
        ("Ignored", 800)
    );
    let again = pb::Product {
        product_id: created.product_id.clone(),
        title: "New".into(),
        ..pb::Product::default()
    };
    assert_eq!(
        update(&mut staff, again, &["title"]).await.unwrap().version,
        filled.version
    );
    let replacing = pb::Product {
        product_id: created.product_id,
        ..product("HOSE-20")
    };
    let replaced = update(&mut staff, replacing, &["*"]).await.unwrap();
    assert_eq!((replaced.brand.as_str(), replaced.weight_grams), ("", 0));
    assert_eq!(replaced.other_prices, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_update_makes_is_judged_whole() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let created = made(&mut staff, "A-1").await;
    let of = |change: fn(&mut pb::Product)| {
        let mut sent = pb::Product {
            product_id: created.product_id.clone(),
            ..pb::Product::default()
        };
        change(&mut sent);
        sent
    };
    let emptied = update(&mut staff, of(|_| ()), &["title"]).await;
    assert_eq!(field(emptied), "product.title");
    let gram = of(|it| it.unit_of_measure = UnitOfMeasure::Gram.into());
    assert_eq!(
        field(update(&mut staff, gram, &["unit_of_measure"]).await),
        "product.unit_of_measure"
    );
    assert_eq!(
        field(update(&mut staff, of(|_| ()), &["nonsense"]).await),
        "update_mask"
    );
    let half = of(|it| {
        it.price = Some(contracts::common::Money {
            currency_code: "JPY".into(),
            units: 1,
            nanos: 500_000_000,
        })
    });
    assert_eq!(
        field(update(&mut staff, half, &["price"]).await),
        "product.price"
    );
    let unnamed = update(&mut staff, pb::Product::default(), &["title"]).await;
    assert_eq!(view(&unnamed.unwrap_err()).reason, "VALIDATION_FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_with_an_old_etag_is_refused() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let old = made(&mut staff, "A-1").await;
    let new = publish(&mut staff, &old.product_id).await.unwrap();
    let renamed = |etag: &str| pb::Product {
        title: "New".into(),
        etag: etag.into(),
        ..old.clone()
    };
    let refused = update(&mut staff, renamed(&old.etag), &["title"]).await;
    assert_eq!(refused.as_ref().unwrap_err().code(), Code::Aborted);
    assert_eq!(reason(refused), "ETAG_MISMATCH");
    let request = pb::ArchiveProductRequest {
        product_id: old.product_id.clone(),
        etag: old.etag.clone(),
        ..Default::default()
    };
    assert_eq!(
        reason(staff.archive_product(request).await),
        "ETAG_MISMATCH"
    );
    let removal = pb::DeleteProductRequest {
        product_id: old.product_id.clone(),
        etag: old.etag.clone(),
        ..Default::default()
    };
    assert_eq!(reason(staff.delete_product(removal).await), "ETAG_MISMATCH");
    let price = pb::SetProductPriceRequest {
        product_id: old.product_id.clone(),
        price: euro(5),
        etag: old.etag.clone(),
        ..Default::default()
    };
    assert_eq!(
        reason(staff.set_product_price(price).await),
        "ETAG_MISMATCH"
    );
    update(&mut staff, renamed(&new.etag), &["title"])
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_left_and_entered_as_the_contract_says() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let unpublish = pb::UnpublishProductRequest {
        product_id: id.clone(),
        ..Default::default()
    };
    let archive = pb::ArchiveProductRequest {
        product_id: id.clone(),
        ..Default::default()
    };
    let published = publish(&mut staff, &id).await.unwrap();
    assert!(published.publish_time.is_some());
    assert_eq!(publish(&mut staff, &id).await.unwrap(), published);
    let draft = staff
        .unpublish_product(unpublish.clone())
        .await
        .unwrap()
        .into_inner()
        .product
        .unwrap();
    assert_eq!(draft.state, i32::from(pb::ProductState::Draft));
    staff.archive_product(archive).await.unwrap();
    let refused = staff.unpublish_product(unpublish).await;
    assert_eq!(told(&refused, "state"), "ARCHIVED");
    assert_eq!(reason(refused), "PRODUCT_STATE_INVALID");
    let early = pb::UndeleteProductRequest {
        product_id: id.clone(),
        ..Default::default()
    };
    assert_eq!(
        reason(staff.undelete_product(early).await),
        "PRODUCT_NOT_DELETED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_product_stays_as_it_is_until_it_is_brought_back() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let archive = pb::ArchiveProductRequest {
        product_id: id.clone(),
        ..Default::default()
    };
    publish(&mut staff, &id).await.unwrap();
    let deleted = delete(&mut staff, &id).await.unwrap();
    assert!(deleted.delete_time.is_some());
    let refused = publish(&mut staff, &id).await;
    assert_eq!(told(&refused, "deleted"), "true");
    assert_eq!(reason(refused), "PRODUCT_STATE_INVALID");
    assert_eq!(
        reason(staff.archive_product(archive).await),
        "PRODUCT_STATE_INVALID"
    );
    assert_eq!(
        reason(
            update(
                &mut staff,
                pb::Product {
                    title: "New".into(),
                    etag: String::new(),
                    ..deleted
                },
                &["title"]
            )
            .await
        ),
        "PRODUCT_STATE_INVALID"
    );
    let back = undelete(&mut staff, &id).await.unwrap();
    assert_eq!(
        (back.state, back.delete_time),
        (pb::ProductState::Draft.into(), None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shoppers_see_what_is_active_and_nothing_else() {
    let bed = Bed::new().await;
    let (mut staff, mut shopper) = (bed.staff(), bed.shopper());
    let id = made(&mut staff, "A-1").await.product_id;
    assert_eq!(reason(find(&mut shopper, &id).await), "RESOURCE_MISSING");
    let active = publish(&mut staff, &id).await.unwrap();
    assert_eq!(find(&mut shopper, &id).await.unwrap(), active);
    delete(&mut staff, &id).await.unwrap();
    assert_eq!(reason(find(&mut shopper, &id).await), "RESOURCE_MISSING");
    find(&mut staff, &id).await.unwrap();
    let batch = pb::BatchGetProductsRequest {
        product_ids: vec![id.clone()],
        read_mask: None,
    };
    let found = shopper
        .batch_get_products(batch)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (found.products, found.missing_product_ids),
        (vec![], vec![id.clone()])
    );
    let write = pb::DeleteProductRequest {
        product_id: id,
        ..Default::default()
    };
    assert_eq!(
        reason(shopper.delete_product(write).await),
        "PERMISSION_MISSING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_price_in_an_update_needs_a_permission_of_its_own() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let mut clerk = bed.limited(&["product.write"]);
    let created = create(&mut clerk, product("A-1")).await.unwrap();
    let sent = pb::Product {
        title: "New".into(),
        price: euro(900),
        etag: String::new(),
        ..created
    };
    let refused = update(&mut clerk, sent.clone(), &["title", "price"]).await;
    assert_eq!(told(&refused, "permission"), "price.write");
    assert_eq!(reason(refused), "PERMISSION_MISSING");
    update(&mut clerk, sent.clone(), &["title"]).await.unwrap();
    assert_eq!(
        update(&mut staff, sent, &["price"]).await.unwrap().price,
        euro(900)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_there_yet_is_waited_for_and_then_given_up() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let asked = |min_version| pb::GetProductRequest {
        product_id: id.clone(),
        min_version,
        read_mask: None,
    };
    let refused = staff.get_product(asked(2)).await;
    assert_eq!(reason(refused), "PROJECTION_BEHIND");
    let mut other = bed.staff();
    let later = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        publish(&mut other, &id).await.unwrap()
    };
    let (found, published) = tokio::join!(staff.get_product(asked(2)), later);
    assert_eq!(found.unwrap().into_inner().product.unwrap(), published);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_mask_leaves_id_and_version() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let created = made(&mut staff, "A-1").await;
    let asked = |paths: &[&str]| pb::GetProductRequest {
        product_id: created.product_id.clone(),
        read_mask: mask(paths),
        min_version: 0,
    };
    let part = staff
        .get_product(asked(&["title"]))
        .await
        .unwrap()
        .into_inner()
        .product
        .unwrap();
    let expected = pb::Product {
        product_id: created.product_id.clone(),
        version: 1,
        title: created.title.clone(),
        ..Default::default()
    };
    assert_eq!(part, expected);
    assert_eq!(
        field(staff.get_product(asked(&["nonsense"])).await),
        "read_mask"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_yet_is_refused() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let part = made(&mut staff, "A-1").await;
    let component = pb::BundleComponent {
        product_id: part.product_id.clone(),
        quantity: 2,
    };
    let bundle = pb::Product {
        bundle_components: vec![component],
        ..product("B-1")
    };
    let refused = create(&mut staff, bundle).await;
    assert_eq!(told(&refused, "product_id"), part.product_id);
    assert_eq!(reason(refused), "COMPONENT_INVALID");
    let schemas = staff
        .list_attribute_schemas(pb::ListAttributeSchemasRequest::default())
        .await;
    assert_eq!(schemas.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_agree_in_their_currency_and_attributes_are_json() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let mixed = pb::Product {
        compare_at_price: money("USD", 2_000),
        ..product("A-1")
    };
    let refused = create(&mut staff, mixed).await;
    assert_eq!(told(&refused, "currency_code"), "USD");
    assert_eq!(reason(refused), "CURRENCY_MISMATCH");
    let number = prost_types::Value {
        kind: Some(Kind::NumberValue(f64::NAN)),
    };
    let attributes = prost_types::Struct {
        fields: [("a".to_owned(), number)].into(),
    };
    let broken = pb::Product {
        custom_attributes: Some(attributes),
        ..product("A-1")
    };
    assert_eq!(
        field(create(&mut staff, broken).await),
        "product.custom_attributes"
    );
    let text = prost_types::Value {
        kind: Some(Kind::StringValue("x".repeat(17_000))),
    };
    let attributes = prost_types::Struct {
        fields: [("a".to_owned(), text)].into(),
    };
    let long = pb::Product {
        custom_attributes: Some(attributes),
        ..product("A-1")
    };
    assert_eq!(
        field(create(&mut staff, long).await),
        "product.custom_attributes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_product_is_read_without_the_database() {
    let bed = Bed::alone().await;
    let mut staff = bed.staff();
    let made = made(&mut staff, "A-1").await;
    find(&mut staff, &made.product_id).await.unwrap();
    bed.database.postgres().pause().unwrap();
    let found = find(&mut staff, &made.product_id).await;
    let batch = pb::BatchGetProductsRequest {
        product_ids: vec![made.product_id.clone()],
        read_mask: None,
    };
    let batch = staff.batch_get_products(batch).await;
    bed.database.postgres().resume().unwrap();
    assert_eq!(found.unwrap(), made);
    assert_eq!(batch.unwrap().into_inner().products, [made]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_replica_writes_outdates_the_cache() {
    let bed = Bed::new().await;
    let replica = bed.replica().await;
    let (mut here, mut there) = (bed.staff(), bed.client(&replica, tenant(1), ALL, None));
    let id = made(&mut here, "A-1").await.product_id;
    find(&mut here, &id).await.unwrap();
    publish(&mut there, &id).await.unwrap();
    let seen = async || find(&mut bed.staff(), &id).await.unwrap().version == 2;
    testbed::eventually(
        std::time::Duration::from_secs(5),
        "the cache has caught up",
        seen,
    )
    .await
    .unwrap();
    replica.end().await.unwrap();
}
