//! Ten thousand buyers want a thousand units of one article, from three replicas of which one is
//! killed and comes back, while holds of buyers who walked away end: exactly a thousand are sold,
//! and nothing is stuck.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use contracts::common::{Reference, ReferenceKind};
use contracts::inventory as pb;
use futures_util::future::join_all;
use inventory::{Inventory, InventoryRows, InventoryStore};
use journal::Verify;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use tokio::time::Instant;
use tonic::{Code, Status};
use uuid::Uuid;
use vocab::{LocationId, ProductId};

use crate::fleet::may_pass;
use crate::trio::{Asker, Trio, tenant};

/// How many buyers come; `RETAIL_FLASH_BUYERS` says another number. A tenth as many units are sold.
const BUYERS: usize = 10_000;
/// So many buyers are served at a time.
const AT_A_TIME: usize = 96;
/// Whatever was killed, the sale ends within this time.
const WITHIN: Duration = Duration::from_secs(180);

fn product() -> ProductId {
    ProductId::at(1, [1; 10])
}

fn location() -> LocationId {
    LocationId::at(1, [1; 10])
}

/// What all buyers share.
struct Sale {
    units: i64,
    sold: AtomicI64,
    walked: AtomicUsize,
    failed: AtomicUsize,
    requests: AtomicU64,
    queue: Mutex<VecDeque<usize>>,
    begun: Instant,
}

impl Sale {
    fn sold(&self) -> i64 {
        self.sold.load(Ordering::Relaxed)
    }

    /// The next buyer in the queue, until everything is sold.
    fn next(&self) -> Option<usize> {
        assert!(self.begun.elapsed() < WITHIN, "{} are sold", self.sold());
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        (self.sold() < self.units).then(|| queue.pop_front())?
    }

    /// A buyer who got nothing comes again, behind all others.
    fn again(&self, buyer: usize) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back(buyer);
    }

    fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        uuid::Builder::from_random_bytes(u128::from(number).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    async fn reach(&self, count: i64) {
        let is_reached = async || match self.sold() {
            now if now >= count => Ok(()),
            now => Err(format!("{now} of {count}")),
        };
        eventually(WITHIN, "so many are sold", is_reached)
            .await
            .unwrap();
    }
}

/// What a buyer does: a third walk away from what they held for a moment, a third want two units
/// in two lines of the same article, and the rest want one.
fn wanted(buyer: usize) -> (&'static [i64], i64, bool) {
    match buyer % 3 {
        0 => (&[1], 1, true),
        1 => (&[1, 1], 60, false),
        _ => (&[1], 60, false),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_what_there_is_is_sold_whoever_dies_and_whoever_walks_away() {
    let told = std::env::var_os("RETAIL_FLASH_BUYERS");
    let buyers = told.map_or(BUYERS, |it| it.to_str().unwrap().parse().unwrap());
    let units = i64::try_from(buyers / 10).unwrap();
    let mut trio = Trio::start().await;
    let askers = trio.askers();
    stock(&trio, &askers[0], units).await;
    let sale = Sale {
        units,
        sold: AtomicI64::new(0),
        walked: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
        requests: AtomicU64::new(0),
        queue: Mutex::new((0..buyers).collect()),
        begun: Instant::now(),
    };
    let serving = (0..AT_A_TIME).map(async |place| {
        while let Some(buyer) = sale.next() {
            serve(&sale, &askers, (place, buyer)).await;
        }
    });
    let harm = async {
        sale.reach(units * 3 / 10).await;
        trio.kill_replica(1);
        sale.reach(units * 6 / 10).await;
        trio.start_replica(1).await;
    };
    tokio::join!(join_all(serving), harm);
    assert_eq!(sale.sold(), units);
    assert!(
        sale.walked.load(Ordering::Relaxed) > 0,
        "nobody walked away"
    );
    assert!(
        sale.failed.load(Ordering::Relaxed) > 0,
        "nobody felt the kill"
    );
    nothing_is_stuck(&trio, units).await;
    let facts = verified(&trio).await;
    println!(
        "{units} units sold to {buyers} buyers in {:.1?}, {} walked away, {} attempts failed, \
         {facts} facts",
        sale.begun.elapsed(),
        sale.walked.load(Ordering::Relaxed),
        sale.failed.load(Ordering::Relaxed),
    );
}

/// Tells inventory of the article and puts the units on the shelf.
async fn stock(trio: &Trio, asker: &Asker, units: i64) {
    let mut admin = PgConnection::connect(&trio.database.admin_url())
        .await
        .unwrap();
    sqlx::query("INSERT INTO known_products VALUES ($1, $2, 'HOT', 'Hot', 1, false, 1)")
        .bind(tenant().uuid())
        .bind(product().uuid())
        .execute(&mut admin)
        .await
        .unwrap();
    sqlx::query("INSERT INTO known_locations VALUES ($1, $2, 'L', 'UTC', true, 1, 1)")
        .bind(tenant().uuid())
        .bind(location().uuid())
        .execute(&mut admin)
        .await
        .unwrap();
    let request = pb::ReceiveStockRequest {
        reference: reference("PO-1"),
        location_id: location().to_string(),
        lines: vec![pb::ReceiptLine {
            product_id: product().to_string(),
            quantity: units,
            ..pb::ReceiptLine::default()
        }],
        request_id: Uuid::from_u128(7).to_string(),
        ..pb::ReceiveStockRequest::default()
    };
    let mut client = asker.client.clone();
    client.receive_stock(asker.asking(request)).await.unwrap();
}

fn reference(id: &str) -> Option<Reference> {
    Some(Reference {
        kind: ReferenceKind::Cart.into(),
        reference_id: id.to_owned(),
    })
}

/// Holds, and buys or walks away. Whatever may have happened is asked again under its own name.
async fn serve(sale: &Sale, askers: &[Asker; 3], (place, buyer): (usize, usize)) {
    let (lines, seconds, walks) = wanted(buyer);
    let lines = lines.iter().map(|quantity| pb::ReserveLine {
        product_id: product().to_string(),
        quantity: *quantity,
        ..pb::ReserveLine::default()
    });
    let request = pb::ReserveStockRequest {
        reference: reference(&format!("buyer-{buyer}")),
        lines: lines.collect(),
        ttl: Some(prost_types::Duration { seconds, nanos: 0 }),
        request_id: sale.request_id(),
        ..pb::ReserveStockRequest::default()
    };
    let held = insist(sale, askers, place, async |asker: &Asker| {
        let asked = asker.asking(request.clone());
        asker.client.clone().reserve_stock(asked).await
    });
    let hold = match held.await {
        Ok(answer) => answer.into_inner().reservation.unwrap(),
        Err(status) => {
            assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
            // Sold out for now: what others walk away from comes back.
            tokio::time::sleep(Duration::from_millis(5)).await;
            return sale.again(buyer);
        }
    };
    if walks {
        sale.walked.fetch_add(1, Ordering::Relaxed);
        return;
    }
    buy(sale, askers, (place, hold)).await;
}

async fn buy(sale: &Sale, askers: &[Asker; 3], (place, hold): (usize, pb::Reservation)) {
    let request = pb::CommitReservationRequest {
        reservation_id: hold.reservation_id.clone(),
        epoch: hold.epoch,
        request_id: sale.request_id(),
        ..pb::CommitReservationRequest::default()
    };
    let bought = insist(sale, askers, place, async |asker: &Asker| {
        let asked = asker.asking(request.clone());
        asker.client.clone().commit_reservation(asked).await
    });
    bought.await.unwrap();
    let units: i64 = hold.lines.iter().map(|it| it.quantity).sum();
    sale.sold.fetch_add(units, Ordering::Relaxed);
}

/// Asks one replica after the other until somebody says what became of it.
async fn insist<T>(
    sale: &Sale,
    askers: &[Asker; 3],
    place: usize,
    ask: impl AsyncFn(&Asker) -> Result<T, Status>,
) -> Result<T, Status> {
    for attempt in 0.. {
        let answered = ask(&askers[(place + attempt) % askers.len()]).await;
        match answered {
            Err(status) if may_pass(&status) => {
                assert!(sale.begun.elapsed() < WITHIN, "{status:?}");
                sale.failed.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            said => return said,
        }
    }
    unreachable!("there is always another attempt")
}

/// All is gone from the shelf, nothing is promised, and no hold lives on.
async fn nothing_is_stuck(trio: &Trio, units: i64) {
    let url = trio.database.admin_url();
    let is_over = async || {
        let mut admin = PgConnection::connect(&url).await.unwrap();
        let sql = "SELECT on_hand, reserved, open_shortfall, discrepancy FROM positions";
        let row: (i64, i64, i64, i64) = sqlx::query_as(sql).fetch_one(&mut admin).await.unwrap();
        let sql = "SELECT count(*) FROM reservations WHERE state = 'ACTIVE'";
        let live: i64 = sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap();
        match (row, live) {
            ((0, 0, 0, 0), 0) => Ok(()),
            other => Err(format!("of {units} units: {other:?}")),
        }
    };
    eventually(WITHIN, "nothing is stuck", is_over)
        .await
        .unwrap();
}

async fn verified(trio: &Trio) -> u64 {
    let log = trio.database.log_url();
    let mut log = PgConnection::connect(&log).await.unwrap();
    let mut rows = InventoryRows;
    let verify = Verify::new(&Inventory, &InventoryStore).unwrap();
    let report = verify.derived(&mut rows).run(&mut log).await.unwrap();
    assert_eq!(report.differences, []);
    report.facts
}
