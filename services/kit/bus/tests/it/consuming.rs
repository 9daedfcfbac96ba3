//! A consumer applies each event once and in order, whatever the bus delivers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use bus::consuming::{Command, Followed};
use bus::{ConsumerSettings, Publish};
use chassis::deadline::Deadline;
use chassis::tasks::{Ending, Tasks};
use contracts::common::EventMetadata;
use journal::Submission;
use prost::Message as _;
use testbed::eventually;

use crate::SOON;
use crate::bed::{Bed, Fact, fact, quick, tenant, write};
use crate::notes::{NoteEvent, Notes};
use crate::shelves::{Shop, full, shelves};

/// Publishes a version as it is, past the relay and without a name that the broker would know.
async fn deliver(jetstream: &Context, bed: &Bed, stream: &str, version: i64) {
    deliver_of(jetstream, bed, stream, (1, version)).await;
}

/// The same, of one of the lives of its owner.
async fn deliver_of(jetstream: &Context, bed: &Bed, stream: &str, (history, version): (i64, i64)) {
    let event = NoteEvent {
        metadata: Some(EventMetadata {
            tenant_id: tenant(1).to_string(),
            aggregate_id: stream.to_owned(),
            aggregate_version: version,
            history,
            part: 1,
            parts: 1,
            ..EventMetadata::default()
        }),
        text: format!("{stream} {version}"),
    };
    send(jetstream, bed, stream, event.encode_to_vec()).await;
}

async fn send(jetstream: &Context, bed: &Bed, stream: &str, payload: Vec<u8>) {
    let context = Notes(bed.context).context();
    let subject = format!("retail.v1.{}.{context}.note_written.{stream}", tenant(1));
    let mut headers = HeaderMap::new();
    headers.insert("ce-type", "retail.note.v1.NoteWritten");
    let sent = jetstream
        .publish_with_headers(subject, headers, payload.into())
        .await;
    sent.unwrap().await.unwrap();
}

async fn stands(bed: &Bed, stream: &str, notes: &str) {
    let there = async || {
        let shelves = shelves(bed).await;
        let found = shelves.get(stream).cloned().unwrap_or_default();
        if found == notes { Ok(()) } else { Err(found) }
    };
    eventually(SOON, &format!("{stream} holds {notes}"), there)
        .await
        .unwrap();
}

async fn letter(bed: &Bed, stream: &str) -> Option<(String, String, i64, i64)> {
    let mut admin = bed.admin().await;
    let sql = "SELECT state, reason, parked_version, highest_version FROM dead_letters
        WHERE stream_id = $1";
    let row = sqlx::query_as(sql)
        .bind(stream)
        .fetch_optional(&mut admin)
        .await;
    row.unwrap()
}

async fn letter_is(bed: &Bed, stream: &str, state: &str, reason: &str) {
    let there = async || {
        let letter = letter(bed, stream).await;
        let same = letter
            .as_ref()
            .is_some_and(|it| (it.0.as_str(), it.1.as_str()) == (state, reason));
        if same {
            Ok(())
        } else {
            Err(format!("{letter:?}"))
        }
    };
    eventually(SOON, &format!("the letter is {state}"), there)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_published_is_applied_in_order() {
    let bed = Bed::shared("consume_plain").await;
    bed.start(bed.relay(quick()).await);
    let shop = Shop::open(&bed, "shelf-plain", "1").await;
    shop.start(&bed.tasks);
    let mut admin = bed.admin().await;
    for version in 1..=40 {
        for stream in ["a", "b", "c"] {
            write(&mut admin, &fact(stream, version)).await;
        }
    }
    for stream in ["a", "b", "c"] {
        stands(&bed, stream, &full(stream, 1..=40)).await;
    }
}

/// Delivers versions shuffled and three times each. The log holds them all, for refetches.
async fn shuffled(bed: &Bed) {
    let mut admin = bed.admin().await;
    for version in 1..=20 {
        write(&mut admin, &fact("a", version)).await;
        write(&mut admin, &fact("b", version)).await;
    }
    let jetstream = bed.jetstream().await;
    for step in 0..60 {
        let version = (step * 7) % 20 + 1;
        deliver(&jetstream, bed, "a", version).await;
        deliver(&jetstream, bed, "b", 21 - version).await;
    }
}

#[tokio::test]
async fn duplicates_and_wrong_order_are_applied_once_and_in_order() {
    let bed = Bed::shared("consume_shuffled").await;
    shuffled(&bed).await;
    let shop = Shop::open(&bed, "shelf-shuffled", "1").await;
    shop.start(&bed.tasks);
    stands(&bed, "a", &full("a", 1..=20)).await;
    stands(&bed, "b", &full("b", 1..=20)).await;
    let done = async || shop.consumer.tally().acknowledged() >= 120;
    eventually(SOON, "every delivery is done with", done)
        .await
        .unwrap();
    stands(&bed, "a", &full("a", 1..=20)).await;
}

#[tokio::test]
async fn control_without_an_inbox_duplicates_are_applied_again() {
    let bed = Bed::shared("consume_control").await;
    shuffled(&bed).await;
    let settings = ConsumerSettings {
        inbox: false,
        ..ConsumerSettings::default()
    };
    let shop = Shop::with(&bed, "shelf-control", "1", settings).await;
    shop.start(&bed.tasks);
    let done = async || shop.consumer.tally().acknowledged() >= 120;
    eventually(SOON, "every delivery is done with", done)
        .await
        .unwrap();
    let found = shelves(&bed).await;
    assert_ne!(found["a"], full("a", 1..=20), "the checker sees nothing");
    assert_eq!(found["a"].matches(';').count(), 60);
}

#[tokio::test]
async fn poison_parks_its_stream_alone_and_is_redriven() {
    let bed = Bed::shared("consume_poison").await;
    bed.start(bed.relay(quick()).await);
    let shop = Shop::open(&bed, "shelf-poison", "1").await;
    shop.start(&bed.tasks);
    let mut admin = bed.admin().await;
    for version in 1..=5 {
        write(&mut admin, &fact("poison", version)).await;
        write(&mut admin, &fact("well", version)).await;
    }
    stands(&bed, "well", &full("well", 1..=5)).await;
    letter_is(&bed, "poison", "parked", "refused").await;
    let highest = async || letter(&bed, "poison").await.unwrap().3 == 5;
    eventually(SOON, "how far it came is known", highest)
        .await
        .unwrap();

    // Not cured yet: the redrive ends where it began.
    redrive(&shop, "shelf-poison", "poison").await;
    letter_is(&bed, "poison", "parked", "refused").await;
    assert!(!shelves(&bed).await.contains_key("poison"));

    shop.listener.cured.store(true, Ordering::Relaxed);
    let again = async || {
        let state = letter(&bed, "poison").await.unwrap().0;
        if state == "parked" {
            redrive(&shop, "shelf-poison", "poison").await;
        }
        state == "resolved"
    };
    eventually(SOON, "it is resolved", again).await.unwrap();
    stands(&bed, "poison", &full("poison", 1..=5)).await;
    write(&mut admin, &fact("poison", 6)).await;
    stands(&bed, "poison", &full("poison", 1..=6)).await;
}

async fn redrive(shop: &Shop, consumer: &str, stream: &str) {
    let deadline = Deadline::within(Duration::from_secs(5));
    let submission = Submission::of_service("tests", tenant(1), "tests/Redrive", deadline);
    let command = Command::Redrive {
        followed: Followed {
            consumer: consumer.to_owned(),
            stream: stream.to_owned(),
        },
        actor: (1, "usr".to_owned()),
    };
    // One that is under way already is as good.
    shop.journal.submit(submission, command).await.ok();
}

#[tokio::test]
async fn a_refusal_of_the_rules_parks_and_an_unneeded_event_moves_the_inbox() {
    let bed = Bed::shared("consume_rules").await;
    bed.start(bed.relay(quick()).await);
    Shop::open(&bed, "shelf-rules", "1").await.start(&bed.tasks);
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("denied", 1)).await;
    for version in 1..=3 {
        write(&mut admin, &fact("needless", version)).await;
    }
    letter_is(&bed, "denied", "parked", "refused").await;
    let moved = async || {
        let mut admin = bed.admin().await;
        let sql = "SELECT applied_version FROM inbox WHERE stream_id = 'needless'";
        let version: Option<i64> = sqlx::query_scalar(sql)
            .fetch_optional(&mut admin)
            .await
            .unwrap();
        version == Some(3)
    };
    eventually(SOON, "the inbox has moved", moved)
        .await
        .unwrap();
    assert!(!shelves(&bed).await.contains_key("needless"));
}

#[tokio::test]
async fn an_unknown_kind_waits_for_a_newer_build_that_redrives_it_by_itself() {
    let bed = Bed::shared("consume_unknown").await;
    bed.start(bed.relay(quick()).await);
    let old = Tasks::default();
    Shop::open(&bed, "shelf-unknown", "1").await.start(&old);
    let mut admin = bed.admin().await;
    for version in 1..=3 {
        write(&mut admin, &fact("unknown", version)).await;
    }
    letter_is(&bed, "unknown", "parked", "kind_unknown").await;
    old.end(&Ending::within(Duration::from_secs(5))).await;
    let newer = Shop::open(&bed, "shelf-unknown", "2").await;
    newer.listener.cured.store(true, Ordering::Relaxed);
    newer.start(&bed.tasks);
    letter_is(&bed, "unknown", "resolved", "kind_unknown").await;
    stands(&bed, "unknown", &full("unknown", 1..=3)).await;
}

#[tokio::test]
async fn bytes_that_cannot_be_read_park_their_stream() {
    let bed = Bed::shared("consume_bytes").await;
    Shop::open(&bed, "shelf-bytes", "1").await.start(&bed.tasks);
    let jetstream = bed.jetstream().await;
    send(&jetstream, &bed, "a", b"\xff\xff\xff".to_vec()).await;
    letter_is(&bed, "a", "parked", "unreadable").await;
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("b", 1)).await;
    deliver(&jetstream, &bed, "b", 1).await;
    stands(&bed, "b", &full("b", 1..=1)).await;
}

#[tokio::test]
async fn a_version_that_its_owner_does_not_have_either_parks_its_stream() {
    let bed = Bed::shared("consume_gap").await;
    Shop::open(&bed, "shelf-gap", "1").await.start(&bed.tasks);
    let jetstream = bed.jetstream().await;
    deliver(&jetstream, &bed, "a", 3).await;
    letter_is(&bed, "a", "parked", "gap").await;
    assert_eq!(letter(&bed, "a").await.unwrap().2, 1);
}

#[tokio::test]
async fn a_fact_of_two_messages_is_applied_with_both() {
    let bed = Bed::shared("consume_parts").await;
    bed.start(bed.relay(quick()).await);
    Shop::open(&bed, "shelf-parts", "1").await.start(&bed.tasks);
    let mut admin = bed.admin().await;
    let pair = Fact {
        kind: "pair",
        ..fact("a", 1)
    };
    write(&mut admin, &pair).await;
    write(&mut admin, &fact("a", 2)).await;
    stands(&bed, "a", "a 1;a 1;a 2;").await;
}

#[tokio::test]
async fn a_consumer_goes_on_when_the_broker_lost_its_disk() {
    let bed = Bed::own("consume_disk").await;
    bed.start(bed.relay(quick()).await);
    Shop::open(&bed, "shelf-disk", "1").await.start(&bed.tasks);
    let mut admin = bed.admin().await;
    for version in 1..=10 {
        write(&mut admin, &fact("a", version)).await;
    }
    stands(&bed, "a", &full("a", 1..=10)).await;
    bed.nats.kill().unwrap();
    bed.nats.drop_disk().await.unwrap();
    bed.nats.restart().await.unwrap();
    bed.provision().await;
    for version in 11..=20 {
        write(&mut admin, &fact("a", version)).await;
    }
    stands(&bed, "a", &full("a", 1..=20)).await;
}

#[tokio::test]
async fn an_owner_in_another_life_is_read_anew_where_that_is_possible() {
    let bed = Bed::shared("consume_history").await;
    let shop = Shop::open(&bed, "shelf-history", "1").await;
    shop.listener.resyncable.store(true, Ordering::Relaxed);
    shop.start(&bed.tasks);
    let jetstream = bed.jetstream().await;
    for version in 1..=9 {
        deliver(&jetstream, &bed, "a", version).await;
    }
    stands(&bed, "a", &full("a", 1..=9)).await;
    // Restored to version 6, the owner writes another version 7, and then 8.
    deliver_of(&jetstream, &bed, "a", (2, 7)).await;
    deliver_of(&jetstream, &bed, "a", (2, 8)).await;
    stands(&bed, "a", &format!("{}present;a 8;", full("a", 1..=9))).await;
}

#[tokio::test]
async fn an_owner_in_another_life_parks_the_stream_where_nothing_can_be_read_anew() {
    let bed = Bed::shared("consume_parked").await;
    Shop::open(&bed, "shelf-parked", "1")
        .await
        .start(&bed.tasks);
    let jetstream = bed.jetstream().await;
    deliver(&jetstream, &bed, "a", 1).await;
    deliver_of(&jetstream, &bed, "a", (2, 1)).await;
    letter_is(&bed, "a", "parked", "refused").await;
}

#[tokio::test]
async fn of_two_replicas_one_reads_and_the_other_takes_over() {
    let bed = Bed::shared("consume_two").await;
    bed.start(bed.relay(quick()).await);
    let first = Tasks::default();
    let one = Shop::open(&bed, "shelf-two", "1").await;
    one.start(&first);
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("a", 1)).await;
    stands(&bed, "a", &full("a", 1..=1)).await;
    let other = Shop::open(&bed, "shelf-two", "1").await;
    other.start(&bed.tasks);
    write(&mut admin, &fact("a", 2)).await;
    stands(&bed, "a", &full("a", 1..=2)).await;
    assert_eq!(other.consumer.tally().acknowledged(), 0);
    first.end(&Ending::within(Duration::from_secs(5))).await;
    for version in 3..=20 {
        write(&mut admin, &fact("a", version)).await;
    }
    stands(&bed, "a", &full("a", 1..=20)).await;
}
