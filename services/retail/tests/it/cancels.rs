//! Ten thousand callers leave a served catalog at random moments, or give it next to no time. What
//! they leave behind is nothing: no transaction, no lock, no place taken, and of what was
//! acknowledged everything, once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use catalog::{Catalog, CatalogRows, CatalogStore};
use contracts::catalog as pb;
use futures_util::future::join_all;
use journal::Verify;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use tokio::time::timeout;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::bed::signal;
use crate::fleet::{ANSWER_WITHIN, Caller, Fleet, tenant};
use crate::gauges::Gauges;
use crate::work::{changed, created, drawn, request_id};

/// How many calls are left, or have hardly any time; `RETAIL_CANCELS` says another number.
const CALLS: usize = 10_000;
/// So many callers call at a time.
const CALLERS: usize = 16;
/// Every so many-th call waits for its answer, so that there is something to lose.
const PATIENT: usize = 16;
/// Callers who give little time give less than this.
const TIME: Duration = Duration::from_millis(20);
/// Callers who leave stay for less than this: long enough that some are answered first.
const STAY: Duration = Duration::from_millis(80);
/// So often as many as there are callers read at once and leave within so short a time.
const READS: usize = 30;
const READ: Duration = Duration::from_millis(25);
/// Products that were there before and that everybody changes.
const PRODUCTS: usize = 20;
/// After so many calls a caller leaves with its connection.
const CONNECTION_CALLS: usize = 100;
/// Whatever calls left behind is gone within this time. The server ends a transaction that is left
/// alone for five seconds, and that must not be what cleans up.
const GONE_WITHIN: Duration = Duration::from_secs(3);
/// What the server says when it does.
const LEFT_ALONE: &str = "idle-in-transaction timeout";
/// How long the replica may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// What the second half of the calls may add to the memory of the process, in KiB: the cache fills
/// up, and what was sent is held for a while.
const GROWTH_MAX_KIB: u64 = 48 * 1024;

/// What callers may be answered.
const EXPECTED: [Code; 5] = [
    Code::Cancelled,
    Code::DeadlineExceeded,
    Code::ResourceExhausted,
    Code::Unavailable,
    Code::Aborted,
];

/// What callers learned before they left.
#[derive(Default)]
struct Seen {
    next: AtomicUsize,
    /// Writes that were acknowledged.
    acknowledged: Mutex<BTreeSet<usize>>,
    left: AtomicUsize,
    answers: Mutex<HashMap<Code, usize>>,
    /// Answers that nobody who leaves or hurries has to expect.
    strange: Mutex<Vec<Status>>,
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_leave_take_everything_with_them() {
    let calls = std::env::var_os("RETAIL_CANCELS");
    let calls: usize = calls.map_or(CALLS, |it| it.to_str().unwrap().parse().unwrap());
    let calls = calls + calls.div_ceil(PATIENT - 1);
    let gauges = Gauges::start().await;
    let mut fleet = Fleet::lone(&gauges.url).await;
    let caller = fleet.caller(0);
    let products = products(&caller).await;
    let seen = Seen::default();
    seen.next.store(PRODUCTS, Ordering::Relaxed);

    storm(&fleet, &products, &seen, PRODUCTS + calls / 2).await;
    let before = resident_kib(fleet.process(0).id());
    storm(&fleet, &products, &seen, PRODUCTS + calls).await;
    let after = resident_kib(fleet.process(0).id());
    let left = seen.left.load(Ordering::Relaxed);
    let answers = seen.answers.lock().unwrap().clone();
    println!("{calls} calls, {left} left, answered {answers:?}; {before} KiB, then {after} KiB");
    assert!(left > calls / 10, "hardly anybody left before the answer");
    let strange = seen.strange.lock().unwrap().clone();
    assert!(strange.is_empty(), "{:?}", &strange[..strange.len().min(5)]);

    readers_leave(&fleet).await;
    nothing_is_left_behind(&fleet).await;
    still_serves(&caller, PRODUCTS + calls).await;
    what_was_acknowledged_is_there_once(&fleet, &seen, PRODUCTS + calls).await;
    assert!(
        after < before + GROWTH_MAX_KIB,
        "{before} KiB became {after} KiB"
    );

    // Its last words tell how many calls it still counts.
    let pid = fleet.process(0).id();
    signal(pid, "-TERM");
    let ended = async || fleet.process(0).try_wait().unwrap();
    let ended = eventually(ENDS_WITHIN, "the replica ends", ended)
        .await
        .unwrap();
    assert!(ended.success(), "{ended:?}");
    assert_eq!(gauges.last("retail.rpc.in_flight"), Some(0));
}

async fn products(caller: &Caller) -> Vec<String> {
    let made = (0..PRODUCTS).map(async |number| {
        let request = caller.asking(created(number), ANSWER_WITHIN);
        let made = caller.client().create_product(request).await.unwrap();
        made.into_inner().product.unwrap().product_id
    });
    join_all(made).await
}

/// Calls until a number is reached, many at a time.
async fn storm(fleet: &Fleet, products: &[String], seen: &Seen, until: usize) {
    let callers = (0..CALLERS).map(async |_| {
        let mut caller = fleet.caller(0);
        for round in 1.. {
            let number = seen.next.fetch_add(1, Ordering::Relaxed);
            if number >= until {
                // It is for the next storm to call with it.
                seen.next.store(until, Ordering::Relaxed);
                break;
            }
            let call = one(&caller, products, number);
            let answer = if is_patient(number) || drawn(number).is_multiple_of(3) {
                Some(call.await)
            } else {
                timeout(time(number, 1, STAY), call).await.ok()
            };
            match answer {
                Some(answer) => seen.told(number, answer.err()),
                None => drop(seen.left.fetch_add(1, Ordering::Relaxed)),
            }
            if round % CONNECTION_CALLS == 0 {
                caller = fleet.caller(0);
            }
        }
    });
    join_all(callers).await;
}

/// Reads go on until the last moment, and all of them are left in it: what one leaves half done, no
/// later one cleans up.
async fn readers_leave(fleet: &Fleet) {
    let caller = fleet.caller(0);
    for number in 0..READS {
        let reads = (0..CALLERS).map(async |reader| {
            let request = caller.asking(pb::ListProductsRequest::default(), ANSWER_WITHIN);
            let stay = time(number * CALLERS + reader, 3, READ);
            timeout(stay, caller.client().list_products(request))
                .await
                .is_err()
        });
        let left = join_all(reads).await;
        assert!(number > 0 || left.contains(&true), "nobody left a read");
    }
}

/// One call, which has hardly any time, or enough.
async fn one(caller: &Caller, products: &[String], number: usize) -> Result<(), Status> {
    let within = if is_patient(number) || drawn(number) % 3 == 2 {
        ANSWER_WITHIN
    } else {
        time(number, 2, TIME)
    };
    let product = &products[drawn(number) % products.len()];
    let mut client = caller.client();
    match number % 10 {
        0..5 => {
            let request = caller.asking(created(number), within);
            client.create_product(request).await.map(drop)
        }
        5..8 => {
            let request = caller.asking(changed(product, number), within);
            client.update_product(request).await.map(drop)
        }
        8 => {
            let request = pb::ListProductsRequest::default();
            let request = caller.asking(request, within);
            client.list_products(request).await.map(drop)
        }
        _ => {
            let request = pb::WatchProductsRequest::default();
            let request = caller.asking(request, within);
            let mut watch = client.watch_products(request).await?.into_inner();
            while watch.message().await?.is_some() {}
            Ok(())
        }
    }
}

fn is_patient(number: usize) -> bool {
    number.is_multiple_of(PATIENT)
}

/// A time below another that looks drawn.
fn time(number: usize, salt: usize, most: Duration) -> Duration {
    let most = usize::try_from(most.as_micros()).unwrap();
    let micros = drawn(number * 2 + salt * 1_000_003) % most;
    Duration::from_micros(u64::try_from(micros).unwrap())
}

impl Seen {
    fn told(&self, number: usize, failed: Option<Status>) {
        let code = failed.as_ref().map_or(Code::Ok, Status::code);
        *self.answers.lock().unwrap().entry(code).or_default() += 1;
        self.strange
            .lock()
            .unwrap()
            .extend(failed.filter(|it| !EXPECTED.contains(&it.code())));
        if code == Code::Ok && number % 10 < 8 {
            self.acknowledged.lock().unwrap().insert(number);
        }
    }
}

async fn nothing_is_left_behind(fleet: &Fleet) {
    let url = fleet.database.admin_url();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let sql = "SELECT
          (SELECT count(*) FROM pg_stat_activity a
            WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
              AND a.xact_start IS NOT NULL),
          (SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
              AND l.locktype <> 'advisory')";
    let is_clean = async || {
        let counts: (i64, i64) = sqlx::query_as(sql).fetch_one(&mut admin).await.unwrap();
        match counts {
            (0, 0) => Ok(()),
            other => Err(format!("transactions and locks: {other:?}")),
        }
    };
    let clean = eventually(GONE_WITHIN, "nothing is open or locked", is_clean).await;
    clean.unwrap();
    // What the server had to end was left alone for seconds, whatever is there now.
    let log = fleet.database.postgres().log();
    let ended = log.lines().find(|it| it.contains(LEFT_ALONE));
    assert_eq!(ended, None);
}

/// Every place for calls is free again: as many as there are callers find one at once.
async fn still_serves(caller: &Caller, from: usize) {
    let calls = (from..from + CALLERS).map(async |number| {
        let request = caller.asking(created(number), ANSWER_WITHIN);
        caller.client().create_product(request).await.map(drop)
    });
    let failed: Vec<Status> = join_all(calls)
        .await
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// A write that was acknowledged has one event; one that was left has one or none.
async fn what_was_acknowledged_is_there_once(fleet: &Fleet, seen: &Seen, until: usize) {
    let mut log = PgConnection::connect(&fleet.database.log_url())
        .await
        .unwrap();
    let sql = "SELECT request_id, count(*) FROM events WHERE tenant_id = $1 GROUP BY request_id";
    let counts = sqlx::query_as(sql).bind(tenant().uuid());
    let counts: Vec<(Option<Uuid>, i64)> = counts.fetch_all(&mut log).await.unwrap();
    let counts: BTreeMap<Option<Uuid>, i64> = counts.into_iter().collect();
    assert!(
        counts.values().all(|it| *it == 1),
        "something was done twice"
    );
    let acknowledged = seen.acknowledged.lock().unwrap().clone();
    assert!(
        acknowledged.len() > until / 100,
        "hardly anything was acknowledged"
    );
    let is_lost = |it: &&usize| !counts.contains_key(&Some(request_id(**it)));
    let lost: Vec<&usize> = acknowledged.iter().filter(is_lost).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let mut rows = CatalogRows::default();
    let verify = Verify::new(&Catalog, &CatalogStore).unwrap();
    let report = verify.derived(&mut rows).run(&mut log).await.unwrap();
    assert_eq!(report.differences, []);
}

/// The memory that a process holds.
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
