//! Transfers: held, shipped, received in parts, over; and what is lost or too much on the way.

use contracts::inventory as pb;
use tonic::Status;

use crate::bed::*;
use crate::past::position;
use crate::verified::{books, verify};

fn planning(lines: &[(u8, i64)], from: u8, to: u8) -> pb::CreateTransferRequest {
    let lines = lines.iter().map(|(number, quantity)| pb::TransferLine {
        product_id: product(*number),
        quantity: *quantity,
        ..pb::TransferLine::default()
    });
    pb::CreateTransferRequest {
        transfer: Some(pb::Transfer {
            source_location_id: location(from),
            destination_location_id: location(to),
            lines: lines.collect(),
            ..pb::Transfer::default()
        }),
        request_id: fresh(),
    }
}

async fn plan(client: &mut Client, lines: &[(u8, i64)]) -> Result<pb::Transfer, Status> {
    let answer = client.create_transfer(planning(lines, 1, 2)).await?;
    Ok(answer.into_inner().transfer.unwrap())
}

async fn ship(
    client: &mut Client,
    id: &str,
    shipments: &[(i32, i64)],
) -> Result<pb::Transfer, Status> {
    let shipments = shipments
        .iter()
        .map(|(line, quantity)| pb::TransferShipment {
            line_number: *line,
            quantity: *quantity,
            ..pb::TransferShipment::default()
        });
    let request = pb::ShipTransferRequest {
        transfer_id: id.to_owned(),
        shipments: shipments.collect(),
        request_id: fresh(),
        ..pb::ShipTransferRequest::default()
    };
    Ok(client
        .ship_transfer(request)
        .await?
        .into_inner()
        .transfer
        .unwrap())
}

async fn arrive(
    client: &mut Client,
    id: &str,
    arrivals: &[(i32, i64, i64)],
) -> Result<pb::Transfer, Status> {
    let arrivals = arrivals
        .iter()
        .map(|(line, quantity, damaged)| pb::TransferArrival {
            line_number: *line,
            quantity: *quantity,
            damaged_quantity: *damaged,
            ..pb::TransferArrival::default()
        });
    let request = pb::ReceiveTransferRequest {
        transfer_id: id.to_owned(),
        arrivals: arrivals.collect(),
        request_id: fresh(),
        ..pb::ReceiveTransferRequest::default()
    };
    Ok(client
        .receive_transfer(request)
        .await?
        .into_inner()
        .transfer
        .unwrap())
}

async fn complete(client: &mut Client, id: &str, lost: bool) -> Result<pb::Transfer, Status> {
    let remainder = match lost {
        true => pb::TransferRemainder::Lost,
        false => pb::TransferRemainder::Arrived,
    };
    let request = pb::CompleteTransferRequest {
        transfer_id: id.to_owned(),
        remainder: remainder.into(),
        request_id: fresh(),
        ..pb::CompleteTransferRequest::default()
    };
    Ok(client
        .complete_transfer(request)
        .await?
        .into_inner()
        .transfer
        .unwrap())
}

async fn cancel(client: &mut Client, id: &str) -> Result<pb::Transfer, Status> {
    let request = pb::CancelTransferRequest {
        transfer_id: id.to_owned(),
        reason: "TRUCK_BROKE_DOWN".to_owned(),
        request_id: fresh(),
        ..pb::CancelTransferRequest::default()
    };
    Ok(client
        .cancel_transfer(request)
        .await?
        .into_inner()
        .transfer
        .unwrap())
}

/// On hand, reserved, damaged and in transit.
async fn numbers(client: &mut Client, number: u8, at: u8) -> (i64, i64, i64, i64) {
    let it = position(client, number, at).await;
    (it.on_hand, it.reserved, it.damaged, it.in_transit)
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_are_held_then_on_their_way_then_there_part_by_part() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10), (2, 5)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 6), (2, 5)]).await.unwrap();
    assert_eq!(planned.state(), pb::TransferState::Open);
    assert_eq!(numbers(&mut staff, 1, 1).await, (10, 6, 0, 0));
    let hold = find(&mut staff, &planned.reservation_id).await.unwrap();
    assert_eq!(hold.kind(), pb::ReservationKind::Firm);
    let id = planned.transfer_id.as_str();
    let shipped = ship(&mut staff, id, &[]).await.unwrap();
    assert_eq!(shipped.state(), pb::TransferState::InTransit);
    assert_eq!(numbers(&mut staff, 1, 1).await, (4, 0, 0, 0));
    assert_eq!(numbers(&mut staff, 1, 2).await, (0, 0, 0, 6));
    let hold = find(&mut staff, &planned.reservation_id).await.unwrap();
    assert_eq!(hold.state(), pb::ReservationState::Committed);
    arrive(&mut staff, id, &[(1, 4, 1)]).await.unwrap();
    assert_eq!(numbers(&mut staff, 1, 2).await, (4, 0, 1, 2));
    let done = complete(&mut staff, id, false).await.unwrap();
    assert_eq!(done.state(), pb::TransferState::Completed);
    assert_eq!(numbers(&mut staff, 1, 2).await, (6, 0, 1, 0));
    assert_eq!(numbers(&mut staff, 2, 2).await, (5, 0, 0, 0));
    let received: Vec<_> = done.lines.iter().map(|it| it.received_quantity).collect();
    assert_eq!(received, [6, 5]);
    assert!(done.lines.iter().all(|it| it.variance == 0));
    verify(&bed.database).await;
    books(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_shipped_is_free_again_and_more_than_planned_is_refused() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10), (2, 5)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 6), (2, 5)]).await.unwrap();
    let id = planned.transfer_id.as_str();
    let much = ship(&mut staff, id, &[(1, 7)]).await;
    assert_eq!(told(&much, "remaining"), "6");
    assert_eq!(reason(much), "QUANTITY_EXCEEDED");
    let strange = ship(&mut staff, id, &[(3, 1)]).await;
    assert_eq!(reason(strange), "LINE_UNKNOWN");
    ship(&mut staff, id, &[(1, 2)]).await.unwrap();
    assert_eq!(numbers(&mut staff, 1, 1).await, (8, 0, 0, 0));
    assert_eq!(numbers(&mut staff, 2, 1).await, (5, 0, 0, 0));
    assert_eq!(numbers(&mut staff, 1, 2).await, (0, 0, 0, 2));
    assert_eq!(position(&mut staff, 2, 2).await.version, 0);
    let again = ship(&mut staff, id, &[(1, 2)]).await;
    assert_eq!(told(&again, "state"), "IN_TRANSIT");
    assert_eq!(reason(again), "TRANSFER_NOT_OPEN");
    verify(&bed.database).await;
    books(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_units_and_units_too_many_stay_on_the_lines_as_variance() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10), (2, 5)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 6), (2, 5)]).await.unwrap();
    let id = planned.transfer_id.as_str();
    ship(&mut staff, id, &[]).await.unwrap();
    arrive(&mut staff, id, &[(1, 4, 0), (2, 7, 0)])
        .await
        .unwrap();
    assert_eq!(numbers(&mut staff, 2, 2).await, (7, 0, 0, 0));
    let done = complete(&mut staff, id, true).await.unwrap();
    let variances: Vec<_> = done.lines.iter().map(|it| it.variance).collect();
    assert_eq!(variances, [-2, 2]);
    assert_eq!(numbers(&mut staff, 1, 2).await, (4, 0, 0, 0));
    let varying = pb::ListTransfersRequest {
        variance_only: true,
        ..pb::ListTransfersRequest::default()
    };
    let found = staff.list_transfers(varying).await.unwrap().into_inner();
    assert_eq!(found.transfers.len(), 1);
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_transfer_gives_back_what_has_not_arrived_and_stays_cancelled() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 6)]).await.unwrap();
    cancel(&mut staff, &planned.transfer_id).await.unwrap();
    assert_eq!(numbers(&mut staff, 1, 1).await, (10, 0, 0, 0));
    let planned = plan(&mut staff, &[(1, 6)]).await.unwrap();
    let id = planned.transfer_id.as_str();
    ship(&mut staff, id, &[]).await.unwrap();
    arrive(&mut staff, id, &[(1, 2, 0)]).await.unwrap();
    let over = cancel(&mut staff, id).await.unwrap();
    assert_eq!(numbers(&mut staff, 1, 1).await, (8, 0, 0, 0));
    assert_eq!(numbers(&mut staff, 1, 2).await, (2, 0, 0, 0));
    let again = cancel(&mut staff, id).await.unwrap();
    assert_eq!(again, over);
    assert_eq!(
        reason(arrive(&mut staff, id, &[(1, 1, 0)]).await),
        "TRANSFER_NOT_OPEN"
    );
    assert_eq!(
        reason(complete(&mut staff, id, false).await),
        "TRANSFER_NOT_OPEN"
    );
    verify(&bed.database).await;
    books(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_promised_to_a_transfer_is_promised_to_nobody_else() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 8)]).await.unwrap();
    assert_eq!(
        reason(reserve(&mut staff, &[(1, 3)]).await),
        "INSUFFICIENT_STOCK"
    );
    assert_eq!(
        reason(plan(&mut staff, &[(1, 3)]).await),
        "INSUFFICIENT_STOCK"
    );
    let hold = find(&mut staff, &planned.reservation_id).await.unwrap();
    let firm = release(&mut staff, &hold, vec![]).await;
    assert_eq!(reason(firm), "RESERVATION_FIRM");
    let same = staff.create_transfer(planning(&[(1, 1)], 1, 1)).await;
    assert_eq!(reason(same), "TRANSFER_SAME_LOCATION");
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_units_that_the_records_do_not_have_are_a_discrepancy() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 6)]).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -7)).await.unwrap();
    ship(&mut staff, &planned.transfer_id, &[]).await.unwrap();
    let source = position(&mut staff, 1, 1).await;
    assert_eq!((source.on_hand, source.discrepancy), (0, 3));
    assert_eq!((source.reserved, source.open_shortfall), (0, 0));
    assert_eq!(numbers(&mut staff, 1, 2).await, (0, 0, 0, 6));
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_acts_for_itself_and_foreigners_see_nothing() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 6)]).await.unwrap();
    let id = planned.transfer_id.as_str();
    let mut goal = bed.client(&bed.running, tenant(1), &[location(2)]);
    assert_eq!(reason(ship(&mut goal, id, &[]).await), "RESOURCE_MISSING");
    let mut source = bed.client(&bed.running, tenant(1), &[location(1)]);
    ship(&mut source, id, &[]).await.unwrap();
    assert_eq!(
        reason(arrive(&mut source, id, &[(1, 1, 0)]).await),
        "RESOURCE_MISSING"
    );
    arrive(&mut goal, id, &[(1, 1, 0)]).await.unwrap();
    let mut foreign = bed.staff_of(tenant(2));
    assert_eq!(reason(cancel(&mut foreign, id).await), "RESOURCE_MISSING");
    let all = pb::ListTransfersRequest::default();
    let seen = foreign.list_transfers(all).await.unwrap().into_inner();
    assert!(seen.transfers.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_ship_at_once_ship_once() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 50)], 1).await.unwrap();
    for _ in 0..5 {
        let planned = plan(&mut staff, &[(1, 6)]).await.unwrap();
        let (mut one, mut two) = (bed.staff(), bed.staff());
        let id = planned.transfer_id.as_str();
        let (first, second) = tokio::join!(ship(&mut one, id, &[]), cancel(&mut two, id));
        assert!(first.is_ok() || second.is_ok());
    }
    let (source, goal) = (
        position(&mut staff, 1, 1).await,
        position(&mut staff, 1, 2).await,
    );
    assert_eq!(source.on_hand + goal.in_transit + goal.on_hand, 50);
    assert_eq!(source.reserved, 0);
    verify(&bed.database).await;
    books(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_names_the_transfer_that_is_awaited() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let planned = plan(&mut staff, &[(1, 6)]).await.unwrap();
    ship(&mut staff, &planned.transfer_id, &[]).await.unwrap();
    arrive(&mut staff, &planned.transfer_id, &[(1, 2, 0)])
        .await
        .unwrap();
    let request = pb::WhyStockRequest {
        product_id: product(1),
        location_id: location(2),
        ..pb::WhyStockRequest::default()
    };
    let why = staff.why_stock(request).await.unwrap().into_inner();
    assert_eq!(why.inbound.len(), 1);
    assert_eq!(why.inbound[0].quantity, 4);
    let document = why.inbound[0].reference.as_ref().unwrap();
    assert_eq!(document.reference_id, planned.transfer_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_are_listed_by_place_state_and_product_page_by_page() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 50), (2, 50)], 1).await.unwrap();
    let mut ids = Vec::new();
    for number in [1, 2, 1] {
        let planned = plan(&mut staff, &[(number, 1)]).await.unwrap();
        ids.insert(0, planned.transfer_id);
    }
    ship(&mut staff, &ids[0], &[]).await.unwrap();
    let mut request = pb::ListTransfersRequest {
        page_size: 2,
        ..pb::ListTransfersRequest::default()
    };
    let first = staff
        .list_transfers(request.clone())
        .await
        .unwrap()
        .into_inner();
    request.page_token = first.next_page_token;
    let rest = staff.list_transfers(request).await.unwrap().into_inner();
    let all = first.transfers.into_iter().chain(rest.transfers);
    let seen: Vec<String> = all.map(|it| it.transfer_id).collect();
    assert_eq!(seen, ids);
    let open = pb::ListTransfersRequest {
        states: vec![pb::TransferState::Open.into()],
        product_id: product(1),
        location_ids: vec![location(2)],
        ..pb::ListTransfersRequest::default()
    };
    let found = staff.list_transfers(open).await.unwrap().into_inner();
    assert_eq!(found.transfers.len(), 1);
    assert_eq!(found.transfers[0].transfer_id, ids[2]);
}
