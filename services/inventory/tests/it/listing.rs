//! Lists under the filters of a warehouse, and what shoppers may know.

use contracts::common::{Period, ReferenceKind};
use contracts::inventory as pb;

use crate::bed::*;

async fn positions(
    client: &mut Client,
    request: pb::ListStockPositionsRequest,
) -> Vec<(String, String, i64)> {
    let mut request = request;
    let mut all = Vec::new();
    loop {
        let page = client.list_stock_positions(request.clone()).await.unwrap();
        let page = page.into_inner();
        let shown = page.positions.into_iter();
        all.extend(shown.map(|it| (it.product_id, it.location_id, it.available)));
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

fn available(all: &[(String, String, i64)]) -> Vec<i64> {
    all.iter().map(|it| it.2).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_are_listed_by_state_place_and_order_page_by_page() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 3), (2, 9), (3, 6)], 1)
        .await
        .unwrap();
    receive(&mut staff, &[(1, 1), (2, 6)], 2).await.unwrap();
    reserve(&mut staff, &[(3, 6)]).await.unwrap();
    let all = pb::ListStockPositionsRequest::default;
    let paged = pb::ListStockPositionsRequest {
        page_size: 2,
        ..all()
    };
    let places = positions(&mut staff, paged.clone()).await;
    assert_eq!(available(&places), [3, 1, 9, 6, 0]);
    let by = |order: &str| pb::ListStockPositionsRequest {
        order_by: order.to_owned(),
        ..paged.clone()
    };
    let least = positions(&mut staff, by("available")).await;
    assert_eq!(available(&least), [0, 1, 3, 6, 9]);
    let most = positions(&mut staff, by("available desc")).await;
    assert_eq!(available(&most), [9, 6, 3, 1, 0]);
    let last = positions(&mut staff, by("update_time desc")).await;
    assert_eq!(last[0].0, product(3));
    assert_eq!(last.len(), 5);
    let out = pb::ListStockPositionsRequest {
        conditions: vec![pb::StockCondition::OutOfStock.into()],
        ..all()
    };
    assert_eq!(positions(&mut staff, out).await[0].0, product(3));
    let second = pb::ListStockPositionsRequest {
        location_ids: vec![location(2)],
        ..all()
    };
    assert_eq!(available(&positions(&mut staff, second).await), [1, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_fits_its_own_list_alone() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 3), (2, 9)], 1).await.unwrap();
    let one = pb::ListStockPositionsRequest {
        page_size: 1,
        ..pb::ListStockPositionsRequest::default()
    };
    let page = staff
        .list_stock_positions(one.clone())
        .await
        .unwrap()
        .into_inner();
    let other = pb::ListStockPositionsRequest {
        page_token: page.next_page_token,
        location_ids: vec![location(1)],
        ..one
    };
    let refused = staff.list_stock_positions(other).await;
    assert_eq!(reason(refused), "PAGE_TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_bound_to_a_location_sees_that_one_alone() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 3)], 1).await.unwrap();
    receive(&mut staff, &[(1, 5)], 2).await.unwrap();
    let mut bound = bed.client(&bed.running, tenant(1), &[location(2)]);
    let all = pb::ListStockPositionsRequest::default();
    assert_eq!(available(&positions(&mut bound, all).await), [5]);
    let request = pb::GetProductStockRequest {
        product_id: product(1),
        ..pb::GetProductStockRequest::default()
    };
    let mine = bound.get_product_stock(request.clone()).await.unwrap();
    assert_eq!(mine.into_inner().total_available, 5);
    let whole = staff.get_product_stock(request).await.unwrap().into_inner();
    assert_eq!((whole.total_available, whole.positions.len()), (8, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_found_by_kind_document_and_time_the_last_first() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for at in 1..=3 {
        receive(&mut staff, &[(1, 10)], at).await.unwrap();
    }
    let hold = reserve(&mut staff, &[(1, 25)]).await.unwrap();
    commit(&mut staff, &hold, vec![part(1, 5)]).await.unwrap();
    let of = |types: &[pb::TransactionType], reference: &str| pb::ListStockTransactionsRequest {
        product_id: product(1),
        types: types.iter().map(|it| i32::from(*it)).collect(),
        reference_id: reference.to_owned(),
        page_size: 2,
        ..pb::ListStockTransactionsRequest::default()
    };
    let receipts = entries(&mut staff, of(&[pb::TransactionType::Receipt], "")).await;
    assert_eq!(receipts.len(), 3);
    assert!(
        receipts
            .iter()
            .all(|it| it.r#type() == pb::TransactionType::Receipt)
    );
    let opening = entries(&mut staff, of(&[pb::TransactionType::Opening], "")).await;
    assert!(
        opening.is_empty(),
        "kept as the same kind of fact, and not the same kind of entry"
    );
    let all = entries(&mut staff, of(&[], "")).await;
    let times: Vec<_> = all.iter().map(|it| it.record_time.unwrap()).collect();
    let key = |it: &prost_types::Timestamp| (it.seconds, it.nanos);
    assert!(times.windows(2).all(|it| key(&it[0]) >= key(&it[1])));
    assert_eq!(all.len(), 7);
    let held = entries(&mut staff, of(&[], &hold.reservation_id)).await;
    assert_eq!(held.len(), 4, "three promises and one that left");
    let ordered = entries(&mut staff, of(&[], "PO-1")).await;
    assert_eq!(ordered.len(), 3);
    let kind = ordered[0].reference.as_ref().unwrap().kind();
    assert_eq!(kind, ReferenceKind::PurchaseOrder);
    let late = pb::ListStockTransactionsRequest {
        record_period: Some(Period {
            start_time: all[0].record_time,
            end_time: None,
        }),
        ..of(&[], "")
    };
    assert_eq!(entries(&mut staff, late).await.len(), 1);
}

async fn entries(
    client: &mut Client,
    mut request: pb::ListStockTransactionsRequest,
) -> Vec<pb::StockTransaction> {
    let mut all = Vec::new();
    loop {
        let page = client
            .list_stock_transactions(request.clone())
            .await
            .unwrap();
        let page = page.into_inner();
        all.extend(page.transactions);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_of_a_position_are_read_without_gaps_and_hold_their_rules() {
    use contracts::validate::Validate;
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 4)]).await.unwrap();
    commit(&mut staff, &hold, vec![part(1, 1)]).await.unwrap();
    release(&mut staff, &hold, vec![]).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -20)).await.unwrap();
    let mut request = pb::ListStockEventsRequest {
        product_id: product(1),
        location_id: location(1),
        page_size: 2,
        ..pb::ListStockEventsRequest::default()
    };
    let mut versions = Vec::new();
    loop {
        let page = staff.list_stock_events(request.clone()).await.unwrap();
        let page = page.into_inner();
        for event in &page.events {
            event.validate().unwrap();
            versions.push(event.metadata.as_ref().unwrap().aggregate_version);
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    request.page_token.clear();
    request.after_version = 4;
    let rest = staff.list_stock_events(request).await.unwrap().into_inner();
    assert_eq!(rest.events.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_learns_what_can_be_bought_and_where() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 3)], 1).await.unwrap();
    receive(&mut staff, &[(1, 4)], 2).await.unwrap();
    let line = |number: u8, at: Option<u8>, quantity: i64| pb::AvailabilityLine {
        product_id: product(number),
        location_id: at.map(location).unwrap_or_default(),
        quantity,
    };
    let lines = vec![
        line(1, None, 7),
        line(1, Some(1), 4),
        line(9, None, 1),
        line(40, None, 1),
    ];
    let request = pb::BatchGetAvailabilityRequest { lines };
    let found = staff.batch_get_availability(request).await.unwrap();
    let found = found.into_inner().availabilities;
    let seen: Vec<_> = found
        .iter()
        .map(|it| (it.available, it.sufficient))
        .collect();
    assert_eq!(seen, [(7, true), (3, false), (0, false), (0, false)]);
}
