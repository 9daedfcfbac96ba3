//! A broker that dies, loses its disk or is set back to an earlier copy is filled again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bus::RelaySettings;
use testbed::eventually;

use crate::SOON;
use crate::bed::{Bed, fact, quick, write};

async fn write_versions(bed: &Bed, versions: std::ops::RangeInclusive<i64>) {
    let mut admin = bed.admin().await;
    for version in versions {
        write(&mut admin, &fact("a", version)).await;
        write(&mut admin, &fact("b", version)).await;
    }
}

#[tokio::test]
async fn a_broker_that_is_killed_in_between_misses_nothing() {
    let bed = Bed::own("broken_killed").await;
    bed.start(bed.relay(quick()).await);
    let writing = write_versions(&bed, 1..=150);
    let killing = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            bed.nats.kill().unwrap();
            bed.nats.restart().await.unwrap();
        }
    };
    tokio::join!(writing, killing);
    assert_eq!(bed.published().await.turned_round, []);
}

#[tokio::test]
async fn a_stream_whose_disk_was_dropped_is_filled_again() {
    let bed = Bed::own("broken_dropped").await;
    let relay = bed.relay(quick()).await;
    let gauges = relay.gauges().clone();
    bed.start(relay);
    write_versions(&bed, 1..=20).await;
    bed.published().await;
    bed.nats.kill().unwrap();
    bed.nats.drop_disk().await.unwrap();
    write_versions(&bed, 21..=25).await;
    bed.nats.restart().await.unwrap();
    // Nobody creates a stream but the provisioner; the relay waits for it.
    bed.provision().await;
    assert_eq!(bed.published().await.turned_round, []);
    assert_eq!(gauges.rewinds(), 1);
}

#[tokio::test]
async fn control_without_a_rewind_a_dropped_disk_stays_empty() {
    let bed = Bed::own("broken_control").await;
    let settings = RelaySettings {
        rewind: false,
        ..quick()
    };
    let relay = bed.relay(settings).await;
    let gauges = relay.gauges().clone();
    bed.start(relay);
    write_versions(&bed, 1..=5).await;
    bed.published().await;
    bed.nats.kill().unwrap();
    bed.nats.drop_disk().await.unwrap();
    bed.nats.restart().await.unwrap();
    bed.provision().await;
    write_versions(&bed, 6..=6).await;
    let arrived = async || bed.verdict().await.stored >= 2;
    eventually(SOON, "the new facts arrive", arrived)
        .await
        .unwrap();
    let verdict = bed.verdict().await;
    assert_eq!(verdict.missing.len(), 10, "the judge sees what is lost");
    assert_eq!(gauges.rewinds(), 1);
}

#[tokio::test]
async fn a_stream_set_back_to_an_earlier_copy_is_filled_from_a_checkpoint() {
    let bed = Bed::own("broken_restored").await;
    let settings = RelaySettings {
        checkpoint_every: Duration::from_millis(1),
        ..quick()
    };
    let relay = bed.relay(settings).await;
    let gauges = relay.gauges().clone();
    bed.start(relay);
    write_versions(&bed, 1..=10).await;
    bed.published().await;
    let (store, copy) = (
        bed.nats.folder().join("store"),
        bed.nats.folder().join("copy"),
    );
    bed.nats.stop().await.unwrap();
    copy_folder(&store, &copy);
    bed.nats.restart().await.unwrap();
    write_versions(&bed, 11..=30).await;
    let before = bed.published().await;
    assert_eq!(before.stored, 60);
    bed.nats.kill().unwrap();
    bed.nats.drop_disk().await.unwrap();
    copy_folder(&copy, &store);
    bed.nats.restart().await.unwrap();
    let after = bed.published().await;
    assert_eq!(after.turned_round, []);
    assert_eq!(
        (after.stored, gauges.rewinds()),
        (60, 1),
        "only the lost part is sent again"
    );
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
