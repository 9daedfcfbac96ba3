//! Passes over the log: nothing skipped, nothing twice, no stream turned round.

use bus::log::Reading;
use bus::{Log, Snapshot};
use sqlx::{Connection, Executor};

use crate::bed::{Bed, fact, write};

async fn read(log: &mut Log, from: &Snapshot) -> (Vec<(String, i64)>, Snapshot) {
    let (events, snapshot) = log.all_since(from).await.unwrap();
    let named = events.into_iter().map(|it| (it.stream_id, it.version));
    (named.collect(), snapshot)
}

fn versions(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter()
        .map(|(stream, it)| ((*stream).to_owned(), *it))
        .collect()
}

#[tokio::test]
async fn a_late_commit_with_a_lower_position_is_read_once() {
    let bed = Bed::shared("passes_late").await;
    let mut log = Log::open(&bed.log()).await.unwrap();
    let (mut one, mut other) = (bed.admin().await, bed.admin().await);
    let mut late = one.begin().await.unwrap();
    write(&mut late, &fact("a", 1)).await;
    write(&mut other, &fact("b", 1)).await;
    let (events, snapshot) = read(&mut log, &Snapshot::of_nothing()).await;
    assert_eq!(events, versions(&[("b", 1)]));
    late.commit().await.unwrap();
    let (events, snapshot) = read(&mut log, &snapshot).await;
    assert_eq!(events, versions(&[("a", 1)]));
    let (events, _) = read(&mut log, &snapshot).await;
    assert!(events.is_empty());
}

#[tokio::test]
async fn the_log_goes_on_where_transactions_get_another_digit() {
    let bed = Bed::shared("passes_digits").await;
    let mut log = Log::open(&bed.log()).await.unwrap();
    let mut admin = bed.admin().await;
    for (stream, xid) in [("a", 9), ("b", 10), ("c", 99), ("d", 100)] {
        write(&mut admin, &fact(stream, 1)).await;
        sqlx::query("UPDATE events SET xid = $1::text::xid8 WHERE stream_id = $2")
            .bind(xid.to_string())
            .bind(stream)
            .execute(&mut admin)
            .await
            .unwrap();
        assert_eq!(log.settled().await.unwrap().durable(), xid);
    }
}

/// A takes xid 1; C takes 2 and stays open; B, xid 3, writes v1; A writes v2. Whoever goes by the
/// oldest open transaction sends v2 before v1.
async fn inverted(reading: Reading) -> Vec<(String, i64)> {
    let bed = Bed::alone("passes_inverted").await;
    let mut log = Log::open(&bed.log()).await.unwrap().reading(reading);
    let (mut a, mut b, mut c) = (bed.admin().await, bed.admin().await, bed.admin().await);
    a.execute("BEGIN; SELECT pg_current_xact_id()")
        .await
        .unwrap();
    c.execute("BEGIN; SELECT pg_current_xact_id()")
        .await
        .unwrap();
    b.execute("BEGIN; SELECT pg_current_xact_id()")
        .await
        .unwrap();
    write(&mut b, &fact("s", 1)).await;
    b.execute("COMMIT").await.unwrap();
    write(&mut a, &fact("s", 2)).await;
    a.execute("COMMIT").await.unwrap();
    let (mut all, snapshot) = read(&mut log, &Snapshot::of_nothing()).await;
    c.execute("COMMIT").await.unwrap();
    let (rest, _) = read(&mut log, &snapshot).await;
    all.extend(rest);
    all
}

#[tokio::test]
async fn a_stream_written_by_inverted_transactions_keeps_its_order() {
    let events = inverted(Reading::BySnapshots).await;
    assert_eq!(events, versions(&[("s", 1), ("s", 2)]));
}

#[tokio::test]
async fn control_the_oldest_open_transaction_turns_a_stream_round() {
    let events = inverted(Reading::ByOldestOpen).await;
    assert_eq!(events, versions(&[("s", 2), ("s", 1)]));
}

#[tokio::test]
async fn control_positions_alone_lose_a_late_commit() {
    let bed = Bed::shared("passes_position").await;
    let log = Log::open(&bed.log()).await.unwrap();
    let mut log = log.reading(Reading::ByPositionAlone);
    let (mut one, mut other) = (bed.admin().await, bed.admin().await);
    let mut late = one.begin().await.unwrap();
    write(&mut late, &fact("a", 1)).await;
    write(&mut other, &fact("b", 1)).await;
    let (events, snapshot) = read(&mut log, &Snapshot::of_nothing()).await;
    assert_eq!(events, versions(&[("b", 1)]));
    late.commit().await.unwrap();
    let (events, _) = read(&mut log, &snapshot).await;
    assert!(events.is_empty(), "the late commit is lost for ever");
}

#[tokio::test]
async fn a_large_pass_comes_in_chunks_and_in_order() {
    let bed = Bed::shared("passes_large").await;
    let mut admin = bed.admin().await;
    let many = "INSERT INTO events (tenant_id, stream_kind, stream_id, version, event_id, kind,
          payload, actor_type, actor_id, method, correlation_id, causation_id, reason,
          traceparent, effective_at, recorded_at)
        SELECT '00000000-0000-0000-0000-000000000001', 'note', 's', n, gen_random_uuid(), 'note',
          '', 3, '', '', '', '', '', '', now(), now() FROM generate_series(1, 3500) n";
    admin.execute(many).await.unwrap();
    let mut log = Log::open(&bed.log()).await.unwrap();
    let mut pass = log.since(&Snapshot::of_nothing()).await.unwrap();
    let (mut chunks, mut versions) = (0, Vec::new());
    while let Some(chunk) = pass.next().await.unwrap() {
        chunks += 1;
        versions.extend(chunk.into_iter().map(|it| it.version));
    }
    let snapshot = pass.end().await.unwrap();
    assert_eq!(chunks, 4);
    assert!(versions.into_iter().eq(1..=3_500));
    assert!(read(&mut log, &snapshot).await.0.is_empty());
}

#[tokio::test]
async fn a_kept_snapshot_holds_nothing_that_a_crash_takes_back() {
    let bed = Bed::shared("passes_crash").await;
    let mut log = Log::open(&bed.log()).await.unwrap();
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("s", 1)).await;
    let (events, _) = log.all_since(&Snapshot::of_nothing()).await.unwrap();
    let written = events[0].xid;
    // Transactions that leave no event may be forgotten by a crash, numbers and all.
    for _ in 0..5 {
        admin.execute("SELECT pg_current_xact_id()").await.unwrap();
    }
    let (_, kept) = log.all_since(&Snapshot::of_nothing()).await.unwrap();
    assert_eq!(kept.behind(), written + 1);
    assert!(log.now().await.unwrap().behind() > kept.behind());
}

#[tokio::test]
async fn the_prefix_is_what_a_snapshot_shows_in_order() {
    let bed = Bed::shared("passes_prefix").await;
    let mut log = Log::open(&bed.log()).await.unwrap();
    let mut admin = bed.admin().await;
    for version in 1..=3 {
        write(&mut admin, &fact("s", version)).await;
    }
    let (_, snapshot) = read(&mut log, &Snapshot::of_nothing()).await;
    write(&mut admin, &fact("s", 4)).await;
    let mut pass = log.prefix(&snapshot, 3_600).await.unwrap();
    let again = pass.next().await.unwrap().unwrap();
    pass.end().await.unwrap();
    let again: Vec<i64> = again.into_iter().map(|it| it.version).collect();
    assert_eq!(again, [1, 2, 3]);
}
