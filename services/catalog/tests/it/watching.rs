//! Watches: snapshot, bookmark, changes, and going on behind a token.

use std::time::Duration;

use contracts::catalog as pb;
use contracts::catalog::watch_products_response::Update;
use tonic::Streaming;

use crate::SOON;
use crate::bed::*;

type Watch = Streaming<pb::WatchProductsResponse>;

async fn watch(client: &mut Client, request: pb::WatchProductsRequest) -> Watch {
    client.watch_products(request).await.unwrap().into_inner()
}

async fn next(watch: &mut Watch) -> pb::WatchProductsResponse {
    let message = tokio::time::timeout(SOON, watch.message())
        .await
        .expect("nothing came");
    message.unwrap().expect("the watch ended")
}

/// The next change: its kind, SKU and version.
async fn change(watch: &mut Watch) -> (pb::ChangeType, String, i64, String) {
    let message = next(watch).await;
    match message.update.unwrap() {
        Update::Change(change) => {
            let product = change.product.clone().unwrap();
            (
                change.r#type(),
                product.sku,
                product.version,
                message.resume_token,
            )
        }
        other => panic!("{other:?}"),
    }
}

/// The next change of a product. What the snapshot had already may be told once more.
async fn change_of(watch: &mut Watch, sku: &str) -> (pb::ChangeType, i64, String) {
    loop {
        let (kind, found, version, token) = change(watch).await;
        if found == sku {
            return (kind, version, token);
        }
    }
}

/// Reads the snapshot up to its bookmark.
async fn snapshot(watch: &mut Watch) -> (Vec<String>, String) {
    let mut skus = Vec::new();
    loop {
        let message = next(watch).await;
        match message.update.unwrap() {
            Update::Change(change) => skus.push(change.product.unwrap().sku),
            Update::Bookmark(bookmark) => {
                assert!(bookmark.snapshot_complete);
                return (skus, message.resume_token);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_hears_what_is_and_what_becomes_of_it() {
    use pb::ChangeType::{Created, Deleted, Updated};
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let old = made(&mut staff, "OLD").await;
    let mut watching = watch(&mut staff, pb::WatchProductsRequest::default()).await;
    assert_eq!(snapshot(&mut watching).await.0, ["OLD"]);
    let new = made(&mut staff, "NEW").await;
    let told = change_of(&mut watching, "NEW").await;
    assert_eq!((told.0, told.1), (Created, 1));
    let renamed = pb::Product {
        title: "Newer".into(),
        ..new.clone()
    };
    update(&mut staff, renamed, &["title"]).await.unwrap();
    let told = change_of(&mut watching, "NEW").await;
    assert_eq!((told.0, told.1), (Updated, 2));
    let token = told.2;
    delete(&mut staff, &old.product_id).await.unwrap();
    assert_eq!(change_of(&mut watching, "").await.0, Deleted);
    drop(watching);
    let resumed = pb::WatchProductsRequest {
        resume_token: token,
        ..Default::default()
    };
    let mut resumed = watch(&mut staff, resumed).await;
    let told = change(&mut resumed).await;
    assert_eq!(
        (told.0, told.2),
        (Deleted, 2),
        "only what came after the token"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_sees_products_come_and_go() {
    use pb::ChangeType::{Created, Deleted};
    let bed = Bed::new().await;
    let (mut staff, mut shopper) = (bed.staff(), bed.shopper());
    let id = made(&mut staff, "A-1").await.product_id;
    let mut watching = watch(&mut shopper, pb::WatchProductsRequest::default()).await;
    assert!(snapshot(&mut watching).await.0.is_empty());
    publish(&mut staff, &id).await.unwrap();
    let told = change_of(&mut watching, "A-1").await;
    assert_eq!((told.0, told.1), (Created, 2));
    let unpublish = pb::UnpublishProductRequest {
        product_id: id,
        ..Default::default()
    };
    staff.unpublish_product(unpublish).await.unwrap();
    // Nothing is told of it any more but its id and version.
    let told = change_of(&mut watching, "").await;
    assert_eq!((told.0, told.1), (Deleted, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_tenants_keep_others_out() {
    let bed = Bed::new().await;
    let (mut staff, mut foreign) = (bed.staff(), bed.staff_of(tenant(2)));
    let garden = category(&mut staff, "garden", "")
        .await
        .unwrap()
        .category_id;
    let tools = category(&mut staff, "tools", &garden)
        .await
        .unwrap()
        .category_id;
    let filter = pb::WatchProductsRequest {
        category_id: garden.clone(),
        ..Default::default()
    };
    let mut watching = watch(&mut staff, filter).await;
    let (_, token) = snapshot(&mut watching).await;
    made(&mut foreign, "FOREIGN").await;
    let outside = made(&mut staff, "OUTSIDE").await;
    let saw = pb::Product {
        category_ids: vec![tools],
        ..product("SAW")
    };
    create(&mut staff, saw).await.unwrap();
    let told = change(&mut watching).await;
    assert_eq!(
        told.0,
        pb::ChangeType::Deleted,
        "not in view, so a copy of it would be wrong"
    );
    assert_eq!(change(&mut watching).await.1, "SAW");
    let other = pb::WatchProductsRequest {
        resume_token: token,
        ..Default::default()
    };
    let refused = staff.watch_products(other).await;
    assert_eq!(reason(refused.map(|_| ())), "PAGE_TOKEN_INVALID");
    let one = pb::WatchProductsRequest {
        product_ids: vec![outside.product_id],
        ..Default::default()
    };
    let mut watching = watch(&mut staff, one).await;
    assert_eq!(snapshot(&mut watching).await.0, ["OUTSIDE"]);
    made(&mut staff, "MORE").await;
    let quiet = tokio::time::timeout(Duration::from_millis(500), watching.message()).await;
    assert!(quiet.is_err(), "{quiet:?}");
}
