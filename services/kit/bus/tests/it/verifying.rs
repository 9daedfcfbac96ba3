//! Runs that refold every stream, as operators begin, watch and cancel them.

use std::sync::Arc;
use std::time::Duration;

use bus::Ops;
use bus::ops::{Asker, Refolder};
use chassis::call::Attempt;
use chassis::fault::Fault;
use chassis::tasks::{Ending, Tasks};
use contracts::ops as pb;
use sqlx::{Connection, Executor, PgConnection};
use testbed::eventually;
use uuid::Uuid;

use crate::SOON;
use crate::bed::{Bed, tenant};
use crate::operating::{SERVICE, asker, owner_that, reason, stranger};
use crate::tallies::{Tallies, TallyStore, counted};

/// An owner that refolds tallies, whose runs go on in these tasks.
async fn owner(bed: &Bed, tasks: &Tasks) -> Ops {
    let refold = Arc::new(Refolder::new(Tallies, TallyStore));
    owner_that(bed, None, (refold, tasks)).await
}

fn start() -> pb::StartVerificationRequest {
    pb::StartVerificationRequest {
        service: SERVICE.to_owned(),
        ..pb::StartVerificationRequest::default()
    }
}

async fn begun(ops: &Ops, message: pb::StartVerificationRequest) -> pb::Verification {
    let begun = ops.start_verification(&asker(), message).await;
    begun.unwrap().verification.unwrap()
}

async fn found(ops: &Ops, run: &pb::Verification) -> pb::Verification {
    let message = pb::GetVerificationRequest {
        service: SERVICE.to_owned(),
        verification_id: run.verification_id.clone(),
    };
    let found = ops.find_verification(message).await;
    found.unwrap().verification.unwrap()
}

async fn ended(ops: &Ops, run: &pb::Verification) -> pb::Verification {
    let ended = async || {
        let run = found(ops, run).await;
        (run.state() != pb::VerificationState::Running).then_some(run)
    };
    eventually(SOON, "the run has ended", ended).await.unwrap()
}

async fn cancelled(ops: &Ops, run: &pb::Verification) -> Result<pb::Verification, Fault> {
    let message = pb::CancelVerificationRequest {
        service: SERVICE.to_owned(),
        verification_id: run.verification_id.clone(),
        request_id: String::new(),
    };
    let cancelled = ops.cancel_verification(message).await?;
    Ok(cancelled.verification.unwrap())
}

/// Keeps every run from reading events until the connection is dropped.
async fn held(bed: &Bed) -> PgConnection {
    let mut holder = bed.admin().await;
    let lock = "BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE";
    holder.execute(lock).await.unwrap();
    holder
}

#[tokio::test]
async fn a_run_over_states_that_follow_from_their_facts_is_clean() {
    let bed = Bed::shared("verify_clean").await;
    let ops = owner(&bed, &bed.tasks).await;
    counted(&bed, &["a", "b"], 3).await;
    let run = begun(&ops, start()).await;
    assert_eq!(run.state(), pb::VerificationState::Running);
    let run = ended(&ops, &run).await;
    assert_eq!(run.state(), pb::VerificationState::Clean, "{run:?}");
    assert_eq!((run.stream_count, run.event_count), (2, 6));
    let mut admin = bed.admin().await;
    let last = sqlx::query_scalar("SELECT max(position) FROM events");
    let last: i64 = last.fetch_one(&mut admin).await.unwrap();
    assert_eq!((run.position, run.difference_count), (last, 0));
    assert_eq!(run.actor.unwrap().actor_id, "usr");
    assert!(run.end_time.is_some());
}

#[tokio::test]
async fn differences_are_shown_with_what_is_stored_and_what_should_be() {
    let bed = Bed::shared("verify_differs").await;
    let ops = owner(&bed, &bed.tasks).await;
    counted(&bed, &["a", "b", "c"], 2).await;
    let mut admin = bed.admin().await;
    let spoil = "UPDATE tallies SET notes = 7 WHERE stream <> 'c';
        INSERT INTO tallies VALUES (gen_random_uuid(), 'd', 1, now(), 1)";
    admin.execute(sqlx::raw_sql(spoil)).await.unwrap();
    let run = ended(&ops, &begun(&ops, start()).await).await;
    assert_eq!(run.state(), pb::VerificationState::Different);
    assert_eq!((run.difference_count, run.differences.len()), (3, 3));
    let first = &run.differences[0];
    assert_eq!(first.kind(), pb::DifferenceKind::StateDiffers);
    assert_eq!((first.aggregate_type.as_str(), first.version), ("note", 2));
    assert_eq!(first.tenant_id, tenant(1).to_string());
    assert_eq!(first.field, "notes");
    let values = (first.stored_value.as_str(), first.folded_value.as_str());
    assert_eq!(values, ("7", "2"));
    let listed = async |kind: pb::DifferenceKind, page_token| {
        let message = pb::ListVerificationDifferencesRequest {
            service: SERVICE.to_owned(),
            verification_id: run.verification_id.clone(),
            kind: kind.into(),
            page_size: 2,
            page_token,
        };
        let listed = ops.list_verification_differences(&asker(), message).await;
        let listed = listed.unwrap();
        let ids = listed.differences.into_iter().map(|it| it.aggregate_id);
        (ids.collect::<Vec<_>>(), listed.next_page_token)
    };
    let (first, next) = listed(pb::DifferenceKind::Unspecified, String::new()).await;
    assert_eq!(first, ["a", "b"]);
    let (second, next) = listed(pb::DifferenceKind::Unspecified, next).await;
    assert_eq!((second, next), (vec!["d".to_owned()], String::new()));
    let (unfounded, _) = listed(pb::DifferenceKind::StateUnfounded, String::new()).await;
    assert_eq!(unfounded, ["d"]);
    let one = pb::StartVerificationRequest {
        aggregate_type: "note".to_owned(),
        aggregate_id: "b".to_owned(),
        ..start()
    };
    let one = ended(&ops, &begun(&ops, one).await).await;
    assert_eq!(one.difference_count, 1);
}

#[tokio::test]
async fn one_runs_at_a_time_and_a_repetition_hears_of_the_first() {
    let bed = Bed::shared("verify_one").await;
    let ops = owner(&bed, &bed.tasks).await;
    let replica = owner(&bed, &bed.tasks).await;
    let holder = held(&bed).await;
    let asker = Asker {
        attempt: Some(Attempt::of(Uuid::from_u128(1), &start())),
        ..asker()
    };
    let first = ops.start_verification(&asker, start()).await.unwrap();
    let run = first.verification.clone().unwrap();
    for ops in [&ops, &replica] {
        let again = ops.start_verification(&asker, start()).await.unwrap();
        assert_eq!(again, first);
        let second = ops.start_verification(&stranger(), start()).await;
        assert_eq!(reason(second), "VERIFICATION_RUNNING");
        let state = found(ops, &run).await.state();
        assert_eq!(state, pb::VerificationState::Running, "it goes on");
    }
    holder.close().await.unwrap();
    let state = ended(&replica, &run).await.state();
    assert_eq!(state, pb::VerificationState::Clean);
    let next = begun(&replica, start()).await;
    let message = pb::ListVerificationsRequest {
        service: SERVICE.to_owned(),
        page_size: 1,
        ..pb::ListVerificationsRequest::default()
    };
    let newest = ops.list_verifications(&asker, message.clone()).await;
    let newest = newest.unwrap();
    assert_eq!(
        newest.verifications[0].verification_id,
        next.verification_id
    );
    let message = pb::ListVerificationsRequest {
        page_token: newest.next_page_token,
        ..message
    };
    let oldest = ops.list_verifications(&asker, message).await.unwrap();
    assert_eq!(oldest.verifications[0].verification_id, run.verification_id);
    assert_eq!(oldest.next_page_token, "");
}

#[tokio::test]
async fn a_cancelled_run_lets_go_and_another_can_begin() {
    let bed = Bed::shared("verify_cancel").await;
    let ops = owner(&bed, &bed.tasks).await;
    let replica = owner(&bed, &Tasks::default()).await;
    let holder = held(&bed).await;
    let run = begun(&ops, start()).await;
    for _ in 0..2 {
        let run = cancelled(&replica, &run).await.unwrap();
        assert_eq!(run.state(), pb::VerificationState::Cancelled);
    }
    let next = begun(&replica, start()).await;
    holder.close().await.unwrap();
    let next = ended(&replica, &next).await;
    assert_eq!(next.state(), pb::VerificationState::Clean);
    assert_eq!(reason(cancelled(&ops, &next).await), "VERIFICATION_ENDED");
    let state = found(&ops, &run).await.state();
    assert_eq!(state, pb::VerificationState::Cancelled);
}

#[tokio::test]
async fn a_run_whose_process_ended_has_failed() {
    let bed = Bed::shared("verify_restart").await;
    let tasks = Tasks::default();
    let ops = owner(&bed, &tasks).await;
    let holder = held(&bed).await;
    let run = begun(&ops, start()).await;
    tasks.end(&Ending::within(Duration::from_secs(5))).await;
    let ops = owner(&bed, &bed.tasks).await;
    let run = ended(&ops, &run).await;
    assert_eq!(run.state(), pb::VerificationState::Failed);
    assert_eq!(run.error, "INTERRUPTED");
    holder.close().await.unwrap();
    let state = ended(&ops, &begun(&ops, start()).await).await.state();
    assert_eq!(state, pb::VerificationState::Clean);
}
