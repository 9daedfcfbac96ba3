//! A meeting of transactions that a busy run comes to by luck alone: a stream is written by one
//! with a number, then by one with a smaller number, while one with a number in between is open.
//!
//! It is arranged from outside, by row locks and by a transaction of somebody else; what is written
//! are batches of the replicas like any other. Whoever takes the oldest open transaction for the
//! end of the log then reads the second write before the first.

use std::time::Duration;

use futures_util::future::join_all;
use sqlx::{Connection, Executor, PgConnection};
use testbed::eventually;
use tokio::time::sleep;
use uuid::Uuid;
use vocab::ProductId;

use crate::fleet::Fleet;
use crate::work::{Kind, Work};

/// So often it is tried: a busy machine may part what should have come together.
const ATTEMPTS: usize = 10;
/// How long each step may take: longer than a batch waits for a row.
const STEP: Duration = Duration::from_secs(1);
/// How long writes are given to come together behind one that waits.
const GATHER: Duration = Duration::from_millis(50);
/// How long the relay may take to publish what was committed.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(5);

/// The products that are written, in the order in which batches lock them.
struct Rows {
    /// Holds up the writer of the first replica, until all that it shall write together is there.
    gate: usize,
    /// What its batch locks first, and has its number from.
    first: usize,
    /// What holds up the batch.
    held: usize,
    /// What it locks last, when somebody with a larger number has written it. A change that goes by
    /// what was read before would be tried anew, with a new number, so it is another kind of write.
    last: usize,
}

/// Brings it about, while nobody else writes.
pub async fn arrange(fleet: &Fleet, work: &Work) {
    let _quiet = work.quiet().await;
    for times in 1..=ATTEMPTS {
        if attempt(fleet, work).await {
            println!("crossed at attempt {times}");
            return;
        }
    }
    panic!("no stream was written by transactions that had crossed");
}

async fn attempt(fleet: &Fleet, work: &Work) -> bool {
    let url = fleet.database.admin_url();
    let rows = Rows::of(work);
    let mut gate = Hold::of(&url, work.product(rows.gate)).await;
    let mut held = Hold::of(&url, work.product(rows.held)).await;
    let mut between = Between::of(&url).await;
    let waiting = work.one_more(0, Kind::Change(rows.gate));
    let crossing = async {
        gate.is_waited_for().await;
        let changes = [rows.first, rows.held].map(Kind::Change);
        let batch = changes.into_iter().chain([Kind::Publish(rows.last)]);
        let batch = join_all(batch.map(|it| work.one_more(0, it)));
        let meanwhile = async {
            sleep(GATHER).await;
            gate.release().await;
            held.is_waited_for().await;
            between.begin().await;
            work.one_more(1, Kind::Change(rows.last)).await;
            held.release().await;
        };
        tokio::join!(batch, meanwhile);
        let stream = work.product(rows.last);
        let crossed = between.were_crossed(stream).await;
        if crossed {
            between.outlasts_the_relay(stream).await;
        }
        crossed
    };
    let ((), crossed) = tokio::join!(waiting, crossing);
    work.one_more(0, Kind::Unpublish(rows.last)).await;
    crossed
}

impl Rows {
    fn of(work: &Work) -> Self {
        let mut products: Vec<(ProductId, usize)> = (0..work.products())
            .map(|it| (work.product(it).parse().unwrap(), it))
            .collect();
        products.sort_unstable();
        let [gate, first, held, last] = [0, 1, 2, 3].map(|it| products[it].1);
        Self {
            gate,
            first,
            held,
            last,
        }
    }
}

/// Somebody who holds the row of a product.
struct Hold {
    connection: PgConnection,
    pid: i32,
    looks: PgConnection,
}

impl Hold {
    async fn of(url: &str, product: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        let sql = "SELECT pg_backend_pid() FROM products WHERE product_id = $1 FOR NO KEY UPDATE";
        let pid = sqlx::query_scalar(sql).bind(uuid_of(product));
        Self {
            pid: pid.fetch_one(&mut connection).await.unwrap(),
            connection,
            looks: PgConnection::connect(url).await.unwrap(),
        }
    }

    /// Waits until a batch waits for the row. If none does in time, the attempt will have failed.
    async fn is_waited_for(&mut self) {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))";
        let is_waited_for = async || {
            let waiting = sqlx::query_scalar(sql).bind(self.pid);
            let waiting: i64 = waiting.fetch_one(&mut self.looks).await.unwrap();
            waiting > 0
        };
        eventually(STEP, "a batch waits for the row", is_waited_for)
            .await
            .ok();
    }

    async fn release(&mut self) {
        self.connection.execute("ROLLBACK").await.unwrap();
    }
}

/// Somebody else whose transaction has a number between those of two writes.
struct Between {
    open: PgConnection,
    xid: String,
    looks: PgConnection,
}

impl Between {
    async fn of(url: &str) -> Self {
        Self {
            open: PgConnection::connect(url).await.unwrap(),
            xid: String::new(),
            looks: PgConnection::connect(url).await.unwrap(),
        }
    }

    async fn begin(&mut self) {
        self.open.execute("BEGIN").await.unwrap();
        let xid = sqlx::query_scalar("SELECT pg_current_xact_id()::text");
        self.xid = xid.fetch_one(&mut self.open).await.unwrap();
    }

    /// Whether the stream was written by one with a larger number, and then by one with a smaller.
    async fn were_crossed(&mut self, stream: &str) -> bool {
        let sql = "SELECT count(*) FROM events e JOIN events l
              ON l.stream_id = e.stream_id AND l.version = e.version + 1
            WHERE e.stream_id = $1 AND e.xid > $2::text::xid8 AND l.xid < $2::text::xid8";
        let crossed = sqlx::query_scalar(sql).bind(stream).bind(&self.xid);
        let crossed: i64 = crossed.fetch_one(&mut self.looks).await.unwrap();
        crossed > 0
    }

    /// Stays until the relay has published the last write, whichever way it reads.
    async fn outlasts_the_relay(&mut self, stream: &str) {
        let sql = "SELECT position >= (SELECT max(position) FROM events WHERE stream_id = $1)
            FROM relay_cursor";
        let is_published = async || {
            let published = sqlx::query_scalar(sql).bind(stream);
            let published: bool = published.fetch_one(&mut self.looks).await.unwrap();
            published
        };
        eventually(PUBLISHED_WITHIN, "the relay has published it", is_published)
            .await
            .unwrap();
        self.open.execute("ROLLBACK").await.unwrap();
    }
}

fn uuid_of(product: &str) -> Uuid {
    let product: ProductId = product.parse().unwrap();
    product.uuid()
}
