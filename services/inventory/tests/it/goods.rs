//! Goods come in, are set right and change their condition, by the contract.

use contracts::inventory as pb;
use prost_types::value::Kind;

use crate::bed::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_in_the_ledger_with_all_that_was_said_of_it() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let attached = prost_types::Struct {
        fields: [(
            "pallet".to_owned(),
            prost_types::Value {
                kind: Some(Kind::StringValue("P-7".to_owned())),
            },
        )]
        .into(),
    };
    let request = pb::ReceiveStockRequest {
        reference: document("asn-1"),
        location_id: location(1),
        lines: vec![pb::ReceiptLine {
            product_id: product(1),
            quantity: 2,
            bucket: pb::StockBucket::Quarantined.into(),
            lot_number: "L-9".to_owned(),
            serial_numbers: vec!["S1".to_owned(), "S2".to_owned()],
            unit_cost: Some(contracts::common::Money {
                currency_code: "EUR".to_owned(),
                units: 3,
                nanos: 500_000_000,
            }),
            ..pb::ReceiptLine::default()
        }],
        metadata: Some(attached.clone()),
        request_id: fresh(),
        ..pb::ReceiveStockRequest::default()
    };
    let first = staff.receive_stock(request.clone()).await.unwrap();
    let entry = first.into_inner().transactions.remove(0);
    assert_eq!(entry.r#type(), pb::TransactionType::Receipt);
    assert_eq!(entry.lot_number, "L-9");
    assert_eq!(entry.unit_cost.as_ref().unwrap().nanos, 500_000_000);
    assert_eq!(entry.serial_numbers, ["S1", "S2"]);
    assert_eq!(entry.metadata, Some(attached));
    assert_eq!(entry.reference, document("asn-1"));
    let deltas = entry.deltas.unwrap();
    assert_eq!((deltas.on_hand, deltas.quarantined), (2, 2));
    assert!(entry.transaction_id.starts_with("stx_"));
    assert_eq!(entry.position_version, 1);
    let again = staff.receive_stock(request).await.unwrap();
    let again = again.into_inner().transactions.remove(0);
    assert_eq!(again.transaction_id, entry.transaction_id, "one effect");
    assert_eq!(levels(&bed, 1, 1).await, (2, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_do_not_add_up_are_refused_before_anything_happens() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let mut request = adjusting(1, 1, 3);
    request.serial_numbers = vec!["S1".to_owned(), "S1".to_owned(), "S2".to_owned()];
    assert_eq!(
        reason(adjust(&mut staff, request).await),
        "SERIAL_COUNT_MISMATCH"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_products_and_locations_are_named() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let unknown = receive(&mut staff, &[(99, 1)], 1).await;
    assert_eq!(told(&unknown, "product_id"), product(99));
    assert_eq!(reason(unknown), "PRODUCT_UNKNOWN");
    let unknown = receive(&mut staff, &[(1, 1)], 99).await;
    assert_eq!(told(&unknown, "location_id"), location(99));
    assert_eq!(reason(unknown), "LOCATION_UNKNOWN");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_names_the_shortfall_and_the_discrepancy_it_opened() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    reserve(&mut staff, &[(1, 4)]).await.unwrap();
    let (position, entry) = adjust(&mut staff, adjusting(1, 1, -7)).await.unwrap();
    assert_eq!((position.on_hand, position.open_shortfall), (0, 4));
    assert_eq!((position.discrepancy, position.promisable), (2, 0));
    assert!(entry.shortfall_id.starts_with("shf_"));
    assert!(entry.discrepancy_id.starts_with("dis_"));
    assert_eq!(entry.adjustment_reason(), pb::AdjustmentReason::Theft);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_refused_with_what_the_bucket_has() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    let correction = pb::AdjustStockRequest {
        reason: pb::AdjustmentReason::Correction.into(),
        ..adjusting(1, 1, -6)
    };
    let refused = adjust(&mut staff, correction).await;
    assert_eq!(told(&refused, "bucket"), "SELLABLE");
    assert_eq!(told(&refused, "quantity"), "5");
    assert_eq!(reason(refused), "STOCK_WOULD_BE_NEGATIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_and_quarantine_come_and_go() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    let moving = |quantity, from: pb::StockBucket, to: pb::StockBucket| pb::MoveStockRequest {
        product_id: product(1),
        location_id: location(1),
        quantity,
        from_bucket: from.into(),
        to_bucket: to.into(),
        reason: "WATER_DAMAGE".to_owned(),
        request_id: fresh(),
        ..pb::MoveStockRequest::default()
    };
    let (good, broken) = (pb::StockBucket::Sellable, pb::StockBucket::Damaged);
    let moved = staff.move_stock(moving(3, good, broken)).await.unwrap();
    let moved = moved.into_inner();
    let position = moved.position.unwrap();
    assert_eq!((position.damaged, position.available), (3, 2));
    let entry = moved.transaction.unwrap();
    assert_eq!(entry.r#type(), pb::TransactionType::Damage);
    let stale = pb::MoveStockRequest {
        etag: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        ..moving(1, broken, good)
    };
    assert_eq!(reason(staff.move_stock(stale).await), "ETAG_MISMATCH");
    let fresh = pb::MoveStockRequest {
        etag: position.etag,
        ..moving(1, broken, good)
    };
    let restored = staff.move_stock(fresh).await.unwrap().into_inner();
    assert_eq!(
        restored.transaction.unwrap().r#type(),
        pb::TransactionType::Restore
    );
    let much = staff.move_stock(moving(3, broken, good)).await;
    assert_eq!(reason(much), "STOCK_WOULD_BE_NEGATIVE");
    let same = staff.move_stock(moving(1, good, good)).await;
    assert_eq!(reason(same), "VALIDATION_FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_bound_to_a_location_counts_there_and_nowhere_else() {
    let bed = Bed::new().await;
    let mut bound = bed.client(&bed.running, tenant(1), &[location(1)]);
    receive(&mut bound, &[(1, 5)], 1).await.unwrap();
    let elsewhere = receive(&mut bound, &[(1, 5)], 2).await;
    assert!(elsewhere.is_err());
    assert!(adjust(&mut bound, adjusting(1, 2, 1)).await.is_err());
}
