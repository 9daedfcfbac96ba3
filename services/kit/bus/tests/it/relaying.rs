//! A relay on servers that work: everything, once, in order, by name and by part.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use bus::log::Reading;
use bus::provision::stream_of;
use bus::relay::status;
use bus::{Nudge, RelaySettings};
use sqlx::postgres::PgPool;
use sqlx::{Connection, Executor};
use testbed::eventually;
use tokio::task::JoinSet;

use crate::SOON;
use crate::bed::{Bed, Fact, fact, messages, quick, tenant, write};

#[tokio::test]
async fn what_is_committed_is_published_by_its_names() {
    let bed = Bed::shared("relay_names").await;
    bed.start(bed.relay(quick()).await);
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("a", 1)).await;
    let pair = Fact {
        kind: "pair",
        ..fact("a", 2)
    };
    write(&mut admin, &pair).await;
    let verdict = bed.published().await;
    assert!(verdict.turned_round.is_empty());
    let stored = messages(&bed.jetstream().await, bed.context).await;
    let told: Vec<_> = stored
        .iter()
        .map(|it| (it.version, it.part, it.text.as_str()))
        .collect();
    assert_eq!(told, [(1, 1, "a 1"), (2, 1, "a 2"), (2, 2, "a 2")]);
}

#[tokio::test]
async fn a_nudge_is_faster_than_the_poll() {
    let bed = Bed::shared("relay_nudge").await;
    let nudge = Nudge::default();
    let settings = RelaySettings {
        poll: Duration::from_secs(3_600),
        ..quick()
    };
    let relay = bed.relay(settings).await.nudged_by(nudge.listen());
    let published = relay.gauges().clone();
    bed.start(relay);
    let mut admin = bed.admin().await;
    // The relay may still be on its way to its first pass: nudge until it has heard.
    write(&mut admin, &fact("a", 1)).await;
    let heard = async || {
        nudge.committed();
        published.published() == 1
    };
    eventually(SOON, "the nudge is heard", heard).await.unwrap();
}

/// Three writers at once, whose transactions sleep between the insert and the commit.
async fn three_writers(bed: &Bed, streams: i64, versions: i64) {
    let mut writers = JoinSet::new();
    for writer in 0..3 {
        let mut connection = bed.admin().await;
        writers.spawn(async move {
            for step in 0..versions * streams / 3 {
                let mut tx = connection.begin().await.unwrap();
                // The next version of whichever stream, under its lock, as the journal writes: the
                // number of the transaction is drawn before the wait.
                tx.execute("SELECT pg_current_xact_id()").await.unwrap();
                let stream = format!("s{}", (step * 7 + writer) % streams);
                let lock = sqlx::query("SELECT pg_advisory_xact_lock(hashtext($1))").bind(&stream);
                tx.execute(lock).await.unwrap();
                let next = "SELECT coalesce(max(version), 0) + 1 FROM events WHERE stream_id = $1";
                let version: i64 = sqlx::query_scalar(next)
                    .bind(&stream)
                    .fetch_one(&mut *tx)
                    .await
                    .unwrap();
                write(&mut tx, &fact(&stream, version)).await;
                if step % 5 == writer {
                    tx.execute("SELECT pg_sleep(0.02)").await.unwrap();
                }
                tx.commit().await.unwrap();
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test]
async fn three_writers_with_late_commits_are_published_whole_and_in_order() {
    let bed = Bed::shared("relay_three").await;
    bed.start(bed.relay(quick()).await);
    three_writers(&bed, 9, 60).await;
    let verdict = bed.published().await;
    assert_eq!(verdict.turned_round, []);
    assert_eq!(verdict.stored, 540, "nothing is read twice");
}

/// What the judge finds when the log is read in a wrong way.
async fn judged(context: &'static str, reading: Reading) -> (usize, usize) {
    let bed = Bed::alone(context).await;
    let settings = RelaySettings {
        reading,
        poll: Duration::from_millis(1),
        ..quick()
    };
    bed.start(bed.relay(settings).await);
    three_writers(&bed, 3, 120).await;
    // What is still missing when nothing more arrives is lost.
    let mut last = usize::MAX;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let verdict = bed.verdict().await;
        if verdict.stored == last {
            return (verdict.missing.len(), verdict.turned_round.len());
        }
        last = verdict.stored;
    }
    unreachable!("the broker never came to rest")
}

#[tokio::test]
async fn control_reading_by_position_alone_loses_events() {
    let (missing, turned_round) = judged("control_position", Reading::ByPositionAlone).await;
    assert!(
        missing > 0,
        "late commits are lost; turned round {turned_round}"
    );
}

#[tokio::test]
async fn a_tenant_s_stream_is_not_another_tenant_s() {
    let bed = Bed::shared("relay_tenants").await;
    bed.start(bed.relay(quick()).await);
    let mut admin = bed.admin().await;
    for number in [1, 2] {
        let fact = Fact {
            tenant: tenant(number),
            ..fact("a", 1)
        };
        write(&mut admin, &fact).await;
    }
    assert_eq!(bed.published().await.stored, 2);
}

#[tokio::test]
async fn what_every_durable_has_acknowledged_is_removed_after_a_while() {
    let bed = Bed::shared("relay_purge").await;
    let settings = RelaySettings {
        purge_after: Duration::from_millis(300),
        ..quick()
    };
    bed.start(bed.relay(settings).await);
    let mut admin = bed.admin().await;
    for version in 1..=5 {
        write(&mut admin, &fact("a", version)).await;
    }
    bed.published().await;
    let jetstream = bed.jetstream().await;
    let durable = pull::Config {
        durable_name: Some("reader".to_owned()),
        ack_policy: AckPolicy::Explicit,
        ..pull::Config::default()
    };
    let stream = stream_of(bed.context);
    let reader = jetstream
        .create_consumer_on_stream(durable, &stream)
        .await
        .unwrap();
    let mut batch = reader.fetch().max_messages(3).messages().await.unwrap();
    while let Some(message) = futures_util::StreamExt::next(&mut batch).await {
        message.unwrap().double_ack().await.unwrap();
    }
    let removed = async || {
        let stream = jetstream.get_stream(&stream).await.unwrap();
        stream.cached_info().state.first_sequence == 4
    };
    eventually(SOON, "three messages are gone", removed)
        .await
        .unwrap();
    write(&mut admin, &fact("a", 6)).await;
    let arrived = async || {
        let stored = messages(&jetstream, bed.context).await;
        stored.iter().map(|it| it.version).eq(4..=6)
    };
    eventually(SOON, "publishing goes on", arrived)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_status_tells_how_far_it_has_come() {
    let bed = Bed::shared("relay_status").await;
    bed.start(bed.relay(quick()).await);
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("a", 1)).await;
    bed.published().await;
    let pool = PgPool::connect_with(bed.log()).await.unwrap();
    let told = async || {
        let status = status(&pool, bed.context).await.unwrap();
        let seen = (status.led, status.acknowledged_sequence, status.position);
        let healthy = status.observed.stream_state == "healthy" && status.epoch == 1;
        (seen == (true, 1, 1) && healthy)
            .then_some(())
            .ok_or(format!("{status:?}"))
    };
    eventually(SOON, "the status is told", told).await.unwrap();
}
