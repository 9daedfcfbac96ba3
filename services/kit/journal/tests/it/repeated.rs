//! The same request gives the same answer once more, and another request under its id none.

use futures_util::future::join_all;
use uuid::Uuid;
use vocab::Moment;

use crate::bed::{assert_whole, connect, database, hold, number, process, reason, request, tenant};
use crate::stockroom::Command;

fn stock() -> Command {
    Command::Stock("pen".into(), 1)
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_before_and_done_once() {
    let database = database().await;
    let process = process(&database);
    let submit = || process.journal.submit(request(tenant(1), 1, 1), stock());
    let first = submit().await.unwrap();
    process.stock(tenant(1), "pen", 10).await;
    assert_eq!(submit().await.unwrap(), first);
    // Another process has only the database to remember by.
    let other = crate::bed::process(&database);
    let again = other
        .journal
        .submit(request(tenant(1), 1, 1), stock())
        .await;
    assert_eq!(again.unwrap(), first);
    assert_eq!(number(&database, "SELECT on_hand FROM shelf").await, 11);
    assert_whole(&database).await;
}

#[tokio::test]
async fn another_body_under_the_same_id_is_refused() {
    let database = database().await;
    let process = process(&database);
    let submit = |body| process.journal.submit(request(tenant(1), 1, body), stock());
    let (first, twin) = tokio::join!(submit(1), submit(2));
    first.unwrap();
    assert_eq!(reason(&twin.unwrap_err()), "REQUEST_ID_REUSED");
    assert_eq!(reason(&submit(3).await.unwrap_err()), "REQUEST_ID_REUSED");
    assert_eq!(number(&database, "SELECT on_hand FROM shelf").await, 1);
}

#[tokio::test]
async fn ids_of_other_tenants_principals_and_methods_are_others() {
    let database = database().await;
    let process = process(&database);
    let mut submissions = vec![request(tenant(1), 1, 1), request(tenant(2), 1, 1)];
    let mut other = request(tenant(1), 1, 1);
    other.principal = "somebody else".to_owned();
    submissions.push(other);
    let mut other = request(tenant(1), 1, 1);
    other.method = "retail.stockroom.v1.StockroomService/Other".into();
    submissions.push(other);
    for submission in submissions {
        process.journal.submit(submission, stock()).await.unwrap();
    }
    let sum = number(&database, "SELECT sum(on_hand)::bigint FROM shelf").await;
    assert_eq!(sum, 4);
}

#[tokio::test]
async fn a_refusal_may_become_an_answer_unless_it_was_final() {
    let database = database().await;
    let process = process(&database);
    let outside = || {
        process
            .journal
            .submit(request(tenant(1), 1, 1), hold(1, &[("pen", 1)]))
    };
    let step = |body| {
        let step = request(tenant(1), 2, body).final_refusals();
        process.journal.submit(step, hold(2, &[("pen", 1)]))
    };
    assert_eq!(reason(&outside().await.unwrap_err()), "SHORT");
    let (first, twin) = tokio::join!(step(1), step(1));
    assert_eq!(reason(&first.unwrap_err()), "SHORT");
    assert_eq!(reason(&twin.unwrap_err()), "SHORT");
    process.stock(tenant(1), "pen", 5).await;
    outside().await.unwrap();
    assert_eq!(reason(&step(1).await.unwrap_err()), "SHORT");
    assert_eq!(reason(&step(2).await.unwrap_err()), "REQUEST_ID_REUSED");
    assert_eq!(number(&database, "SELECT held FROM shelf").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_over_two_processes_have_one_effect_and_one_answer() {
    let database = database().await;
    let processes = [process(&database), process(&database)];
    let mut requests = Vec::new();
    for id in 0..300_u128 {
        for twin in 0..4 {
            let journal = processes[twin % 2].journal.clone();
            requests.push(async move {
                let submission = request(tenant(1), id, 1);
                // Half of them create a row of their own, half change a common one.
                let command = match id % 2 {
                    0 => Command::Stock(format!("sku-{id}"), 1),
                    _ => Command::Stock("common".into(), 1),
                };
                journal.submit(submission, command).await.unwrap()
            });
        }
    }
    let answers: Vec<(i64, Moment)> = join_all(requests)
        .await
        .into_iter()
        .map(|it| (it.0, it.1))
        .collect();
    for twins in answers.chunks(4) {
        assert!(twins.iter().all(|it| *it == twins[0]), "{twins:?}");
    }
    assert_eq!(
        number(&database, "SELECT sum(on_hand)::bigint FROM shelf").await,
        300
    );
    assert_eq!(
        number(&database, "SELECT count(*) FROM idempotency").await,
        300
    );
    assert_whole(&database).await;
}

#[tokio::test]
async fn what_expired_is_removed_by_a_role_that_sees_no_answer() {
    let database = database().await;
    let process = process(&database);
    for id in 0..5 {
        let submission = request(tenant(1), id, 1);
        process.journal.submit(submission, stock()).await.unwrap();
    }
    let expire = "UPDATE idempotency SET expires_at = now() - interval '1 s' \
         WHERE request_id <> '00000000-0000-0000-0000-000000000000'";
    crate::bed::execute(&database, expire).await;
    let mut scan = connect(&database.scan_url()).await;
    let answers = sqlx::query("SELECT answer FROM idempotency");
    answers.fetch_all(&mut scan).await.unwrap_err();
    assert_eq!(journal::EXPIRED_ANSWERS.pass(&mut scan).await.unwrap(), 4);
    let kept: Uuid = sqlx::query_scalar("SELECT request_id FROM idempotency")
        .fetch_one(&mut scan)
        .await
        .unwrap();
    assert_eq!(kept, Uuid::nil());
}

#[tokio::test]
async fn without_its_memory_the_same_request_is_done_twice() {
    let database = database().await;
    let mut settings = crate::bed::settings(&database.url());
    settings.controls.forget_answers = true;
    let process = crate::bed::open(settings);
    for _ in 0..2 {
        let submission = request(tenant(1), 1, 1);
        process.journal.submit(submission, stock()).await.unwrap();
    }
    assert_eq!(number(&database, "SELECT on_hand FROM shelf").await, 2);
}
