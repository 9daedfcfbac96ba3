//! Stock bugs that users of other systems live with, each as a story that ends well here.

use contracts::inventory as pb;
use futures_util::future::join_all;
use pb::ReservationState as State;
use testbed::eventually;

use crate::SOON;
use crate::bed::*;
use crate::verified::{books, verify};

/// Many carts race for one unit; the losers hold nothing.
async fn race(bed: &Bed, carts: usize, wanted: &[(u8, i64)]) -> Vec<pb::Reservation> {
    let second = bed.replica().await;
    let racers = (0..carts).map(|number| {
        let running = if number % 2 == 0 {
            &bed.running
        } else {
            &second
        };
        let mut client = bed.client(running, tenant(1), &[]);
        async move {
            loop {
                match reserve(&mut client, wanted).await {
                    // A busy machine says so, and nothing has happened.
                    Err(busy) if view(&busy).reason == "OVERLOADED" => continue,
                    said => return said,
                }
            }
        }
    });
    let results = join_all(racers).await;
    let mut winners = Vec::new();
    for result in results {
        match result {
            Ok(hold) => winners.push(hold),
            Err(status) => assert_eq!(view(&status).reason, "INSUFFICIENT_STOCK"),
        }
    }
    winners
}

#[tokio::test(flavor = "multi_thread")]
async fn two_carts_for_the_last_unit_make_one_sale() {
    let bed = Bed::new().await;
    receive(&mut bed.staff(), &[(1, 1)], 1).await.unwrap();
    let winners = race(&bed, 32, &[(1, 1)]).await;
    assert_eq!(winners.len(), 1);
    commit(&mut bed.staff(), &winners[0], vec![]).await.unwrap();
    assert_eq!(levels(&bed, 1, 1).await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_twice_never_makes_reserved_negative() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 3)]).await.unwrap();
    let undo = (0..8).map(|_| {
        let (mut client, hold) = (bed.staff(), hold.clone());
        async move { release(&mut client, &hold, vec![]).await.unwrap() }
    });
    join_all(undo).await;
    assert_eq!(levels(&bed, 1, 1).await, (5, 0, 0));
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_that_is_taken_back_gives_its_stock_back() {
    let bed = Bed::new().await;
    let (mut staff, mut orders) = (bed.staff(), bed.orders());
    receive(&mut staff, &[(1, 5), (2, 5)], 1).await.unwrap();
    let request = pb::HoldStockForOrderRequest {
        order_id: order(1),
        ordinal: 1,
        fingerprint: "content".to_owned(),
        lines: lines(&[(1, 2), (2, 2)]),
        request_id: fresh(),
        ..pb::HoldStockForOrderRequest::default()
    };
    orders.hold_stock_for_order(request).await.unwrap();
    let undo = pb::ReleaseOrderHoldRequest {
        order_id: order(1),
        release_key: "undo".to_owned(),
        reason: "PAYMENT_FAILED".to_owned(),
        request_id: fresh(),
        ..pb::ReleaseOrderHoldRequest::default()
    };
    let ended = orders.release_order_hold(undo).await.unwrap();
    let ended = ended.into_inner().reservation.unwrap();
    assert_eq!(ended.state(), State::Released);
    assert_eq!(books(&bed.database).await.held, 0);
    reserve(&mut staff, &[(1, 5), (2, 5)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_stock_cannot_be_bought() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 2)], 1).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 2)]).await.unwrap();
    commit(&mut staff, &hold, vec![]).await.unwrap();
    assert_eq!(
        reason(reserve(&mut staff, &[(1, 1)]).await),
        "INSUFFICIENT_STOCK"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_can_be_unreserved_than_is_on_hand() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 10)]).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -9)).await.unwrap();
    assert_eq!(levels(&bed, 1, 1).await, (1, 10, 9));
    release(&mut staff, &hold, vec![]).await.unwrap();
    assert_eq!(levels(&bed, 1, 1).await, (1, 0, 0));
    reserve(&mut staff, &[(1, 1)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_units_are_never_allocated_of_five_and_counts_do_not_race() {
    let bed = Bed::new().await;
    receive(&mut bed.staff(), &[(1, 5)], 1).await.unwrap();
    let winners = race(&bed, 20, &[(1, 2)]).await;
    assert_eq!(winners.len(), 2, "five units are two times two");
    let counting = (0..10).map(|_| {
        let mut client = bed.staff();
        async move { adjust(&mut client, adjusting(1, 1, 1)).await.unwrap() }
    });
    let counted = join_all(counting).await;
    let mut versions: Vec<i64> = counted.iter().map(|it| it.1.position_version).collect();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 10, "every one is an entry of its own");
    assert_eq!(levels(&bed, 1, 1).await, (15, 4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn carts_and_orders_are_counted_against_the_same_stock() {
    let bed = Bed::new().await;
    let (mut staff, mut orders) = (bed.staff(), bed.orders());
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    reserve(&mut staff, &[(1, 3)]).await.unwrap();
    let request = pb::HoldStockForOrderRequest {
        order_id: order(1),
        ordinal: 1,
        fingerprint: "content".to_owned(),
        lines: lines(&[(1, 3)]),
        request_id: fresh(),
        ..pb::HoldStockForOrderRequest::default()
    };
    let much = orders.hold_stock_for_order(request).await;
    assert_eq!(reason(much), "INSUFFICIENT_STOCK");
}

/// A payment that takes longer than the hold lives: the unit went to somebody else, and the first
/// buyer is told, not sold to.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_outlives_its_hold_does_not_sell_the_unit_twice() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 1)], 1).await.unwrap();
    let brief = pb::ReserveStockRequest {
        ttl: Some(prost_types::Duration {
            seconds: 1,
            nanos: 0,
        }),
        ..reserving(&[(1, 1)])
    };
    let slow = staff.reserve_stock(brief).await.unwrap();
    let slow = slow.into_inner().reservation.unwrap();
    let quick = async || reserve(&mut bed.staff(), &[(1, 1)]).await;
    let quick = eventually(SOON, "the unit is free", quick).await.unwrap();
    commit(&mut staff, &quick, vec![]).await.unwrap();
    let late = commit(&mut staff, &slow, vec![]).await;
    assert_eq!(reason(late), "RESERVATION_EXPIRED");
    assert_eq!(levels(&bed, 1, 1).await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_units_over_two_places_are_five_and_not_eight() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 3)], 1).await.unwrap();
    receive(&mut staff, &[(1, 9)], 2).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 5)]).await.unwrap();
    let held: i64 = hold.lines[0].allocations.iter().map(|it| it.quantity).sum();
    assert_eq!(held, 5);
    assert_eq!(books(&bed.database).await.held, 5);
    commit(&mut staff, &hold, vec![]).await.unwrap();
    let left: i64 = books(&bed.database)
        .await
        .stock
        .values()
        .map(|it| it.0)
        .sum();
    assert_eq!(left, 7, "the ledger sums to the level");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_hold_is_never_confirmed() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 1)], 1).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 1)]).await.unwrap();
    release(&mut staff, &hold, vec![]).await.unwrap();
    let late = commit(&mut staff, &hold, vec![]).await;
    assert_eq!(told(&late, "state"), "RELEASED");
    assert_eq!(reason(late), "RESERVATION_NOT_ACTIVE");
    assert_eq!(levels(&bed, 1, 1).await, (1, 0, 0));
}
