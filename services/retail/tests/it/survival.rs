//! Writes go on while a replica, the broker and the database are killed, and the broker's disk is
//! lost. Every acknowledged write is there once, the broker holds every event in the order of its
//! stream, and folding the history anew finds nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::provision::stream_of;
use catalog::{Catalog, CatalogRows, CatalogStore};
use contracts::catalog as pb;
use futures_util::future::join_all;
use journal::Verify;
use prost::Message as _;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use tokio::time::Instant;
use uuid::Uuid;

use crate::pair::{Caller, Pair};

/// How many writes are acknowledged; `RETAIL_FAULT_WRITES` says another number.
const WRITES: usize = 10_000;
/// A product is created, and then changed until it was written so often.
const WRITES_OF_A_PRODUCT: usize = 4;
/// So many callers write at a time.
const WRITERS: usize = 32;
/// Whatever was killed, everything goes on within this time.
const WITHIN: Duration = Duration::from_secs(120);

/// What the writers share.
struct Progress {
    acknowledged: AtomicUsize,
    repeated: AtomicUsize,
}

impl Progress {
    fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }

    async fn reach(&self, count: usize) {
        let is_reached = async || {
            let now = self.acknowledged();
            if now >= count {
                Ok(())
            } else {
                Err(format!("{now} of {count}"))
            }
        };
        eventually(WITHIN, "so many writes are acknowledged", is_reached)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_outlive_every_kill_and_the_loss_of_the_brokers_disk() {
    let products = products();
    let writes = products * WRITES_OF_A_PRODUCT;
    let mut pair = Pair::start().await;
    let callers = pair.callers();
    let progress = Progress {
        acknowledged: AtomicUsize::new(0),
        repeated: AtomicUsize::new(0),
    };
    let begun = Instant::now();
    let writers = (0..WRITERS).map(async |writer| {
        for product in (writer..products).step_by(WRITERS) {
            write(&callers, product, &progress).await;
        }
    });
    tokio::join!(join_all(writers), harm(&mut pair, &progress, writes));
    let (written, repeated) = (begun.elapsed(), progress.repeated.load(Ordering::Relaxed));
    assert_eq!(progress.acknowledged(), writes);
    assert!(repeated > 0, "no fault was felt by any writer");
    pair.assert_alive();

    let mut admin = PgConnection::connect(&pair.database.admin_url())
        .await
        .unwrap();
    every_write_is_there_once(&mut admin, products).await;
    let stored = published(&pair).await;
    let facts = verified(&pair).await;
    assert_eq!(usize::try_from(facts).unwrap(), writes);
    println!(
        "{writes} writes in {written:.1?}, {repeated} attempts failed, {stored} messages stored, \
         all judged after {:.1?}",
        begun.elapsed()
    );
}

fn products() -> usize {
    let told = std::env::var_os("RETAIL_FAULT_WRITES");
    told.map_or(WRITES, |it| it.to_str().unwrap().parse().unwrap()) / WRITES_OF_A_PRODUCT
}

/// Creates a product and changes it, each time until that is acknowledged.
async fn write(callers: &[Caller], product: usize, progress: &Progress) {
    let mut id = String::new();
    for step in 0..WRITES_OF_A_PRODUCT {
        let begun = Instant::now();
        for attempt in 0.. {
            let caller = &callers[(product + step + attempt) % callers.len()];
            let answered = match step {
                0 => caller.create(created(product)).await,
                _ => caller.update(changed(product, &id, step)).await,
            };
            match answered {
                Ok(written) => {
                    id = written.product_id;
                    break;
                }
                Err(status) => assert!(
                    Pair::may_pass(&status) && begun.elapsed() < WITHIN,
                    "product {product}, step {step}, attempt {attempt}: {status:?}"
                ),
            }
            progress.repeated.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        progress.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

fn created(product: usize) -> pb::CreateProductRequest {
    pb::CreateProductRequest {
        product: Some(pb::Product {
            sku: sku(product),
            title: title(0),
            price: Some(contracts::common::Money {
                currency_code: "EUR".to_owned(),
                units: 10,
                nanos: 0,
            }),
            unit_of_measure: contracts::common::UnitOfMeasure::Each.into(),
            ..pb::Product::default()
        }),
        request_id: request_id(product, 0).to_string(),
    }
}

fn changed(product: usize, id: &str, step: usize) -> pb::UpdateProductRequest {
    pb::UpdateProductRequest {
        product: Some(pb::Product {
            product_id: id.to_owned(),
            title: title(step),
            ..pb::Product::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["title".to_owned()],
        }),
        request_id: request_id(product, step).to_string(),
    }
}

fn sku(product: usize) -> String {
    format!("F-{product}")
}

fn title(step: usize) -> String {
    format!("Step {step}")
}

/// The same for every attempt of a write, and of no other write.
fn request_id(product: usize, step: usize) -> Uuid {
    let number = (product * WRITES_OF_A_PRODUCT + step + 1) as u128;
    uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid()
}

/// One fault after another, while writes go on.
async fn harm(pair: &mut Pair, progress: &Progress, writes: usize) {
    let meanwhile = writes / 20;
    progress.reach(writes * 2 / 20).await;
    pair.kill_replica(0);
    progress.reach(progress.acknowledged() + meanwhile).await;
    pair.start_replica(0).await;

    progress.reach(writes * 5 / 20).await;
    pair.nats.kill().unwrap();
    // Writes do not need the broker.
    progress.reach(progress.acknowledged() + meanwhile).await;
    pair.nats.restart().await.unwrap();

    progress.reach(writes * 8 / 20).await;
    pair.database.postgres().kill().unwrap();
    pair.database.postgres().restart().await.unwrap();

    progress.reach(writes * 11 / 20).await;
    // What is lost next is published again, and would hide what went wrong until now.
    published(pair).await;
    pair.nats.kill().unwrap();
    pair.nats.drop_disk().await.unwrap();
    progress.reach(progress.acknowledged() + meanwhile).await;
    pair.nats.restart().await.unwrap();
    pair.provision().await;
    assert!(
        progress.acknowledged() < writes,
        "the last fault was too late"
    );
}

async fn every_write_is_there_once(admin: &mut PgConnection, products: usize) {
    let sql = "SELECT sku, title, version FROM products";
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as(sql).fetch_all(&mut *admin).await.unwrap();
    assert_eq!(rows.len(), products);
    let skus: BTreeSet<&String> = rows.iter().map(|it| &it.0).collect();
    assert_eq!(skus.len(), products, "no SKU twice");
    let last = (title(WRITES_OF_A_PRODUCT - 1), WRITES_OF_A_PRODUCT as i64);
    for (sku, title, version) in &rows {
        assert_eq!((title, *version), (&last.0, last.1), "{sku}");
    }
    let sql = "SELECT request_id, count(*) FROM events GROUP BY request_id";
    let counts: Vec<(Option<Uuid>, i64)> =
        sqlx::query_as(sql).fetch_all(&mut *admin).await.unwrap();
    let counts: BTreeMap<Option<Uuid>, i64> = counts.into_iter().collect();
    let steps = (0..products).flat_map(|it| (0..WRITES_OF_A_PRODUCT).map(move |step| (it, step)));
    let once = steps.map(|(product, step)| (Some(request_id(product, step)), 1));
    assert!(counts == once.collect(), "a write has no event, or two");
    let sql = "SELECT stream_id, min(version), max(version), count(*) FROM events GROUP BY 1";
    let streams: Vec<(String, i64, i64, i64)> =
        sqlx::query_as(sql).fetch_all(&mut *admin).await.unwrap();
    assert_eq!(streams.len(), products);
    for (stream, first, highest, count) in streams {
        assert_eq!((first, highest, count), (1, last.1, last.1), "{stream}");
    }
}

/// Waits until the broker holds every event that is committed now. Returns how many messages that
/// are, at least.
async fn published(pair: &Pair) -> usize {
    let url = pair.database.admin_url();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let sql = "SELECT stream_id, max(version) FROM events GROUP BY 1";
    let wanted: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&mut admin).await.unwrap();
    let is_held = async || held(pair, &wanted).await;
    eventually(WITHIN, "the broker holds every event", is_held)
        .await
        .unwrap()
}

/// Reads all that the broker holds. A version may come again, but never before its predecessor.
async fn held(pair: &Pair, wanted: &[(String, i64)]) -> Result<usize, String> {
    let jetstream = pair.jetstream().await;
    let stream = jetstream.get_stream(stream_of("catalog")).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let state = stream.cached_info().state.clone();
    let mut highest: BTreeMap<String, i64> = BTreeMap::new();
    for sequence in state.first_sequence..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await;
        let message = message.map_err(|error| format!("message {sequence}: {error}"))?;
        let event = pb::ProductEvent::decode(message.payload).unwrap();
        let metadata = event.metadata.unwrap();
        let highest = highest.entry(metadata.aggregate_id).or_default();
        let version = metadata.aggregate_version;
        assert!(version <= *highest + 1, "{version} came after {highest}");
        *highest = version.max(*highest);
    }
    let is_missing = |it: &&(String, i64)| highest.get(&it.0).is_none_or(|held| *held < it.1);
    match wanted.iter().find(is_missing) {
        None => Ok(usize::try_from(state.messages).unwrap()),
        Some(missing) => Err(format!("{missing:?} is not held")),
    }
}

async fn verified(pair: &Pair) -> u64 {
    let log = pair.database.log_url();
    let mut log = PgConnection::connect(&log).await.unwrap();
    let mut rows = CatalogRows::default();
    let verify = Verify::new(&Catalog, &CatalogStore).unwrap();
    let report = verify.derived(&mut rows).run(&mut log).await.unwrap();
    assert_eq!(report.differences, []);
    assert_eq!(report.found, 0);
    report.facts
}
