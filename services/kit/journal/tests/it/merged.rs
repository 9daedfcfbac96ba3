//! Facts of one key in one batch become one fact, and say no less.

use futures_util::future::join_all;
use vocab::Moment;

use crate::bed::{assert_whole, database, hold, number, process, tenant};
use crate::stockroom::{BACKDATED, Command, Key, Shelf, State};

#[tokio::test]
async fn three_hundred_holds_on_one_shelf_are_one_fact_of_the_service() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 1_000).await;
    let holds = (1..=300).map(|id| process.run(tenant(1), hold(id, &[("pen", 2)])));
    for answer in join_all(holds).await {
        answer.unwrap();
    }
    let held = "SELECT count(*) FROM events WHERE kind = 'held'";
    assert_eq!(number(&database, held).await, 1);
    assert_eq!(number(&database, "SELECT held FROM shelf").await, 600);
    assert_eq!(number(&database, "SELECT version FROM shelf").await, 2);
    let own = "SELECT count(*) FROM events WHERE kind = 'hold_placed' AND actor_id = 'tests'";
    assert_eq!(number(&database, own).await, 300);
    let service = "SELECT count(*) FROM events \
         WHERE kind = 'held' AND actor_id = 'stockroom' AND request_id IS NULL";
    assert_eq!(number(&database, service).await, 1);
    assert_whole(&database).await;
}

#[tokio::test]
async fn a_fact_that_alone_tells_who_did_it_is_never_merged() {
    let database = database().await;
    let process = process(&database);
    let stock = || process.run(tenant(1), Command::Stock("pen".into(), 1));
    for answer in join_all((0..10).map(|_| stock())).await {
        answer.unwrap();
    }
    assert_eq!(number(&database, "SELECT count(*) FROM events").await, 10);
}

#[tokio::test]
async fn facts_of_different_times_or_with_another_between_stay_apart() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 100).await;
    process
        .run(tenant(1), hold(1, &[("pen", 1)]))
        .await
        .unwrap();
    let commands = [
        hold(2, &[("pen", 1)]),
        Command::Release(uuid::Uuid::from_u128(1), vec![("pen".into(), 1)]),
        hold(3, &[("pen", 1)]),
        hold(4, &[("pen", 1), ("pen", 2)]),
    ];
    let answers = commands.map(|it| process.run(tenant(1), it));
    for answer in join_all(answers).await {
        answer.unwrap();
    }
    // stocked, held | held, released, held + held + held
    assert_eq!(number(&database, "SELECT version FROM shelf").await, 5);
    let early = "SELECT count(*) FROM events WHERE effective_at = '1970-01-01 00:00:00+00'";
    assert_eq!(number(&database, early).await, 1);
    let key = Key::Shelf("pen".into());
    let at = journal::At::Moment(Moment::LAST);
    let folded = process
        .journal
        .as_of(tenant(1), key, at)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(folded.state, State::Shelf(Shelf { held: 5, .. })));
    assert_whole(&database).await;
}

#[tokio::test]
async fn facts_that_took_effect_at_different_times_stay_apart() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 100).await;
    let long_ago = BACKDATED.start;
    let numbers = [1, long_ago, long_ago + 1, 2, 3];
    let answers = numbers.map(|it| process.run(tenant(1), hold(it, &[("pen", 1)])));
    for answer in join_all(answers).await {
        answer.unwrap();
    }
    // At least: stocked, held | held long ago, twice | held, twice
    let version = number(&database, "SELECT version FROM shelf").await;
    assert!(version >= 4, "{version}");
    assert_whole(&database).await;
}
