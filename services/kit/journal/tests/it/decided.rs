//! One batch: what is accepted is there, what is refused or fails leaves nothing and nobody else.

use std::time::Duration;

use chassis::fault::{Fault, Kind};
use futures_util::future::join_all;
use uuid::Uuid;
use vocab::Moment;

use crate::bed::{
    METHOD, assert_whole, connect, database, hold, number, open, process, reason, settings,
    submission, tenant,
};
use crate::stockroom::{Answer, Command, Key, State};

#[tokio::test]
async fn an_accepted_command_leaves_its_state_its_facts_and_who_did_it() {
    let database = database().await;
    let process = process(&database);
    let mut by = submission(tenant(1)).attempt(Uuid::from_u128(7), [1; 32]);
    by.reason = "spring".to_owned();
    by.traceparent = "00-1-2-01".to_owned();
    let answer = process.journal.submit(by, Command::Stock("pen".into(), 5));
    let Answer(on_hand, at) = answer.await.unwrap();
    assert_eq!(on_hand, 5);
    process.stock(tenant(1), "pen", 4).await;
    let key = Key::Shelf("pen".into());
    let found = process
        .journal
        .state(tenant(1), key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.version, 2);
    assert!(matches!(found.state, State::Shelf(shelf) if shelf.on_hand == 9));
    let mut log = connect(&database.log_url()).await;
    let facts: Vec<journal::Recorded> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {} FROM events ORDER BY position",
        journal::Recorded::COLUMNS
    )))
    .fetch_all(&mut log)
    .await
    .unwrap();
    let first = &facts[0];
    assert_eq!((first.version, first.kind.as_str()), (1, "stocked"));
    assert_eq!(
        (first.stream_kind.as_str(), first.stream_id.as_str()),
        ("shelf", "pen")
    );
    assert_eq!(
        (first.tenant, first.actor.id.as_str()),
        (tenant(1), "tests")
    );
    assert_eq!(
        (first.method.as_str(), first.reason.as_str()),
        (METHOD, "spring")
    );
    assert_eq!(first.request_id, Some(Uuid::from_u128(7)));
    assert_eq!(first.correlation_id, "correlation");
    assert_eq!(first.causation_id, "causation");
    assert_eq!(first.traceparent, "00-1-2-01");
    assert_eq!((first.recorded_at, first.effective_at), (at, at));
    assert_eq!(first.payload.as_ref(), b"pen 5");
    assert!(first.xid > 0 && facts[1].xid > first.xid);
    assert_whole(&database).await;
}

#[tokio::test]
async fn a_refusal_leaves_no_trace_and_no_effect_on_its_neighbours() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 5).await;
    let commands = [
        hold(1, &[("pen", 3)]),
        hold(2, &[("pen", 3)]),
        hold(3, &[("pen", 2)]),
        hold(4, &[("pen", 1), ("none", 1)]),
    ];
    let answers = commands.map(|it| process.run(tenant(1), it));
    let answers: Vec<_> = join_all(answers).await;
    assert_eq!(answers[0].as_ref().unwrap().0, 3);
    assert_eq!(reason(answers[1].as_ref().unwrap_err()), "SHORT");
    assert_eq!(answers[2].as_ref().unwrap().0, 2);
    assert_eq!(reason(answers[3].as_ref().unwrap_err()), "SHORT");
    assert_eq!(number(&database, "SELECT count(*) FROM hold").await, 2);
    assert_eq!(number(&database, "SELECT held FROM shelf").await, 5);
    assert_whole(&database).await;
}

#[tokio::test]
async fn what_one_command_breaks_is_its_own_answer_and_no_neighbours() {
    let database = database().await;
    let process = process(&database);
    let names: Vec<String> = (0..40).map(|it| format!("sku-{it}")).collect();
    let commands = names.iter().enumerate().map(|(at, sku)| match at {
        3 => Command::Explode(sku.clone()),
        7 => Command::Mine(sku.clone()),
        11 => Command::Spoil(sku.clone()),
        12 => Command::Spoil(sku.clone()),
        19 => Command::Careless(sku.clone()),
        23 => Command::Stray(sku.clone()),
        _ => Command::Stock(sku.clone(), 1),
    });
    let answers = join_all(commands.map(|it| process.run(tenant(1), it))).await;
    for (at, answer) in answers.into_iter().enumerate() {
        match at {
            3 | 7 | 11 | 12 | 19 | 23 => assert_eq!(answer.unwrap_err().kind(), Kind::Bug, "{at}"),
            _ => assert_eq!(answer.unwrap().0, 1, "{at}"),
        }
    }
    // Also where everything is there that it names.
    let stray = process.run(tenant(1), Command::Stray("sku-0".into())).await;
    assert_eq!(stray.unwrap_err().kind(), Kind::Bug);
    assert_eq!(number(&database, "SELECT count(*) FROM shelf").await, 34);
    assert_whole(&database).await;
}

#[tokio::test]
async fn a_hundred_commands_on_one_key_cost_one_row_version() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 1).await;
    let before = number(&database, "SELECT xmin::text::bigint FROM shelf").await;
    let stock = || process.run(tenant(1), Command::Stock("pen".into(), 1));
    let answers: Vec<_> = join_all((0..100).map(|_| stock())).await;
    let answers: Vec<i64> = answers.into_iter().map(|it| it.unwrap().0).collect();
    assert_eq!(answers, Vec::from_iter(2..=101));
    let transactions = "SELECT count(DISTINCT xid) FROM events WHERE version > 1";
    assert_eq!(number(&database, transactions).await, 1);
    let after = number(&database, "SELECT xmin::text::bigint FROM shelf").await;
    assert_ne!(before, after);
    assert_eq!(number(&database, "SELECT version FROM shelf").await, 101);
    assert_whole(&database).await;
}

#[tokio::test]
async fn time_is_the_databases_and_never_runs_backwards_in_a_stream() {
    let database = database().await;
    let process = process(&database);
    let late = Duration::from_secs(3_600);
    process.settings.offset.forward(late);
    let first = process
        .run(tenant(1), Command::Stock("pen".into(), 1))
        .await
        .unwrap();
    process.settings.offset.back(late);
    let second = process
        .run(tenant(1), Command::Stock("pen".into(), 1))
        .await
        .unwrap();
    assert!(first.1.since(second.1) > Some(late / 2));
    let key = Key::Shelf("pen".into());
    let found = process
        .journal
        .state(tenant(1), key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.recorded_at, Some(first.1));
    let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let clock = Moment::from_micros(number(&database, clock).await).unwrap();
    assert!(clock.since(second.1) < Some(Duration::from_secs(60)));
    assert_whole(&database).await;
}

#[tokio::test]
async fn plain_rows_are_saved_without_a_history() {
    let database = database().await;
    let process = process(&database);
    let count = || process.run(tenant(1), Command::Count("receipts".into()));
    let counts = join_all((0..10).map(|_| count())).await;
    let counts: Vec<i64> = counts.into_iter().map(|it| it.unwrap().0).collect();
    assert_eq!(counts, Vec::from_iter(1..=10));
    assert_eq!(count().await.unwrap().0, 11);
    assert_eq!(number(&database, "SELECT count FROM counter").await, 11);
    assert_eq!(number(&database, "SELECT count(*) FROM events").await, 0);
}

#[tokio::test]
async fn more_than_can_be_done_in_time_is_refused_at_once() {
    let database = database().await;
    let mut set = settings(&database.url());
    set.queue_max = 8;
    let process = open(set);
    let stock = |at| process.run(tenant(1), Command::Stock(format!("sku-{at}"), 1));
    let answers: Vec<Result<Answer, Fault>> = join_all((0..20).map(stock)).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (8, 12));
    for fault in refused {
        assert_eq!(fault.unwrap_err().kind(), Kind::Exhausted);
    }
}

#[tokio::test]
async fn what_was_taken_in_is_answered_before_the_process_ends() {
    let database = database().await;
    let process = process(&database);
    let stock = |at| {
        let journal = process.journal.clone();
        let command = Command::Stock(format!("sku-{at}"), 1);
        tokio::task::spawn_local(
            async move { journal.submit(submission(tenant(1)), command).await },
        )
    };
    let local = tokio::task::LocalSet::new();
    let answers = local.run_until(async {
        let answers: Vec<_> = (0..700).map(stock).collect();
        tokio::task::yield_now().await;
        process.end().await;
        join_all(answers).await
    });
    for answer in answers.await {
        answer.unwrap().unwrap();
    }
    assert_eq!(number(&database, "SELECT count(*) FROM shelf").await, 700);
    let after = process
        .run(tenant(1), Command::Stock("late".into(), 1))
        .await;
    assert_eq!(after.unwrap_err().kind(), Kind::Unavailable);
}
