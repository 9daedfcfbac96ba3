//! Two replicas: one leads, the other takes over, and who slept through that is refused.

use std::time::Duration;

use bus::RelaySettings;
use bus::relay::status;
use chassis::tasks::{Ending, Tasks};
use sqlx::postgres::PgPool;
use sqlx::{Connection, Executor};
use testbed::{Direction, Proxy, eventually};

use crate::SOON;
use crate::bed::{Bed, Verdict, fact, jetstream_at, quick, write};

async fn epoch_is(bed: &Bed, epoch: i64) {
    let pool = PgPool::connect_with(bed.log()).await.unwrap();
    let led = async || {
        let status = status(&pool, bed.context).await.unwrap();
        (status.led && status.epoch == epoch)
            .then_some(())
            .ok_or(status.epoch)
    };
    eventually(SOON, "the lead has moved", led).await.unwrap();
}

#[tokio::test]
async fn only_one_of_two_relays_leads_and_the_other_takes_over() {
    let bed = Bed::shared("two_relays").await;
    let first = Tasks::default();
    bed.start_in(&first, bed.relay(quick()).await);
    epoch_is(&bed, 1).await;
    bed.start(bed.relay(quick()).await);
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("a", 1)).await;
    assert_eq!(bed.published().await.stored, 1);
    first.end(&Ending::within(Duration::from_secs(5))).await;
    epoch_is(&bed, 2).await;
    write(&mut admin, &fact("a", 2)).await;
    let verdict = bed.published().await;
    assert_eq!((verdict.stored, verdict.turned_round.len()), (2, 0));
}

/// A leader falls asleep with messages on their way, loses its lock, and wakes when another one
/// has published everything. The broker knows no names any more: only the chain is left.
async fn woken(context: &'static str, chained: bool) -> Verdict {
    let bed = Bed::own(context).await;
    bed.forget_names().await;
    let settings = RelaySettings {
        chained,
        // A leader that looks at the silent broker just then has nothing in hand.
        keep_house_every: Duration::from_secs(3_600),
        ..quick()
    };
    let postgres = Proxy::to(bed.database.postgres().address()).await.unwrap();
    let broker = Proxy::to(bed.nats.address()).await.unwrap();
    let log = bed.log().port(postgres.address().port());
    let jetstream = jetstream_at(&format!("nats://{}", broker.address())).await;
    bed.start(bed.relay_through(log, jetstream, settings.clone()));
    epoch_is(&bed, 1).await;
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("a", 1)).await;
    bed.published().await;
    broker.silence(Direction::Both);
    let sent = broker.traffic().to_server_bytes;
    let mut batch = admin.begin().await.unwrap();
    for version in 2..=40 {
        write(&mut batch, &fact("a", version)).await;
    }
    batch.commit().await.unwrap();
    // What the leader sends is accepted and kept back.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(broker.traffic().to_server_bytes, sent);
    postgres.cut();
    bed.start(bed.relay(settings).await);
    epoch_is(&bed, 2).await;
    assert_eq!(bed.published().await.stored, 40);
    tokio::time::sleep(Duration::from_millis(200)).await;
    broker.heal();
    for version in 41..=50 {
        write(&mut admin, &fact("a", version)).await;
    }
    bed.published().await;
    // What was on its way has arrived when nothing more is added.
    let mut last = bed.verdict().await;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let verdict = bed.verdict().await;
        if verdict.stored == last.stored {
            return verdict;
        }
        last = verdict;
    }
}

#[tokio::test]
async fn a_leader_that_wakes_with_messages_in_hand_is_refused_by_the_chain() {
    let verdict = woken("two_woken", true).await;
    assert_eq!(verdict.turned_round, []);
    assert_eq!(verdict.stored, 50, "nothing is stored a second time");
}

#[tokio::test]
async fn control_without_the_chain_what_a_woken_leader_had_in_hand_is_stored_again() {
    let verdict = woken("two_unchained", false).await;
    assert!(
        verdict.stored > 50,
        "the judge sees what the chain keeps out"
    );
}

#[tokio::test]
async fn a_relay_killed_between_publish_and_cursor_publishes_again_behind_itself() {
    let bed = Bed::own("two_killed").await;
    let first = Tasks::default();
    bed.start_in(&first, bed.relay(quick()).await);
    let mut admin = bed.admin().await;
    for version in 1..=30 {
        write(&mut admin, &fact("a", version)).await;
    }
    bed.published().await;
    first.end(&Ending::within(Duration::from_secs(5))).await;
    // As if it had died before its cursor was saved.
    admin
        .execute(
            "UPDATE relay_cursor SET snapshot = '1:1:', position = 0, acknowledged_sequence = 0",
        )
        .await
        .unwrap();
    write(&mut admin, &fact("a", 31)).await;
    bed.start(bed.relay(quick()).await);
    let verdict = bed.published().await;
    assert_eq!((verdict.stored, verdict.turned_round.len()), (31, 0));
}
