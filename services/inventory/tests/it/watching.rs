//! Watches: snapshot, bookmark, changes, and going on behind a token.

use std::time::Duration;

use contracts::inventory as pb;
use contracts::inventory::watch_stock_response::Update;
use tonic::Streaming;

use crate::bed::*;
use crate::rules::threshold;

type Watch = Streaming<pb::WatchStockResponse>;

async fn watch(client: &mut Client, request: pb::WatchStockRequest) -> Watch {
    client.watch_stock(request).await.unwrap().into_inner()
}

async fn next(watch: &mut Watch) -> pb::WatchStockResponse {
    let message = tokio::time::timeout(Duration::from_secs(30), watch.message()).await;
    message
        .expect("nothing came")
        .unwrap()
        .expect("the watch ended")
}

/// The next position: product, units on hand, and the token behind it.
async fn change(watch: &mut Watch) -> (String, i64, String) {
    loop {
        let message = next(watch).await;
        if let Some(Update::Position(it)) = message.update {
            return (it.product_id, it.on_hand, message.resume_token);
        }
    }
}

async fn snapshot(watch: &mut Watch) -> (Vec<(String, i64)>, String) {
    let mut seen = Vec::new();
    loop {
        let message = next(watch).await;
        match message.update.unwrap() {
            Update::Position(it) => seen.push((it.product_id, it.on_hand)),
            Update::Bookmark(it) => {
                assert!(it.snapshot_complete);
                return (seen, message.resume_token);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_hears_what_is_and_every_change_and_goes_on_behind_a_token() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 3)], 1).await.unwrap();
    let filter = pb::WatchStockRequest {
        location_ids: vec![location(1)],
        ..pb::WatchStockRequest::default()
    };
    let mut watching = watch(&mut staff, filter.clone()).await;
    assert_eq!(snapshot(&mut watching).await.0, [(product(1), 3)]);
    receive(&mut staff, &[(1, 9)], 2).await.unwrap();
    receive(&mut staff, &[(2, 5)], 1).await.unwrap();
    let mut heard = change(&mut watching).await;
    if (&heard.0, heard.1) == (&product(1), 3) {
        // What was committed while the snapshot was made may be told again.
        heard = change(&mut watching).await;
    }
    assert_eq!(
        (heard.0, heard.1),
        (product(2), 5),
        "and nothing of elsewhere"
    );
    drop(watching);
    receive(&mut staff, &[(1, 4)], 1).await.unwrap();
    let resumed = pb::WatchStockRequest {
        resume_token: heard.2,
        ..filter
    };
    let mut resumed = watch(&mut staff, resumed).await;
    let heard = change(&mut resumed).await;
    assert_eq!((heard.0, heard.1), (product(1), 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_of_low_stock_hears_once_more_when_it_is_low_no_longer() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10), (2, 10)], 1).await.unwrap();
    threshold(&mut staff, 1, 1, Some(5)).await.unwrap();
    let filter = pb::WatchStockRequest {
        low_stock_only: true,
        ..pb::WatchStockRequest::default()
    };
    let mut watching = watch(&mut staff, filter).await;
    assert!(snapshot(&mut watching).await.0.is_empty());
    adjust(&mut staff, adjusting(2, 1, -9)).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -1)).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -5)).await.unwrap();
    assert_eq!(change(&mut watching).await.1, 4);
    threshold(&mut staff, 1, 1, Some(1)).await.unwrap();
    assert_eq!(
        change(&mut watching).await.1,
        4,
        "low no longer, by other rules"
    );
    receive(&mut staff, &[(1, 30)], 1).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -34)).await.unwrap();
    assert_eq!(
        change(&mut watching).await.1,
        0,
        "and not of what was between"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_hears_nothing_of_another_tenant() {
    let bed = Bed::new().await;
    let (mut staff, mut foreign) = (bed.staff(), bed.staff_of(tenant(2)));
    let mut watching = watch(&mut staff, pb::WatchStockRequest::default()).await;
    snapshot(&mut watching).await;
    receive(&mut foreign, &[(1, 3)], 1).await.unwrap();
    receive(&mut staff, &[(2, 4)], 1).await.unwrap();
    assert_eq!(change(&mut watching).await.0, product(2));
}
