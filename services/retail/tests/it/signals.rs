//! What a process that serves does when it is asked to end: real signals, real sockets.

use std::process::ExitStatus;
use std::time::Duration;

use contracts::catalog as pb;
use contracts::common::{Money, UnitOfMeasure};
use prost_types::FieldMask;
use sqlx::{Connection, Executor, PgConnection};
use testbed::eventually;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tonic::Status;

use crate::bed::signal;
use crate::fleet::{ANSWER_WITHIN, Caller, Fleet, may_pass};

/// A process that was asked does its next step within this time.
const SOON: Duration = Duration::from_secs(10);
/// The grace period is longer: who is gone by then did not wait for its end.
const AT_ONCE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_lets_calls_finish_and_the_second_does_not() {
    let mut fleet = Fleet::shipped().await;
    let [first, second] = [0, 1].map(|it| fleet.process(it).id());
    let [one, other] = fleet.callers();
    let creating = one.asking(created(), ANSWER_WITHIN);
    let product = one.client().create_product(creating).await.unwrap();
    let product = product.into_inner().product.unwrap();

    let (mut holder, asked) = (hold(&fleet).await, Instant::now());
    let changing = async {
        let changed = change(&one, &product.product_id, "Finished").await;
        (changed, asked.elapsed())
    };
    let ending = async {
        waits(&fleet).await;
        signal(first, "-TERM");
        takes_nothing_new(&fleet, 0).await;
        let let_go = asked.elapsed();
        holder.execute("ROLLBACK").await.unwrap();
        let_go
    };
    let ((answered, at), let_go) = tokio::join!(changing, ending);
    assert_eq!(answered.unwrap().title, "Finished");
    assert!(
        at > let_go,
        "the call was under way when nothing new was taken"
    );
    let status = ended(&mut fleet, 0, SOON).await;
    assert_eq!(status.code(), Some(0), "{status}");

    let mut holder = hold(&fleet).await;
    let given_up = change(&other, &product.product_id, "Cut short");
    let ending = async {
        waits(&fleet).await;
        signal(second, "-TERM");
        takes_nothing_new(&fleet, 1).await;
        signal(second, "-TERM");
        Instant::now()
    };
    let (answered, signalled) = tokio::join!(given_up, ending);
    assert!(
        may_pass(&answered.unwrap_err()),
        "nobody knows what became of it"
    );
    let status = ended(&mut fleet, 1, AT_ONCE).await;
    assert!(signalled.elapsed() < AT_ONCE, "{:?}", signalled.elapsed());
    assert_eq!(status.code(), Some(1), "{status}");
    holder.execute("ROLLBACK").await.unwrap();
}

/// Changes the title of a product.
async fn change(caller: &Caller, product_id: &str, title: &str) -> Result<pb::Product, Status> {
    let asking = caller.asking(changed(product_id, title), ANSWER_WITHIN);
    let answered = caller.client().update_product(asking).await?;
    Ok(answered.into_inner().product.unwrap())
}

/// Waits until a replica ended by itself.
async fn ended(fleet: &mut Fleet, number: usize, within: Duration) -> ExitStatus {
    let process = fleet.process(number);
    let has_ended = async || process.try_wait().unwrap().ok_or("it still runs");
    let ended = eventually(within, "the replica ends", has_ended).await;
    ended.unwrap()
}

/// Locks the product, so that whoever changes it has to wait.
async fn hold(fleet: &Fleet) -> PgConnection {
    let url = fleet.database.admin_url();
    let mut holder = PgConnection::connect(&url).await.unwrap();
    let sql = "BEGIN; SELECT 1 FROM products FOR UPDATE";
    holder.execute(sql).await.unwrap();
    holder
}

/// Waits until a writer stands at the lock.
async fn waits(fleet: &Fleet) {
    let mut admin = PgConnection::connect(&fleet.database.admin_url())
        .await
        .unwrap();
    let mut is_there = async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap();
        if count > 0 {
            Ok(())
        } else {
            Err("nobody waits")
        }
    };
    let begun = Instant::now();
    while is_there().await.is_err() {
        assert!(begun.elapsed() < SOON, "no writer came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn takes_nothing_new(fleet: &Fleet, number: usize) {
    let address = fleet.address(number);
    let is_shut = async || match TcpStream::connect(address).await {
        Ok(_) => Err("it still accepts"),
        Err(_) => Ok(()),
    };
    let shut = eventually(SOON, "new connections are refused", is_shut);
    shut.await.unwrap();
}

fn created() -> pb::CreateProductRequest {
    pb::CreateProductRequest {
        product: Some(pb::Product {
            sku: "END-1".to_owned(),
            title: "Begun".to_owned(),
            price: Some(Money {
                currency_code: "EUR".to_owned(),
                units: 1,
                nanos: 0,
            }),
            unit_of_measure: UnitOfMeasure::Each.into(),
            ..pb::Product::default()
        }),
        request_id: "7d0e1f5c-0b1a-4c3e-9d11-000000000001".to_owned(),
    }
}

fn changed(product_id: &str, title: &str) -> pb::UpdateProductRequest {
    pb::UpdateProductRequest {
        product: Some(pb::Product {
            product_id: product_id.to_owned(),
            title: title.to_owned(),
            ..pb::Product::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["title".to_owned()],
        }),
        ..pb::UpdateProductRequest::default()
    }
}
