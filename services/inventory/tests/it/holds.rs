//! Timed holds by the contract: granted, extended, committed in parts, released.

use contracts::inventory as pb;
use pb::ReservationState as State;
use pb::release_reservation_request::Target;

use crate::bed::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_extended_committed_in_part_and_the_rest_released() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let hold = reserve(&mut staff, &[(1, 4)]).await.unwrap();
    assert_eq!((hold.state(), hold.epoch), (State::Active, 1));
    assert_eq!(hold.lines[0].allocations[0].location_id, location(1));
    assert_eq!(levels(&bed, 1, 1).await, (10, 4, 0));
    let request = pb::ExtendReservationRequest {
        reservation_id: hold.reservation_id.clone(),
        ttl: Some(prost_types::Duration {
            seconds: 600,
            nanos: 0,
        }),
        epoch: 1,
        request_id: fresh(),
        ..pb::ExtendReservationRequest::default()
    };
    let extended = staff.extend_reservation(request).await.unwrap();
    let extended = extended.into_inner().reservation.unwrap();
    assert_eq!(extended.epoch, 2);
    assert!(extended.expire_time.unwrap().seconds > hold.expire_time.unwrap().seconds);
    let stale = commit(&mut staff, &hold, vec![]).await;
    assert_eq!(told(&stale, "epoch"), "2");
    assert_eq!(reason(stale), "RESERVATION_EPOCH_STALE");
    let parted = commit(&mut staff, &extended, vec![part(1, 3)])
        .await
        .unwrap();
    assert_eq!(parted.state(), State::Active);
    let much = commit(&mut staff, &extended, vec![part(1, 2)]).await;
    assert_eq!(told(&much, "remaining"), "1");
    assert_eq!(reason(much), "QUANTITY_EXCEEDED");
    let ended = release(&mut staff, &extended, vec![]).await.unwrap();
    assert_eq!(ended.state(), State::Committed);
    assert_eq!(levels(&bed, 1, 1).await, (7, 0, 0));
    let found = find(&mut staff, &hold.reservation_id).await.unwrap();
    assert_eq!(found, ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortage_is_told_and_leaves_nothing_behind() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5), (2, 5)], 1).await.unwrap();
    let request = reserving(&[(1, 3), (2, 1), (1, 3)]);
    let short = staff.reserve_stock(request.clone()).await;
    let told = shortages(short.as_ref().unwrap_err());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].product_id, product(1));
    assert_eq!((told[0].requested, told[0].available), (6, 5));
    assert_eq!(reason(short), "INSUFFICIENT_STOCK");
    assert_eq!(levels(&bed, 2, 1).await, (5, 0, 0));
    receive(&mut staff, &[(1, 1)], 1).await.unwrap();
    let later = staff.reserve_stock(request.clone()).await.unwrap();
    let again = staff.reserve_stock(request.clone()).await.unwrap();
    assert_eq!(later.into_inner(), again.into_inner(), "one effect");
    assert_eq!(levels(&bed, 1, 1).await, (6, 6, 0));
    let other = pb::ReserveStockRequest {
        lines: lines(&[(1, 1)]),
        ..request
    };
    assert_eq!(
        reason(staff.reserve_stock(other).await),
        "REQUEST_ID_REUSED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_hold_lists_what_it_did_not_get() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 2)], 1).await.unwrap();
    let request = pb::ReserveStockRequest {
        policy: pb::ReservePolicy::Partial.into(),
        ..reserving(&[(1, 5), (2, 1)])
    };
    let hold = staff.reserve_stock(request).await.unwrap();
    let hold = hold.into_inner().reservation.unwrap();
    assert_eq!(hold.lines[0].quantity, 2);
    assert_eq!(hold.shortages.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_whose_answer_was_lost_is_released_by_its_request() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    let lost = reserving(&[(1, 2)]);
    staff.reserve_stock(lost.clone()).await.unwrap();
    let by_request = |request: &pb::ReserveStockRequest| pb::ReleaseReservationRequest {
        target: Some(Target::ReserveRequest(request.request_id.clone())),
        reason: "ANSWER_LOST".to_owned(),
        request_id: fresh(),
        ..pb::ReleaseReservationRequest::default()
    };
    let released = staff.release_reservation(by_request(&lost)).await.unwrap();
    let released = released.into_inner().reservation.unwrap();
    assert_eq!(released.state(), State::Released);
    assert_eq!(levels(&bed, 1, 1).await, (5, 0, 0));
    let never = reserving(&[(1, 2)]);
    let stone = staff.release_reservation(by_request(&never)).await.unwrap();
    let stone = stone.into_inner().reservation.unwrap();
    assert_eq!(stone.state(), State::Revoked);
    assert_eq!(reason(staff.reserve_stock(never).await), "HOLD_REVOKED");
    assert_eq!(levels(&bed, 1, 1).await, (5, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_go_where_they_say_and_closed_places_promise_nothing() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    receive(&mut staff, &[(1, 5)], 2).await.unwrap();
    let mut given = reserving(&[(1, 2)]);
    given.lines[0].location_id = location(2);
    staff.reserve_stock(given.clone()).await.unwrap();
    assert_eq!(levels(&bed, 1, 2).await, (5, 2, 0));
    let mut strict = reserving(&[(1, 2)]);
    strict.preference = Some(pb::AllocationPreference {
        strategy: pb::AllocationStrategy::Given.into(),
        ..pb::AllocationPreference::default()
    });
    let missing = staff.reserve_stock(strict).await;
    assert_eq!(told(&missing, "line_number"), "1");
    assert_eq!(reason(missing), "LOCATION_MISSING");
    sqlx::query("UPDATE known_locations SET open = false WHERE code = 'L3'")
        .execute(&mut bed.admin().await)
        .await
        .unwrap();
    given.lines[0].location_id = location(3);
    given.request_id = fresh();
    assert_eq!(reason(staff.reserve_stock(given).await), "LOCATION_CLOSED");
    let split = reserve(&mut staff, &[(1, 7)]).await.unwrap();
    let places: Vec<(&str, i64)> = split.lines[0]
        .allocations
        .iter()
        .map(|it| (it.location_id.as_str(), it.quantity))
        .collect();
    assert_eq!(
        places,
        [(location(1).as_str(), 5), (location(2).as_str(), 2)]
    );
}
