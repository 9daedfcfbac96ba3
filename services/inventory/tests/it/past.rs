//! Positions as they were by either clock, and why they are what they are.

use std::time::Duration;

use contracts::inventory as pb;
use prost_types::Timestamp;
use vocab::Moment;

use crate::bed::*;

fn place(number: u8, at: u8) -> pb::GetStockPositionRequest {
    pb::GetStockPositionRequest {
        product_id: product(number),
        location_id: location(at),
        ..pb::GetStockPositionRequest::default()
    }
}

pub async fn position(client: &mut Client, number: u8, at: u8) -> pb::StockPosition {
    let answer = client.get_stock_position(place(number, at)).await.unwrap();
    answer.into_inner().position.unwrap()
}

async fn then(
    client: &mut Client,
    number: u8,
    (as_of, as_recorded): (Option<Timestamp>, Option<Timestamp>),
) -> Result<pb::StockPosition, tonic::Status> {
    let request = pb::GetStockPositionRequest {
        as_of_time: as_of,
        as_recorded_time: as_recorded,
        ..place(number, 1)
    };
    let answer = client.get_stock_position(request).await?;
    Ok(answer.into_inner().position.unwrap())
}

fn ago(seconds: u64) -> Timestamp {
    let now = vocab::Clock::system().now();
    let then = now.minus(Duration::from_secs(seconds)).unwrap();
    contracts::convert::timestamp(then)
}

fn plus(at: Timestamp, micros: i64) -> Timestamp {
    let moment = contracts::convert::moment(&at).unwrap();
    let moved = Moment::from_micros(moment.micros() + micros).unwrap();
    contracts::convert::timestamp(moved)
}

/// Takes units away, as it happened some seconds ago.
async fn lost(client: &mut Client, number: u8, delta: i64, seconds: u64) -> pb::StockTransaction {
    let request = pb::AdjustStockRequest {
        effective_time: Some(ago(seconds)),
        ..adjusting(number, 1, delta)
    };
    adjust(client, request).await.unwrap().1
}

async fn ledger(client: &mut Client, number: u8) -> Vec<pb::StockTransaction> {
    let request = pb::ListStockTransactionsRequest {
        product_id: product(number),
        page_size: 1000,
        ..pb::ListStockTransactionsRequest::default()
    };
    let answer = client.list_stock_transactions(request).await.unwrap();
    answer.into_inner().transactions
}

/// On hand and reserved by the entries that had happened and were recorded by then.
fn summed(
    ledger: &[pb::StockTransaction],
    (as_of, as_recorded): (Option<Timestamp>, Option<Timestamp>),
) -> (i64, i64) {
    let early = |at: Option<Timestamp>, by: Option<Timestamp>| {
        let moment = |it: Timestamp| contracts::convert::moment(&it).unwrap();
        by.is_none_or(|by| moment(at.unwrap()) <= moment(by))
    };
    let counted = ledger
        .iter()
        .filter(|it| early(it.effective_time, as_of) && early(it.record_time, as_recorded));
    let deltas = counted.map(|it| it.deltas.unwrap());
    deltas.fold((0, 0), |sum, it| (sum.0 + it.on_hand, sum.1 + it.reserved))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_happened_is_the_sum_of_the_entries_that_had_taken_effect() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for round in 1..=6_i64 {
        receive(&mut staff, &[(1, 10 * round)], 1).await.unwrap();
        reserve(&mut staff, &[(1, round)]).await.unwrap();
        let seconds = u64::try_from(round).unwrap();
        lost(&mut staff, 1, -round, 3_600 * (7 - seconds)).await;
    }
    let ledger = ledger(&mut staff, 1).await;
    assert_eq!(ledger.len(), 18);
    for entry in &ledger {
        let edge = entry.effective_time.unwrap();
        for at in [plus(edge, -1), edge, plus(edge, 1)] {
            let seen = then(&mut staff, 1, (Some(at), None)).await.unwrap();
            let sum = summed(&ledger, (Some(at), None));
            assert_eq!((seen.on_hand, seen.reserved), sum, "at {at:?}");
            assert_eq!(seen.etag, "");
        }
    }
    let now = position(&mut staff, 1, 1).await;
    assert_eq!((now.on_hand, now.reserved), summed(&ledger, (None, None)));
    assert_ne!(now.etag, "");
    assert_eq!(now.version, 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_the_same_ever_after_and_refused_while_it_may_change() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let first = receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let at = first[0].record_time.unwrap();
    let young = then(&mut staff, 1, (None, Some(at))).await;
    assert!(!told(&young, "latest_time").is_empty());
    assert_eq!(reason(young), "RECORD_TIME_TOO_RECENT");
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    let once = then(&mut staff, 1, (None, Some(at))).await.unwrap();
    assert_eq!((once.on_hand, once.version), (10, 1));
    // News of yesterday change what was then, and not what was known then.
    lost(&mut staff, 1, -4, 86_400).await;
    let again = then(&mut staff, 1, (None, Some(at))).await.unwrap();
    assert_eq!(again, once);
    let both = (Some(ago(3_600)), Some(at));
    assert_eq!(then(&mut staff, 1, both).await.unwrap().on_hand, 0);
    let late = then(&mut staff, 1, (Some(ago(3_600)), None)).await.unwrap();
    assert_eq!(
        late.discrepancy + late.on_hand,
        -4,
        "the ledger's deltas of then"
    );
    let before = then(&mut staff, 1, (None, Some(plus(at, -1))))
        .await
        .unwrap();
    assert_eq!((before.on_hand, before.version), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_nobody_touched_is_zeros_and_another_tenants_stock_is_nobodys() {
    let bed = Bed::new().await;
    let (mut staff, mut foreign) = (bed.staff(), bed.staff_of(tenant(2)));
    let empty = position(&mut staff, 9, 1).await;
    assert_eq!((empty.version, empty.on_hand, empty.available), (0, 0, 0));
    receive(&mut staff, &[(1, 7)], 1).await.unwrap();
    assert_eq!(position(&mut foreign, 1, 1).await.version, 0);
    let waits = pb::GetStockPositionRequest {
        min_version: 5,
        ..place(1, 1)
    };
    assert_eq!(
        reason(staff.get_stock_position(waits).await),
        "PROJECTION_BEHIND"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_why_adds_up() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for round in 1..=9 {
        receive(&mut staff, &[(1, round)], 1).await.unwrap();
    }
    let hold = reserve(&mut staff, &[(1, 5)]).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -43)).await.unwrap();
    let mut request = pb::WhyStockRequest {
        product_id: product(1),
        location_id: location(1),
        page_size: 4,
        ..pb::WhyStockRequest::default()
    };
    let first = staff.why_stock(request.clone()).await.unwrap().into_inner();
    let now = first.position.clone().unwrap();
    assert_eq!((now.on_hand, now.reserved, now.open_shortfall), (2, 5, 3));
    assert_eq!(first.holds.len(), 1);
    assert_eq!(first.holds[0].reservation_id, hold.reservation_id);
    assert_eq!(first.holds[0].quantity, 5);
    let shortfall = first.shortfall.clone().unwrap();
    assert_eq!((shortfall.open_quantity, shortfall.peak_quantity), (3, 3));
    let opened = &first.transactions[0].transaction_id;
    assert_eq!(&shortfall.opening_transaction_id, opened);
    // What comes in meanwhile belongs to no page of this answer.
    receive(&mut staff, &[(1, 100)], 1).await.unwrap();
    let (mut page, mut after, mut seen) = (first, now.on_hand, 0);
    loop {
        let deltas = page
            .transactions
            .iter()
            .map(|it| it.deltas.unwrap().on_hand);
        let opening = page.opening.unwrap().on_hand;
        assert_eq!(opening + deltas.sum::<i64>(), after);
        seen += page.transactions.len();
        after = opening;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        page = staff.why_stock(request.clone()).await.unwrap().into_inner();
        assert!(page.holds.is_empty() && page.shortfall.is_none());
    }
    assert_eq!((seen, after), (11, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_missing_units_of_a_discrepancy_name_their_entry() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 2)], 1).await.unwrap();
    let (_, entry) = adjust(&mut staff, adjusting(1, 1, -5)).await.unwrap();
    let request = pb::WhyStockRequest {
        product_id: product(1),
        location_id: location(1),
        ..pb::WhyStockRequest::default()
    };
    let why = staff.why_stock(request).await.unwrap().into_inner();
    assert_eq!(why.discrepancies.len(), 1);
    assert_eq!(why.discrepancies[0].quantity, 3);
    assert_eq!(why.discrepancies[0].transaction_id, entry.transaction_id);
}
