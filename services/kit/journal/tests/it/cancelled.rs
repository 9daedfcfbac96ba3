//! Callers who leave harm nothing: no open transaction, no lock, no lost write.

use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::fault::Kind;
use futures_util::FutureExt;
use testbed::eventually;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::SOON;
use crate::bed::{assert_whole, database, number, open, process, settings, submission, tenant};
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

#[tokio::test]
async fn who_runs_out_of_time_in_the_line_is_never_decided() {
    let database = database().await;
    let mut set = settings(&database.url());
    set.controls.pause_before_commit = Some(Duration::from_millis(1_500));
    let process = open(set);
    let count = || Command::Count("calls".into());
    let mut first = JoinSet::new();
    first.spawn({
        let process = process.clone();
        async move { process.run(tenant(1), count()).await }
    });
    let rests = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND usename = 'retail_service' AND state = 'idle in transaction' \
         AND backend_xid IS NOT NULL";
    let rests = async || number(&database, rests).await == 1;
    eventually(SOON, "a batch rests before its commit", rests)
        .await
        .unwrap();
    // It waits behind that batch, and nobody asks for its answer, so that only its deadline tells.
    let patience = Duration::from_millis(900);
    let mut brief = submission(tenant(1));
    brief.deadline = Deadline::within(patience);
    let mut brief = Box::pin(process.journal.submit(brief, count()));
    assert!((&mut brief).now_or_never().is_none());
    sleep(patience).await;
    let first = first.join_next().await.unwrap();
    assert_eq!(first.unwrap().unwrap().0, 1);
    let next = process.run(tenant(1), count()).await.unwrap();
    assert_eq!(next.0, 2, "the late one was counted");
    assert_eq!(brief.await.unwrap_err().kind(), Kind::Late);
}
