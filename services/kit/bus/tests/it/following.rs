//! Following the log in a process: every commit is heard, and a watch goes on where it broke.

use std::time::Duration;

use bus::follower::Missed;
use bus::watch::{Sealer, Step};
use bus::{Follower, Nudge, Nudged, Watch, Watched};
use chassis::deadline::Deadline;
use chassis::fault::Fault;
use chassis::tasks::{OnFailure, OnShutdown};
use futures_util::future::BoxFuture;
use journal::Recorded;
use sqlx::{Connection, Executor};
use tokio::time::{Instant, timeout};
use vocab::{PageKey, PageKeys};

use crate::SOON;
use crate::bed::{Bed, fact, tenant, write};

fn follow(bed: &Bed, nudged: Nudged) -> Follower {
    let follower = Follower::new(bed.log(), nudged);
    let running = follower.clone();
    let run = move |shutdown| running.clone().run(shutdown);
    bed.tasks
        .spawn("follower", OnFailure::Fatal, OnShutdown::Abort, run);
    follower
}

#[tokio::test]
async fn commits_of_others_are_heard_in_order_and_soon() {
    let bed = Bed::shared("follow_others").await;
    let follower = follow(&bed, Nudged::default());
    let mut heard = follower.subscribe().await.unwrap();
    let mut admin = bed.admin().await;
    let began = Instant::now();
    for version in 1..=3 {
        write(&mut admin, &fact("a", version)).await;
    }
    let mut versions = Vec::new();
    while versions.len() < 3 {
        let delta = timeout(SOON, heard.next()).await.unwrap().unwrap();
        versions.extend(delta.facts.iter().map(|it| it.version));
    }
    assert_eq!(versions, [1, 2, 3]);
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn commits_of_other_replicas_are_heard_by_way_of_the_broker() {
    let bed = Bed::shared("follow_broker").await;
    bed.start(bed.relay(crate::bed::quick()).await);
    let client = bed.jetstream().await.client();
    let follower = Follower::with_broker(bed.log(), Nudged::default(), client, bed.context);
    let running = follower.clone();
    let run = move |shutdown| running.clone().run(shutdown);
    bed.tasks
        .spawn("follower", OnFailure::Fatal, OnShutdown::Abort, run);
    let mut heard = follower.subscribe().await.unwrap();
    write(&mut bed.admin().await, &fact("a", 1)).await;
    let delta = timeout(SOON, heard.next()).await.unwrap().unwrap();
    assert_eq!(delta.facts.len(), 1);
}

#[tokio::test]
async fn a_read_can_wait_for_a_version() {
    let bed = Bed::shared("follow_reached").await;
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("a", 1)).await;
    let nudge = Nudge::default();
    let follower = follow(&bed, nudge.listen());
    drop(follower.subscribe().await.unwrap());
    let soon = || Deadline::within(SOON);
    follower.reached(tenant(1), "a", 1, soon()).await.unwrap();
    let short = Deadline::within(Duration::from_millis(50));
    let behind = follower
        .reached(tenant(1), "a", 2, short)
        .await
        .unwrap_err();
    assert_eq!(behind.reason().name, "PROJECTION_BEHIND");
    let waiting = follower.reached(tenant(1), "a", 2, soon());
    let writing = async {
        write(&mut admin, &fact("a", 2)).await;
        nudge.committed();
    };
    let (reached, ()) = tokio::join!(waiting, writing);
    reached.unwrap();
    // What another tenant calls by the same name is something else.
    let short = Deadline::within(Duration::from_millis(50));
    follower
        .reached(tenant(2), "a", 1, short)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_listener_is_told_when_the_database_is_in_another_life() {
    let bed = Bed::shared("follow_restored").await;
    let follower = follow(&bed, Nudged::default());
    let mut heard = follower.subscribe().await.unwrap();
    let mut admin = bed.admin().await;
    admin
        .execute("UPDATE history SET number = 2")
        .await
        .unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'retail_log'";
    admin.execute(end).await.unwrap();
    let missed = timeout(SOON, heard.next()).await.unwrap();
    assert_eq!(missed.unwrap_err(), Missed::Jumped);
}

/// Watches every note of everybody: enough to see what is told.
struct All;

impl Watched for All {
    type Item = (String, i64);

    fn snapshot(&self) -> BoxFuture<'_, Result<Vec<Self::Item>, Fault>> {
        Box::pin(async { Ok(vec![("snapshot".to_owned(), 0)]) })
    }

    fn change(&self, recorded: &Recorded) -> Option<Self::Item> {
        Some((recorded.stream_id.clone(), recorded.version))
    }
}

fn sealer() -> Sealer {
    let keys = PageKeys::new(PageKey::new([9; 32]), None);
    Sealer::new(keys, tenant(1), "tests/Watch", Vec::new())
}

async fn watch(follower: &Follower, token: &str) -> Watch<All> {
    Watch::begin(follower, All, sealer(), token).await.unwrap()
}

/// Takes so many items, and the token of the last.
async fn items(watch: &mut Watch<All>, count: usize) -> (Vec<(String, i64)>, String) {
    let (mut items, mut last) = (Vec::new(), String::new());
    while items.len() < count {
        match timeout(SOON, watch.next()).await.unwrap().unwrap() {
            Step::Item { token, item } => {
                items.push(item);
                last = token;
            }
            Step::Bookmark { token, .. } => last = token,
        }
    }
    (items, last)
}

fn named(items: &[(&str, i64)]) -> Vec<(String, i64)> {
    items
        .iter()
        .map(|(stream, it)| ((*stream).to_owned(), *it))
        .collect()
}

#[tokio::test]
async fn a_watch_is_snapshot_bookmark_and_changes() {
    let bed = Bed::shared("watch_plain").await;
    let follower = follow(&bed, Nudged::default());
    let mut watch = watch(&follower, "").await;
    let first = watch.next().await.unwrap();
    assert!(matches!(first, Step::Item { token, item } if token.is_empty() && item.1 == 0));
    let second = watch.next().await.unwrap();
    assert!(matches!(
        second,
        Step::Bookmark {
            snapshot_complete: true,
            ..
        }
    ));
    write(&mut bed.admin().await, &fact("a", 1)).await;
    assert_eq!(items(&mut watch, 1).await.0, named(&[("a", 1)]));
}

#[tokio::test]
async fn a_resumed_watch_misses_nothing_not_even_a_late_commit() {
    let bed = Bed::shared("watch_resumed").await;
    let follower = follow(&bed, Nudged::default());
    let mut first = watch(&follower, "").await;
    items(&mut first, 1).await;
    let (mut one, mut admin) = (bed.admin().await, bed.admin().await);
    let mut late = one.begin().await.unwrap();
    write(&mut late, &fact("late", 1)).await;
    let mut batch = admin.begin().await.unwrap();
    for version in 1..=3 {
        write(&mut batch, &fact("a", version)).await;
    }
    batch.commit().await.unwrap();
    // The token of the second of three changes that became visible together.
    let (seen, token) = items(&mut first, 2).await;
    assert_eq!(seen, named(&[("a", 1), ("a", 2)]));
    drop(first);
    late.commit().await.unwrap();
    write(&mut admin, &fact("a", 4)).await;
    let mut resumed = watch(&follower, &token).await;
    let (mut seen, _) = items(&mut resumed, 3).await;
    seen.sort();
    assert_eq!(seen, named(&[("a", 3), ("a", 4), ("late", 1)]));
}

#[tokio::test]
async fn a_token_of_an_earlier_life_is_expired() {
    let bed = Bed::shared("watch_expired").await;
    let follower = follow(&bed, Nudged::default());
    let mut first = watch(&follower, "").await;
    let mut token = String::new();
    while token.is_empty() {
        if let Step::Bookmark { token: sealed, .. } = first.next().await.unwrap() {
            token = sealed;
        }
    }
    let mut admin = bed.admin().await;
    admin
        .execute("UPDATE history SET number = 2")
        .await
        .unwrap();
    let later = follow(&bed, Nudged::default());
    let refused = Watch::begin(&later, All, sealer(), &token)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.reason().name, "RESUME_TOKEN_EXPIRED");
    let invalid = Watch::begin(&later, All, sealer(), "AAAA")
        .await
        .err()
        .unwrap();
    assert_eq!(invalid.reason().name, "PAGE_TOKEN_INVALID");
}
