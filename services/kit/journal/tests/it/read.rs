//! Reads of doors, states as they were, and readers who leave.

use std::time::Duration;

use chassis::fault::Kind;
use journal::At;
use tokio::time::timeout;

use crate::bed::{database, execute, number, open, process, settings, tenant};
use crate::stockroom::{Command, Key, Shelf, State};

#[tokio::test]
async fn a_state_can_be_seen_as_it_was_at_any_version_and_time() {
    let database = database().await;
    let process = process(&database);
    let mut times = Vec::new();
    for quantity in [1, 2, 3] {
        let stock = Command::Stock("pen".into(), quantity);
        times.push(process.run(tenant(1), stock).await.unwrap().1);
    }
    let on_hand = async |at| {
        let key = Key::Shelf("pen".into());
        let found = process.journal.as_of(tenant(1), key, at).await.unwrap()?;
        match found.state {
            State::Shelf(Shelf { on_hand, .. }) => Some((on_hand, found.version)),
            _ => None,
        }
    };
    assert_eq!(on_hand(At::Version(0)).await, None);
    assert_eq!(on_hand(At::Version(2)).await, Some((3, 2)));
    assert_eq!(on_hand(At::Version(99)).await, Some((6, 3)));
    assert_eq!(on_hand(At::Moment(times[1])).await, Some((3, 2)));
    assert_eq!(on_hand(At::Moment(times[2])).await, Some((6, 3)));
    let plain = process
        .journal
        .as_of(tenant(1), Key::Counter("a".into()), At::Version(1));
    assert_eq!(plain.await.unwrap_err().kind(), Kind::Bug);
}

#[tokio::test]
async fn a_long_history_is_folded_page_by_page() {
    let database = database().await;
    let process = process(&database);
    process.stock(tenant(1), "pen", 1).await;
    let more = "INSERT INTO events (tenant_id, stream_kind, stream_id, version, event_id, kind, \
         payload, actor_type, actor_id, method, correlation_id, causation_id, reason, \
         traceparent, effective_at, recorded_at) \
         SELECT tenant_id, stream_kind, stream_id, n, gen_random_uuid(), kind, payload, \
         actor_type, actor_id, method, '', '', '', '', effective_at, recorded_at \
         FROM events, generate_series(2, 2500) n";
    execute(&database, more).await;
    let key = Key::Shelf("pen".into());
    let last = At::Version(i64::MAX);
    let folded = process
        .journal
        .as_of(tenant(1), key, last)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(folded.version, 2_500);
    assert!(matches!(
        folded.state,
        State::Shelf(Shelf { on_hand: 2_500, .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_leave_or_hang_leave_their_places_to_others() {
    let database = database().await;
    let mut set = settings(&database.url());
    set.readers = 2_usize.try_into().unwrap();
    let process = open(set);
    process.stock(tenant(1), "pen", 1).await;
    let reads = process.journal.reads().clone();
    for _ in 0..200 {
        let read = reads.read(tenant(1), |db| {
            Box::pin(async move {
                sqlx::query("SELECT pg_sleep(0.002)")
                    .execute(&mut *db)
                    .await?;
                sqlx::query_scalar::<_, i64>("SELECT count(*) FROM shelf")
                    .fetch_one(db)
                    .await
            })
        });
        timeout(Duration::from_millis(1), read).await.ok();
    }
    let read = reads.read(tenant(1), |db| {
        Box::pin(sqlx::query_scalar::<_, i64>("SELECT count(*) FROM shelf").fetch_one(db))
    });
    assert_eq!(read.await.unwrap(), 1);
    let other = reads.read(tenant(2), |db| {
        Box::pin(sqlx::query_scalar::<_, i64>("SELECT count(*) FROM shelf").fetch_one(db))
    });
    assert_eq!(other.await.unwrap(), 0);
    let readers = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'stockroom reads'";
    assert!(number(&database, readers).await <= 2);
    let writes = reads.read(tenant(1), |db| {
        Box::pin(async move { sqlx::query("DELETE FROM shelf").execute(db).await })
    });
    writes.await.unwrap_err();
}
