//! What broke a promise is listed until goods or releases make up for it, with the holds it
//! touches; what proved the records wrong is listed too.

use contracts::inventory as pb;
use testbed::eventually;

use crate::SOON;
use crate::bed::*;

/// Waits until so many shortfalls are listed in a state.
async fn shortfalls(bed: &Bed, state: pb::ShortfallState, count: usize) -> Vec<pb::Shortfall> {
    let are_listed = async || {
        let request = pb::ListShortfallsRequest {
            states: vec![state.into()],
            ..pb::ListShortfallsRequest::default()
        };
        let listed = bed.staff().list_shortfalls(request).await.unwrap();
        let listed = listed.into_inner().shortfalls;
        match listed.len() == count {
            true => Ok(listed),
            false => Err(format!("{} are listed", listed.len())),
        }
    };
    eventually(SOON, "they are listed", are_listed)
        .await
        .unwrap()
}

/// Waits until these holds are the ones that open shortfalls touch.
async fn short_holds_are(bed: &Bed, holds: [&pb::Reservation; 2]) {
    let request = pb::ListReservationsRequest {
        shortfall_only: true,
        ..pb::ListReservationsRequest::default()
    };
    let mut expected = holds.map(|it| it.reservation_id.clone());
    expected.sort_unstable();
    let are_these = async || {
        let listed = bed
            .staff()
            .list_reservations(request.clone())
            .await
            .unwrap();
        let listed = listed.into_inner().reservations;
        let mut ids: Vec<String> = listed.into_iter().map(|it| it.reservation_id).collect();
        ids.sort_unstable();
        ids == expected
    };
    eventually(SOON, "two holds are short", are_these)
        .await
        .unwrap();
}

/// A shortfall is found by its tenant, where the caller may look.
async fn only_who_may_see_it_finds(bed: &Bed, shortfall: pb::Shortfall) {
    let request = pb::GetShortfallRequest {
        shortfall_id: shortfall.shortfall_id.clone(),
    };
    let found = bed.staff().get_shortfall(request.clone()).await.unwrap();
    assert_eq!(found.into_inner().shortfall.unwrap(), shortfall);
    let foreign = bed.staff_of(tenant(2));
    let bound = bed.client(&bed.running, tenant(1), &[location(2)]);
    for mut stranger in [foreign, bound] {
        let missing = stranger.get_shortfall(request.clone()).await;
        assert_eq!(reason(missing), "RESOURCE_MISSING");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortfall_names_the_youngest_carts_before_any_order() {
    let bed = Bed::new().await;
    let (mut staff, mut orders) = (bed.staff(), bed.orders());
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let old = reserve(&mut staff, &[(1, 3)]).await.unwrap();
    let request = pb::HoldStockForOrderRequest {
        order_id: order(1),
        ordinal: 1,
        fingerprint: "content".to_owned(),
        lines: lines(&[(1, 4)]),
        request_id: fresh(),
        ..pb::HoldStockForOrderRequest::default()
    };
    let firm = orders.hold_stock_for_order(request).await.unwrap();
    let firm = firm.into_inner().reservation.unwrap();
    let young = reserve(&mut staff, &[(1, 2)]).await.unwrap();
    let (_, entry) = adjust(&mut staff, adjusting(1, 1, -7)).await.unwrap();
    let open = shortfalls(&bed, pb::ShortfallState::Open, 1)
        .await
        .remove(0);
    assert_eq!((open.open_quantity, open.peak_quantity), (6, 6));
    assert_eq!(open.opening_transaction_id, entry.transaction_id);
    assert_eq!(open.shortfall_id, entry.shortfall_id);
    let touched: Vec<(&str, i64)> = open
        .holds
        .iter()
        .map(|it| (it.reservation_id.as_str(), it.quantity))
        .collect();
    let expected = [
        (young.reservation_id.as_str(), 2),
        (old.reservation_id.as_str(), 3),
        (firm.reservation_id.as_str(), 1),
    ];
    assert_eq!(touched, expected);
    release(&mut staff, &old, vec![]).await.unwrap();
    short_holds_are(&bed, [&young, &firm]).await;
    receive(&mut staff, &[(1, 3)], 1).await.unwrap();
    let closed = shortfalls(&bed, pb::ShortfallState::Closed, 1)
        .await
        .remove(0);
    assert_eq!((closed.open_quantity, closed.peak_quantity), (0, 6));
    assert!(closed.holds.is_empty() && closed.close_time.is_some());
    only_who_may_see_it_finds(&bed, closed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_beyond_the_records_is_listed_as_a_discrepancy() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 1)], 1).await.unwrap();
    let (_, entry) = adjust(&mut staff, adjusting(1, 1, -4)).await.unwrap();
    let is_listed = async || {
        let request = pb::ListDiscrepanciesRequest::default();
        let listed = bed.staff().list_discrepancies(request).await.unwrap();
        listed.into_inner().discrepancies.into_iter().next()
    };
    let listed = eventually(SOON, "it is listed", is_listed).await.unwrap();
    assert_eq!(
        (listed.quantity, listed.state()),
        (3, pb::DiscrepancyState::Open)
    );
    assert_eq!(listed.discrepancy_id, entry.discrepancy_id);
    assert_eq!(listed.transaction_id, entry.transaction_id);
    let request = pb::GetDiscrepancyRequest {
        discrepancy_id: listed.discrepancy_id.clone(),
    };
    let found = staff.get_discrepancy(request).await.unwrap();
    assert_eq!(found.into_inner().discrepancy.unwrap(), listed);
}

/// The holds of all pages of a list.
async fn pages(bed: &Bed, mut request: pb::ListReservationsRequest) -> Vec<String> {
    let (mut client, mut ids) = (bed.staff(), Vec::new());
    for _ in 0..10 {
        let page = client.list_reservations(request.clone()).await.unwrap();
        let page = page.into_inner();
        ids.extend(page.reservations.into_iter().map(|it| it.reservation_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    ids
}

/// Five holds of two products, the last at the second place, the first released. The newest
/// stands first.
async fn five_holds(bed: &Bed) -> Vec<String> {
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 50), (2, 50)], 1).await.unwrap();
    receive(&mut staff, &[(1, 50)], 2).await.unwrap();
    let mut all = Vec::new();
    for number in 0..5_u8 {
        let mut request = reserving(&[(1 + number % 2, 1)]);
        request.reference = document(&format!("cart-{number}"));
        if number == 4 {
            request.lines[0].location_id = location(2);
        }
        let hold = staff.reserve_stock(request).await.unwrap();
        all.push(hold.into_inner().reservation.unwrap().reservation_id);
    }
    let first = find(&mut staff, &all[0]).await.unwrap();
    release(&mut staff, &first, vec![]).await.unwrap();
    all.reverse();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_listed_newest_first_under_every_filter() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let all = five_holds(&bed).await;
    let listed = async |request| pages(&bed, request).await;
    let any = pb::ListReservationsRequest::default();
    let paged = pb::ListReservationsRequest {
        page_size: 2,
        ..any.clone()
    };
    assert_eq!(listed(paged.clone()).await, all);
    let named = pb::ListReservationsRequest {
        reference_id: "cart-3".to_owned(),
        ..any.clone()
    };
    assert_eq!(listed(named).await, all[1..2]);
    let second = pb::ListReservationsRequest {
        product_id: product(2),
        ..paged.clone()
    };
    assert_eq!(listed(second).await, [all[1].clone(), all[3].clone()]);
    let there = pb::ListReservationsRequest {
        location_ids: vec![location(2)],
        ..paged.clone()
    };
    assert_eq!(listed(there).await, all[..1]);
    let over = pb::ListReservationsRequest {
        states: vec![pb::ReservationState::Released.into()],
        ..any.clone()
    };
    assert_eq!(listed(over).await, all[4..]);
    let firm = pb::ListReservationsRequest {
        kind: pb::ReservationKind::Firm.into(),
        ..any.clone()
    };
    assert!(listed(firm).await.is_empty());
    let first = staff.list_reservations(paged).await.unwrap().into_inner();
    let other = pb::ListReservationsRequest {
        page_token: first.next_page_token,
        product_id: product(1),
        ..any
    };
    assert_eq!(
        reason(staff.list_reservations(other).await),
        "PAGE_TOKEN_INVALID"
    );
}
