//! Callers who leave harm nothing: no open transaction, no lock, no lost write.

use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::fault::Kind;
use futures_util::FutureExt;
use testbed::eventually;
use tokio::time::timeout;

use crate::SOON;
use crate::bed::{assert_whole, database, number, process, submission, tenant};
use crate::stockroom::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_who_leave_leave_nothing_open_and_lose_nothing() {
    let database = database().await;
    let process = process(&database);
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..50_u64 {
        let process = process.clone();
        callers.spawn(async move {
            let mut heard = 0;
            for call in 0..100_u64 {
                let command = Command::Count("calls".into());
                let patience = Duration::from_micros((caller * 37 + call * 101) % 3_000);
                let answer = timeout(patience, process.run(tenant(1), command)).await;
                heard += i64::from(matches!(answer, Ok(Ok(_))));
            }
            heard
        });
    }
    let heard: i64 = callers.join_all().await.into_iter().sum();
    assert!(heard > 0 && heard < 5_000, "{heard}");
    process.end().await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND usename = 'retail_service' AND (xact_start IS NOT NULL OR state <> 'idle')";
    let quiet = async || number(&database, open).await == 0;
    eventually(SOON, "no transaction is open", quiet)
        .await
        .unwrap();
    let counted = number(&database, "SELECT count FROM counter").await;
    assert!(counted >= heard, "{counted} of {heard}");
    assert_whole(&database).await;
}

#[tokio::test]
async fn who_has_no_time_left_costs_nothing() {
    let database = database().await;
    let process = process(&database);
    let mut late = submission(tenant(1));
    late.deadline = Deadline::within(Duration::ZERO);
    let command = Command::Count("calls".into());
    let fault = process.journal.submit(late, command).await.unwrap_err();
    assert_eq!(fault.kind(), Kind::Late);
    // One that is dropped while it waits is never decided.
    let dropped = process.run(tenant(1), Command::Count("calls".into()));
    let mut dropped = Box::pin(dropped);
    assert!((&mut dropped).now_or_never().is_none());
    drop(dropped);
    let count = process.run(tenant(1), Command::Count("calls".into()));
    assert_eq!(count.await.unwrap().0, 1);
}
