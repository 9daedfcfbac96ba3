//! Several processes on the same rows: none waits for the other in a circle, nothing is lost.

use std::time::Duration;

use futures_util::future::join_all;
use testbed::PostgresSettings;

use crate::bed::{Process, assert_whole, hold, number, open, own_database, settings, tenant};
use crate::stockroom::Command;

const SHELVES: u64 = 12;

/// Holds on three shelves each, named in an order of their own.
async fn hold_everywhere(process: &Process, from: u128, holds: u128) -> usize {
    let shelf = |at: u64| format!("sku-{}", at % SHELVES);
    let holds = (from..from + holds).map(|id| {
        let seed = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let lines = [shelf(seed), shelf(seed / 31 + 5), shelf(seed / 7 + 3)];
        let lines: Vec<(&str, i64)> = lines.iter().map(|it| (it.as_str(), 1)).collect();
        let command = hold(id, &lines);
        async move { process.run(tenant(1), command).await.is_ok() }
    });
    join_all(holds).await.into_iter().filter(|it| *it).count()
}

async fn race(unsorted: bool) -> (usize, i64, testbed::Database) {
    let server = PostgresSettings::default().with("deadlock_timeout", "20ms");
    let database = own_database(&server).await;
    let process = || {
        let mut settings = settings(&database.url());
        settings.writers = 2_usize.try_into().unwrap();
        settings.controls.unsorted_locks = unsorted;
        settings.controls.pause_before_commit = unsorted.then(|| Duration::from_millis(2));
        open(settings)
    };
    let (one, other) = (process(), process());
    for at in 0..SHELVES {
        one.stock(tenant(1), &format!("sku-{at}"), 100_000).await;
    }
    let mut held = 0;
    for round in 0..20_u128 {
        let from = 1 + round * 100;
        let (here, there) = tokio::join!(
            hold_everywhere(&one, from, 50),
            hold_everywhere(&other, from + 50, 50),
        );
        held += here + there;
    }
    let deadlocks = database
        .postgres()
        .log()
        .matches("deadlock detected")
        .count();
    (deadlocks, held as i64, database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_writers_of_two_processes_never_deadlock() {
    let (deadlocks, held, database) = race(false).await;
    assert_eq!(deadlocks, 0);
    assert_eq!(held, 2_000);
    let sum = number(&database, "SELECT sum(held)::bigint FROM shelf").await;
    assert_eq!(sum, 3 * held);
    assert_whole(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_in_any_order_deadlock_and_the_log_shows_it() {
    let (deadlocks, _, database) = race(true).await;
    assert!(deadlocks > 0);
    // What is there is right all the same: only the log tells.
    assert_whole(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_name_is_given_to_one_of_many_who_ask_at_once() {
    let database = crate::bed::database().await;
    let processes = [
        crate::bed::process(&database),
        crate::bed::process(&database),
        crate::bed::process(&database),
    ];
    for value in 0..20 {
        let claims = processes.iter().enumerate().map(|(at, process)| {
            let claim = Command::Claim(format!("name-{value}"), format!("holder-{at}"));
            process.run(tenant(1), claim)
        });
        let won = join_all(claims).await.into_iter().filter(Result::is_ok);
        assert_eq!(won.count(), 1);
    }
    assert_eq!(number(&database, "SELECT count(*) FROM claim").await, 20);
}
