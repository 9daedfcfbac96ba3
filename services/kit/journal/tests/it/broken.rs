//! The database dies, hangs or is held up, before a commit and during it.

use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::edge::{Ahead, Pressure};
use chassis::fault::Kind;
use futures_util::FutureExt;
use futures_util::future::join_all;
use sqlx::Connection;
use testbed::{Direction, PostgresSettings, Proxy, eventually};
use tokio::time::{Instant, sleep};

use crate::SOON;
use crate::bed::{
    assert_whole, connect, database, number, open, own_database, process, request, settings,
    submission, tenant,
};
use crate::stockroom::Command;

fn count() -> Command {
    Command::Count("calls".into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_between_writes_and_commit_loses_no_acknowledged_write() {
    let database = own_database(&PostgresSettings::durable()).await;
    let mut set = settings(&database.url());
    set.controls.pause_before_commit = Some(Duration::from_millis(30));
    let process = open(set);
    process.run(tenant(1), count()).await.unwrap();
    let calls = (0..40_u128).map(|id| {
        let process = process.clone();
        async move {
            sleep(Duration::from_millis(15 * id as u64)).await;
            let command = Command::Stock(format!("sku-{id}"), 1);
            process
                .journal
                .submit(request(tenant(1), id, 1), command)
                .await
        }
    });
    let kill = async {
        for _ in 0..2 {
            sleep(Duration::from_millis(120)).await;
            database.postgres().kill().unwrap();
            database.postgres().restart().await.unwrap();
        }
    };
    let (answers, ()) = tokio::join!(join_all(calls), kill);
    let done = answers.iter().filter(|it| it.is_ok()).count() as i64;
    assert_eq!(done, 40, "{answers:?}");
    assert_eq!(number(&database, "SELECT count(*) FROM shelf").await, done);
    assert_eq!(
        number(&database, "SELECT sum(on_hand)::bigint FROM shelf").await,
        done
    );
    assert_whole(&database).await;
}

/// Lets a commit reach the server and loses its answer, or loses the commit itself.
async fn lose_a_commit(direction: Direction) {
    let database = database().await;
    let proxy = Proxy::to(database.postgres().address()).await.unwrap();
    let mut set = settings(&database.url_through(proxy.address()));
    set.controls.pause_before_commit = Some(Duration::from_millis(100));
    let process = open(set);
    process.run(tenant(1), count()).await.unwrap();
    for round in 0..3_i64 {
        let cut = async {
            sleep(Duration::from_millis(50)).await;
            proxy.silence(direction);
            sleep(Duration::from_millis(200)).await;
            proxy.cut();
            sleep(Duration::from_millis(50)).await;
            proxy.heal();
        };
        let calls = join_all([(); 3].map(|()| process.run(tenant(1), count())));
        let (answers, ()) = tokio::join!(calls, cut);
        let answers: Vec<i64> = answers.into_iter().map(|it| it.unwrap().0).collect();
        let from = 2 + round * 3;
        assert_eq!(answers, [from, from + 1, from + 2]);
    }
    assert_eq!(number(&database, "SELECT count FROM counter").await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_not_done_again() {
    lose_a_commit(Direction::ToClient).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_done_again() {
    lose_a_commit(Direction::ToServer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_held_by_a_stopped_replica_holds_up_only_those_who_name_it() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "held", 1).await;
    let mut other = connect(&database.admin_url()).await;
    let mut stopped = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM shelf WHERE sku = 'held' FOR UPDATE")
        .execute(&mut *stopped)
        .await
        .unwrap();
    let began = Instant::now();
    let stock = |sku: &str| process.run(tenant(1), Command::Stock(sku.to_owned(), 1));
    let held = stock("held");
    let free = async {
        for answer in join_all([stock("free"), stock("other")]).await {
            answer.unwrap();
        }
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        // Now that it is known, nobody waits at all.
        let known = Instant::now();
        stock("free").await.unwrap();
        assert!(
            known.elapsed() < Duration::from_millis(400),
            "{:?}",
            known.elapsed()
        );
        stopped.rollback().await.unwrap();
    };
    let mut brief = submission(tenant(1));
    brief.deadline = Deadline::within(Duration::from_secs(1));
    let brief = process
        .journal
        .submit(brief, Command::Stock("held".into(), 1));
    let (held, (), brief) = tokio::join!(held, free, brief);
    assert_eq!(held.unwrap().0, 2);
    assert!(brief.is_ok() || brief.is_err_and(|it| it.kind() != Kind::Bug));
    assert_whole(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_callers_hear_that_it_is() {
    let database = own_database(&PostgresSettings::default()).await;
    let process = process(&database);
    process.run(tenant(1), count()).await.unwrap();
    database.postgres().kill().unwrap();
    let mut brief = submission(tenant(1));
    brief.deadline = Deadline::within(Duration::from_millis(700));
    let fault = process.journal.submit(brief, count()).await.unwrap_err();
    assert!(
        matches!(fault.kind(), Kind::Unavailable | Kind::Late),
        "{fault}"
    );
    // Nobody asks for this answer before its time is up, so that only its deadline tells.
    let mut late = submission(tenant(1));
    late.deadline = Deadline::within(Duration::from_secs(2));
    let mut late = Box::pin(process.journal.submit(late, count()));
    assert!((&mut late).now_or_never().is_none());
    let patient = process.run(tenant(1), count());
    let restart = async {
        sleep(Duration::from_secs(3)).await;
        database.postgres().restart().await.unwrap();
    };
    let (patient, ()) = tokio::join!(patient, restart);
    // Nobody is turned away for a stall that is over.
    let ahead = process.journal.pressure().ahead(Some(tenant(1)));
    assert_eq!(ahead, Ahead::default());
    assert_eq!(
        patient.unwrap().0,
        2,
        "nobody was counted who heard nothing"
    );
    assert_ne!(late.await.unwrap_err().kind(), Kind::Bug);
    assert_eq!(process.run(tenant(1), count()).await.unwrap().0, 3);
}

/// Looks how long a write would take, in the very moment in which an answer comes.
struct Looks {
    pressure: Pressure,
    seen: Mutex<Vec<Ahead>>,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        let ahead = self.pressure.ahead(Some(tenant(1)));
        self.seen.lock().unwrap().push(ahead);
    }
}

#[tokio::test]
async fn who_is_answered_after_a_stall_is_not_turned_away_for_it() {
    let database = database().await;
    let mut set = settings(&database.url());
    set.controls.pause_before_commit = Some(Duration::from_millis(300));
    let process = open(set);
    let looks = Arc::new(Looks {
        pressure: process.journal.pressure(),
        seen: Mutex::default(),
    });
    let waker = Waker::from(Arc::clone(&looks));
    let mut stalled = Box::pin(process.run(tenant(1), count()));
    let poll = stalled.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    let is_answered = async || looks.seen.lock().unwrap().first().copied();
    let seen = eventually(SOON, "the answer comes", is_answered).await;
    assert_eq!(seen.unwrap(), Ahead::default());
    assert_eq!(stalled.await.unwrap().0, 1);
}
