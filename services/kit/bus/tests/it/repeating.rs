//! A command of an operator that comes again hears the first answer, and does nothing.

use std::sync::atomic::Ordering;

use bus::ops::{Asker, EventIndex};
use chassis::call::Attempt;
use contracts::ops as pb;
use uuid::Uuid;

use crate::bed::{Bed, tenant};
use crate::operating::{SERVICE, asker, owner, parked, reason, resolved};

/// Asks under a request id.
fn again(message: &impl prost::Message) -> Asker {
    Asker {
        attempt: Some(Attempt::of(Uuid::from_u128(1), message)),
        ..asker()
    }
}

#[tokio::test]
async fn a_redrive_of_many_is_answered_once() {
    let bed = Bed::shared("repeat_redrive").await;
    let (ops, shop, letter) = parked(&bed, "shelf-repeat").await;
    shop.listener.cured.store(true, Ordering::Relaxed);
    let message = pb::RedriveConsumerRequest {
        service: SERVICE.to_owned(),
        name: "shelf-repeat".to_owned(),
        ..pb::RedriveConsumerRequest::default()
    };
    let asker = again(&message);
    let first = ops.redrive_consumer(&asker, message.clone()).await.unwrap();
    assert_eq!((first.begun_count, first.remaining_count), (1, 0));
    resolved(&ops, &letter).await;
    let second = ops.redrive_consumer(&asker, message.clone()).await.unwrap();
    assert_eq!(second, first);
    // A request of its own finds nothing left to begin.
    let fresh = crate::operating::asker();
    let fresh = ops.redrive_consumer(&fresh, message.clone()).await;
    assert_eq!(fresh.unwrap().begun_count, 0);
    let other = pb::RedriveConsumerRequest {
        limit: 5,
        ..message
    };
    let mixed = ops.redrive_consumer(&again(&other), other).await;
    assert_eq!(reason(mixed), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_rebuild_is_begun_once_also_by_two_at_a_time() {
    let bed = Bed::shared("repeat_rebuild").await;
    let ops = owner(&bed, None).await;
    let message = pb::RebuildProjectionRequest {
        service: SERVICE.to_owned(),
        name: EventIndex::NAME.to_owned(),
        request_id: String::new(),
    };
    let asker = again(&message);
    let known = async || {
        let message = pb::GetProjectionRequest {
            service: SERVICE.to_owned(),
            name: EventIndex::NAME.to_owned(),
        };
        ops.find_projection(message).await.is_ok()
    };
    testbed::eventually(crate::SOON, "the projection has begun", known)
        .await
        .unwrap();
    let (one, two) = tokio::join!(
        ops.rebuild_projection(&asker, message.clone()),
        ops.rebuild_projection(&asker, message.clone()),
    );
    let first = one.unwrap();
    assert_eq!(two.unwrap(), first);
    let rebuild = first.projection.clone().unwrap().rebuild.unwrap();
    let rebuilt = async || {
        let message = pb::GetProjectionRequest {
            service: SERVICE.to_owned(),
            name: EventIndex::NAME.to_owned(),
        };
        let found = ops.find_projection(message).await.unwrap();
        let found = found.projection.unwrap();
        found.rebuild.is_none().then_some(found.build_time)
    };
    let built = testbed::eventually(crate::SOON, "it is rebuilt", rebuilt).await;
    let third = ops.rebuild_projection(&asker, message.clone()).await;
    assert_eq!(third.unwrap().projection.unwrap().rebuild, Some(rebuild));
    assert_eq!(rebuilt().await, built.ok(), "nothing was begun again");
    // The same id of another tenant is another request.
    let other = Asker {
        tenant: tenant(2),
        ..asker
    };
    let other = ops.rebuild_projection(&other, message).await.unwrap();
    assert_ne!(other, first);
}
