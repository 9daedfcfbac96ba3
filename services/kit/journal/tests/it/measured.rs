//! How fast it is, beside one-row commits and beside one transaction a command on the same server.
//!
//! Run with `--release -- --ignored --nocapture measured`; the figures are ratios to be read, and
//! the assertions are the goals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use testbed::{Database, PostgresSettings};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bed::{Process, connect, execute, hold, number, own_database, process, request, tenant};

const FOR: Duration = Duration::from_secs(3);
const SHELVES: u64 = 10_000;

/// Runs callers in a closed loop and returns how many calls a second they made.
async fn rate<F: Future<Output = ()> + Send + 'static>(
    callers: usize,
    call: impl Fn(usize, u64) -> F + Clone + Send + 'static,
) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut loops = JoinSet::new();
    for caller in 0..callers {
        let (done, call) = (done.clone(), call.clone());
        loops.spawn(async move {
            let mut turn = 0;
            while began.elapsed() < FOR {
                call(caller, turn).await;
                turn += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    loops.join_all().await;
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

async fn bare_commits(database: &Database) -> f64 {
    execute(database, "CREATE TABLE bare (id bigint)").await;
    let mut connection = connect(&database.admin_url()).await;
    let (began, mut done) = (Instant::now(), 0.0);
    while began.elapsed() < FOR {
        let insert = sqlx::query("INSERT INTO bare VALUES (1)");
        insert.execute(&mut connection).await.unwrap();
        done += 1.0;
    }
    done / began.elapsed().as_secs_f64()
}

/// What a service without a journal does for one hold.
async fn naive_hold(connection: &mut PgConnection, sku: &str) {
    let mut tx = connection.begin().await.unwrap();
    let tenant = tenant(1).uuid();
    let lock = "SELECT held FROM shelf WHERE tenant_id = $1 AND sku = $2 FOR UPDATE";
    let lock = sqlx::query(lock).bind(tenant).bind(sku);
    lock.fetch_one(&mut *tx).await.unwrap();
    let insert = "INSERT INTO hold VALUES ($1, gen_random_uuid(), 1, now(), 1, 1, now(), NULL, \
         true, '')";
    let insert = sqlx::query(insert).bind(tenant);
    insert.execute(&mut *tx).await.unwrap();
    let update = "UPDATE shelf SET held = held + 1, version = version + 1 \
         WHERE tenant_id = $1 AND sku = $2";
    let update = sqlx::query(update).bind(tenant).bind(sku);
    update.execute(&mut *tx).await.unwrap();
    for stream in ["shelf", "hold"] {
        let fact = "INSERT INTO events (tenant_id, stream_kind, stream_id, version, event_id, \
             kind, payload, actor_type, actor_id, method, correlation_id, causation_id, reason, \
             traceparent, effective_at, recorded_at) VALUES ($1, $2, gen_random_uuid()::text, 1, \
             gen_random_uuid(), 'held', '', 1, 'a', 'b', 'c', 'd', '', '', now(), now())";
        let fact = sqlx::query(fact).bind(tenant).bind(stream);
        fact.execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn naive(database: &Database, callers: usize) -> f64 {
    let mut connections = Vec::new();
    for _ in 0..callers {
        let connection = connect(&database.admin_url()).await;
        connections.push(tokio::sync::Mutex::new(connection));
    }
    let connections = Arc::new(connections);
    rate(callers, move |caller, _| {
        let connections = connections.clone();
        async move { naive_hold(&mut *connections[caller].lock().await, "naive").await }
    })
    .await
}

async fn journaled(process: &Process, callers: usize, shelves: u64) -> f64 {
    let process = process.clone();
    rate(callers, move |caller, turn| {
        let process = process.clone();
        async move {
            let id = u128::from(number_of(caller, turn));
            let place = number_of(caller, turn).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 30;
            let sku = format!("sku-{}", place % shelves);
            let id = id << 64 | u128::from(callers as u64) << 32 | u128::from(shelves);
            let held = process
                .journal
                .submit(request(tenant(1), id, 1), hold(id, &[(sku.as_str(), 1)]));
            held.await.unwrap();
        }
    })
    .await
}

fn number_of(caller: usize, turn: u64) -> u64 {
    (caller as u64) << 40 | turn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, of an optimised build on a quiet machine"]
async fn a_hot_key_is_many_times_faster_than_a_transaction_each() {
    let database = own_database(&PostgresSettings::durable()).await;
    let process = process(&database);
    let fill = format!(
        "INSERT INTO shelf SELECT '{0}', 'sku-' || n, 0, now(), 1000000000, 0, NULL
             FROM generate_series(0, {SHELVES}) n;
         INSERT INTO shelf VALUES ('{0}', 'naive', 0, now(), 1000000000, 0, NULL); ANALYZE",
        tenant(1).uuid()
    );
    execute(&database, &fill).await;
    let bare = bare_commits(&database).await;
    let naive_hot = naive(&database, 64).await;
    let mut figures = Vec::new();
    for callers in [1, 64, 512] {
        let hot = journaled(&process, callers, 1).await;
        let cold = journaled(&process, callers, SHELVES).await;
        println!("{callers:>4} callers: hot {hot:>9.0}/s  cold {cold:>9.0}/s");
        figures.push((hot, cold));
    }
    let (alone, hot) = (figures[0].0, figures[2].0);
    println!("one-row commits {bare:.0}/s, naive hot {naive_hot:.0}/s");
    println!(
        "hot / naive {:.1}, bare / one caller {:.1}",
        hot / naive_hot,
        bare / alone
    );
    let facts = number(&database, "SELECT count(*) FROM events WHERE kind = 'held'").await;
    println!("facts {facts}");
    assert!(hot >= 30.0 * naive_hot);
    assert!(bare <= 3.5 * alone);
}
