//! Orders' holds by the contract: steps are remembered without an end.

use contracts::inventory as pb;
use pb::ReservationState as State;
use vocab::FulfillmentId;

use crate::bed::*;

fn holding(number: u8, ordinal: i32, wanted: &[(u8, i64)]) -> pb::HoldStockForOrderRequest {
    pb::HoldStockForOrderRequest {
        order_id: order(number),
        ordinal,
        fingerprint: "0123456789abcdef".to_owned(),
        lines: lines(wanted),
        request_id: fresh(),
        ..pb::HoldStockForOrderRequest::default()
    }
}

async fn hold(
    orders: &mut Orders,
    request: pb::HoldStockForOrderRequest,
) -> Result<pb::Reservation, tonic::Status> {
    let answer = orders.hold_stock_for_order(request).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

fn shipping(number: u8, fulfillment: u8, quantity: i64) -> pb::CommitOrderHoldRequest {
    pb::CommitOrderHoldRequest {
        order_id: order(number),
        fulfillment_id: FulfillmentId::at(1, [fulfillment; 10]).to_string(),
        parts: vec![part(1, quantity)],
        request_id: fresh(),
        ..pb::CommitOrderHoldRequest::default()
    }
}

fn freeing(number: u8, key: &str) -> pb::ReleaseOrderHoldRequest {
    pb::ReleaseOrderHoldRequest {
        order_id: order(number),
        release_key: key.to_owned(),
        reason: "PAYMENT_FAILED".to_owned(),
        request_id: fresh(),
        ..pb::ReleaseOrderHoldRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_copy_of_a_refused_hold_stays_refused_until_a_new_decision() {
    let bed = Bed::new().await;
    let (mut staff, mut orders) = (bed.staff(), bed.orders());
    receive(&mut staff, &[(1, 1)], 1).await.unwrap();
    let refused = hold(&mut orders, holding(1, 1, &[(1, 2)])).await;
    assert_eq!(reason(refused), "INSUFFICIENT_STOCK");
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    let late = hold(&mut orders, holding(1, 1, &[(1, 2)])).await;
    assert_eq!(reason(late), "INSUFFICIENT_STOCK");
    assert_eq!(levels(&bed, 1, 1).await, (6, 0, 0));
    let granted = hold(&mut orders, holding(1, 2, &[(1, 2)])).await.unwrap();
    assert_eq!((granted.state(), granted.ordinal), (State::Active, 2));
    assert_eq!(granted.kind(), pb::ReservationKind::Firm);
    let old = hold(&mut orders, holding(1, 1, &[(1, 2)])).await;
    assert_eq!(told(&old, "ordinal"), "2");
    assert_eq!(reason(old), "HOLD_SUPERSEDED");
    let other = pb::HoldStockForOrderRequest {
        fingerprint: "fedcba9876543210".to_owned(),
        ..holding(1, 2, &[(1, 2)])
    };
    assert_eq!(
        reason(hold(&mut orders, other).await),
        "HOLD_FINGERPRINT_MISMATCH"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_before_any_lock_are_remembered_too() {
    let bed = Bed::new().await;
    let mut orders = bed.orders();
    for _ in 0..2 {
        let unknown = hold(&mut orders, holding(1, 1, &[(99, 1)])).await;
        assert_eq!(told(&unknown, "product_id"), product(99));
        assert_eq!(reason(unknown), "PRODUCT_UNKNOWN");
    }
    let sql = "SELECT count(*) FROM events WHERE kind = 'inventory_reservation_rejected'";
    let told: i64 = sqlx::query_scalar(sql)
        .fetch_one(&mut bed.admin().await)
        .await
        .unwrap();
    assert_eq!(told, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn shipping_twice_under_one_name_ships_once() {
    let bed = Bed::new().await;
    let (mut staff, mut orders) = (bed.staff(), bed.orders());
    receive(&mut staff, &[(1, 9)], 1).await.unwrap();
    hold(&mut orders, holding(1, 1, &[(1, 6)])).await.unwrap();
    for _ in 0..3 {
        orders.commit_order_hold(shipping(1, 1, 2)).await.unwrap();
    }
    assert_eq!(levels(&bed, 1, 1).await, (7, 4, 0));
    orders.commit_order_hold(shipping(1, 2, 1)).await.unwrap();
    let ended = orders.release_order_hold(freeing(1, "undo")).await.unwrap();
    let ended = ended.into_inner().reservation.unwrap();
    assert_eq!(ended.state(), State::Committed);
    assert_eq!(levels(&bed, 1, 1).await, (6, 0, 0));
    let by_hand = release(&mut staff, &ended, vec![]).await;
    assert_eq!(reason(by_hand), "RESERVATION_FIRM");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_came_first_refuses_every_later_attempt() {
    let bed = Bed::new().await;
    let (mut staff, mut orders) = (bed.staff(), bed.orders());
    receive(&mut staff, &[(1, 9)], 1).await.unwrap();
    let stone = orders.release_order_hold(freeing(1, "undo")).await.unwrap();
    let stone = stone.into_inner().reservation.unwrap();
    assert_eq!(stone.state(), State::Revoked);
    for ordinal in 1..3 {
        let late = hold(&mut orders, holding(1, ordinal, &[(1, 1)])).await;
        assert_eq!(reason(late), "HOLD_REVOKED");
    }
    assert_eq!(levels(&bed, 1, 1).await, (9, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_adopts_a_carts_hold_by_its_epoch() {
    let bed = Bed::new().await;
    let (mut staff, mut orders) = (bed.staff(), bed.orders());
    receive(&mut staff, &[(1, 4)], 1).await.unwrap();
    let cart = reserve(&mut staff, &[(1, 4)]).await.unwrap();
    let adopting = |ordinal, epoch| pb::HoldStockForOrderRequest {
        adopt: Some(pb::HoldAdoption {
            reservation_id: cart.reservation_id.clone(),
            epoch,
        }),
        ..holding(1, ordinal, &[(1, 3)])
    };
    let stale = hold(&mut orders, adopting(1, 5)).await;
    assert_eq!(reason(stale), "RESERVATION_EPOCH_STALE");
    let firm = hold(&mut orders, adopting(2, 1)).await.unwrap();
    assert_eq!(firm.adopted_reservation_id, cart.reservation_id);
    let ended = find(&mut staff, &cart.reservation_id).await.unwrap();
    assert_eq!(ended.state(), State::Adopted);
    assert_eq!(ended.adopter_reservation_id, firm.reservation_id);
    assert_eq!(levels(&bed, 1, 1).await, (4, 3, 0), "the rest is released");
    let late = commit(&mut staff, &cart, vec![]).await;
    assert_eq!(told(&late, "state"), "ADOPTED");
    assert_eq!(reason(late), "RESERVATION_NOT_ACTIVE");
}
