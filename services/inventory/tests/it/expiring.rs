//! The end of timed holds: by the database's clock, whatever a replica's clock says.

use std::time::Duration;

use contracts::inventory as pb;
use pb::ReservationState as State;
use testbed::eventually;
use vocab::Clock;

use crate::SOON;
use crate::bed::*;
use crate::verified::verify;

fn brief(wanted: &[(u8, i64)], seconds: i64) -> pb::ReserveStockRequest {
    pb::ReserveStockRequest {
        ttl: Some(prost_types::Duration { seconds, nanos: 0 }),
        ..reserving(wanted)
    }
}

/// Waits until the database's clock has passed an instant by a millisecond.
async fn pass(bed: &Bed, end: prost_types::Timestamp) {
    let at = contracts::convert::moment(&end).unwrap();
    let sql = "SELECT pg_sleep(greatest(0, extract(epoch FROM
        to_timestamp($1::float8 / 1e6) + interval '1 ms' - clock_timestamp())))";
    sqlx::query(sql)
        .bind(at.micros() as f64)
        .execute(&mut bed.admin().await)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_confirmed_a_millisecond_after_its_end_is_refused() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    let hold = staff.reserve_stock(brief(&[(1, 5)], 1)).await.unwrap();
    let hold = hold.into_inner().reservation.unwrap();
    pass(&bed, hold.expire_time.unwrap()).await;
    let late = commit(&mut staff, &hold, vec![]).await;
    assert_eq!(reason(late), "RESERVATION_EXPIRED");
    let shown = find(&mut staff, &hold.reservation_id).await.unwrap();
    assert_eq!(shown.state(), State::Expired, "cleaned up or not");
}

#[tokio::test(flavor = "multi_thread")]
async fn units_of_holds_that_are_over_can_be_sold_again() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 20)], 1).await.unwrap();
    for _ in 0..20 {
        staff.reserve_stock(brief(&[(1, 1)], 5)).await.unwrap();
    }
    assert_eq!(
        reason(reserve(&mut staff, &[(1, 1)]).await),
        "INSUFFICIENT_STOCK"
    );
    let is_free = async || match levels(&bed, 1, 1).await {
        (20, 0, 0) => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "the units are free", is_free)
        .await
        .unwrap();
    reserve(&mut staff, &[(1, 20)]).await.unwrap();
    let sql = "SELECT count(*) FROM events WHERE kind = 'stock_released'";
    let entries: i64 = sqlx::query_scalar(sql)
        .fetch_one(&mut bed.admin().await)
        .await
        .unwrap();
    assert!(
        entries < 20,
        "holds that end together are one entry: {entries}"
    );
    verify(&bed.database).await;
}

/// A machine whose clock is an hour ahead, and one whose clock is an hour behind, decide by the
/// same clock as all others: neither ends holds too early nor sells what is held.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_whose_clocks_are_an_hour_off_neither_oversell_nor_end_holds() {
    let bed = Bed::new().await;
    receive(&mut bed.staff(), &[(1, 10)], 1).await.unwrap();
    let mut replicas = Vec::new();
    for ahead in [true, false] {
        let (clock, hands) = Clock::skewed();
        let hour = Duration::from_secs(3_600);
        match ahead {
            true => hands.forward(hour),
            false => hands.back(hour),
        }
        let running = bed.replica_at(clock.clone()).await;
        replicas.push((running, clock));
    }
    let hold = reserve(&mut bed.staff(), &[(1, 4)]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(levels(&bed, 1, 1).await, (10, 4, 0), "nobody ended it");
    let mut granted = 0;
    for (running, clock) in &replicas {
        let mut skewed = bed.client_at(running, clock.now());
        for _ in 0..6 {
            match skewed.reserve_stock(brief(&[(1, 1)], 2)).await {
                Ok(_) => granted += 1,
                Err(status) => assert_eq!(view(&status).reason, "INSUFFICIENT_STOCK"),
            }
        }
    }
    assert_eq!(granted, 6, "ten units less the four that are held");
    let mut skewed = bed.client_at(&replicas[0].0, replicas[0].1.now());
    commit(&mut skewed, &hold, vec![]).await.unwrap();
    let is_free = async || match levels(&bed, 1, 1).await {
        (6, 0, 0) => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "the short holds end", is_free)
        .await
        .unwrap();
    verify(&bed.database).await;
}
