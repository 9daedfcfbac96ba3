//! What operators and other services ask of an owner.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::consumer::ENDED_LETTERS;
use bus::ops::{Asker, Build, ConsumerFace, EventIndex, Letters, Redriver, Refold, Refolder};
use bus::{Follower, Nudged, Ops, OpsParts, Projector};
use chassis::deadline::Deadline;
use chassis::fault::Fault;
use chassis::tasks::{OnFailure, OnShutdown, Tasks};
use contracts::common::ActorType;
use contracts::ops as pb;
use futures_util::StreamExt;
use journal::Actor;
use sqlx::postgres::PgPool;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use tokio::time::timeout;
use vocab::{Moment, PageKey, PageKeys};

use crate::SOON;
use crate::bed::{Bed, Fact, fact, quick, tenant, write};
use crate::notes::Notes;
use crate::shelves::{ShelfStore, Shelves, Shop};

pub const SERVICE: &str = "catalog";

/// An owner with everything that runs for it.
pub async fn owner(bed: &Bed, shop: Option<&Shop>) -> Ops {
    let refold = Arc::new(Refolder::new(Shelves, ShelfStore));
    owner_that(bed, shop, (refold, &bed.tasks)).await
}

/// An owner that refolds in its own way, and where its runs go on.
pub async fn owner_that(
    bed: &Bed,
    shop: Option<&Shop>,
    (refold, tasks): (Arc<dyn Refold>, &Tasks),
) -> Ops {
    let publish = Arc::new(Notes(bed.context));
    let follower = Follower::new(bed.log(), Nudged::default());
    let following = follower.clone();
    let run = move |shutdown| following.clone().run(shutdown);
    bed.tasks
        .spawn("follower", OnFailure::Fatal, OnShutdown::Abort, run);
    let index = Arc::new(EventIndex::new(publish.clone()));
    let service = bed.role("retail_service", &bed.database.url());
    let nudged = Nudged::default();
    let projector = Projector::new(index.clone(), bed.log(), service.clone(), nudged, "replica");
    let run = move |shutdown| projector.clone().run(shutdown);
    bed.tasks
        .spawn("projector", OnFailure::Fatal, OnShutdown::Abort, run);
    let redriver = shop.map(|it| Redriver::new(SERVICE, it.journal.clone()));
    Ops::new(OpsParts {
        service: SERVICE,
        publish,
        log: PgPool::connect_with(bed.log()).await.unwrap(),
        database: PgPool::connect_with(service).await.unwrap(),
        follower,
        projections: vec![index],
        consumers: shop
            .map(|it| ConsumerFace::of(it.listener.as_ref()))
            .into_iter()
            .collect(),
        letters: redriver.map(|it| Arc::new(it) as Arc<dyn Letters>),
        refold,
        tasks: tasks.clone(),
        keys: PageKeys::new(PageKey::new([3; 32]), None),
        build: Build {
            version: "0.1.0".to_owned(),
            source_revision: "abc".to_owned(),
            built_at: None,
            contract_hash: "00".to_owned(),
            packages: vec!["retail.note.v1".to_owned()],
            instance: "replica".to_owned(),
            started_at: Moment::FIRST,
        },
    })
}

pub fn asker() -> Asker {
    Asker {
        tenant: tenant(1),
        principal: "usr".to_owned(),
        actor: Actor {
            kind: ActorType::User,
            id: "usr".to_owned(),
        },
        deadline: Deadline::within(Duration::from_secs(5)),
        attempt: None,
    }
}

pub fn stranger() -> Asker {
    Asker {
        tenant: tenant(2),
        ..asker()
    }
}

pub fn reason<T>(answer: Result<T, Fault>) -> &'static str {
    answer.err().expect("a refusal").reason().name
}

async fn listed(ops: &Ops, message: pb::ListEventsRequest) -> pb::ListEventsResponse {
    ops.list_events(&asker(), message).await.unwrap()
}

fn versions(events: &[contracts::common::EventRecord]) -> Vec<i64> {
    let metadata = events.iter().map(|it| it.metadata.as_ref().unwrap());
    metadata.map(|it| it.aggregate_version).collect()
}

#[tokio::test]
async fn events_are_found_by_their_chain_newest_first_and_page_by_page() {
    let bed = Bed::shared("ops_events").await;
    let ops = owner(&bed, None).await;
    let mut admin = bed.admin().await;
    for version in 1..=3 {
        write(&mut admin, &fact("a", version)).await;
    }
    let other = Fact {
        tenant: tenant(2),
        ..fact("a", 1)
    };
    write(&mut admin, &other).await;
    let wanted = |page_token: String, order_by: &str| pb::ListEventsRequest {
        service: SERVICE.to_owned(),
        correlation_id: "chain".to_owned(),
        order_by: order_by.to_owned(),
        page_size: 2,
        page_token,
        ..pb::ListEventsRequest::default()
    };
    let indexed = async || {
        let first = listed(&ops, wanted(String::new(), "")).await;
        let second = listed(&ops, wanted(first.next_page_token.clone(), "")).await;
        (versions(&first.events) == [3, 2] && versions(&second.events) == [1]).then_some(first)
    };
    let first = eventually(SOON, "the index has filled", indexed)
        .await
        .unwrap();
    let oldest = listed(&ops, wanted(String::new(), "record_time")).await;
    assert_eq!(versions(&oldest.events), [1, 2]);
    // A token is good for the list that it was given out with.
    let foreign = ops
        .list_events(&asker(), wanted(first.next_page_token, "record_time"))
        .await;
    assert_eq!(reason(foreign), "PAGE_TOKEN_INVALID");
    let elsewhere = pb::ListEventsRequest {
        service: "order".to_owned(),
        ..wanted(String::new(), "")
    };
    assert_eq!(
        reason(ops.list_events(&asker(), elsewhere).await),
        "SERVICE_NOT_HERE"
    );
}

#[tokio::test]
async fn an_event_is_found_by_its_id_and_by_its_own_tenant_alone() {
    let bed = Bed::shared("ops_event").await;
    let ops = owner(&bed, None).await;
    write(&mut bed.admin().await, &fact("a", 1)).await;
    let message = pb::ListEventsRequest {
        service: SERVICE.to_owned(),
        correlation_id: "chain".to_owned(),
        ..pb::ListEventsRequest::default()
    };
    let indexed = async || listed(&ops, message.clone()).await.events.pop();
    let event = eventually(SOON, "the event is indexed", indexed).await;
    let message = pb::GetEventRequest {
        service: SERVICE.to_owned(),
        event_id: event.unwrap().metadata.unwrap().event_id,
        part: 0,
    };
    let found = ops.find_event(&asker(), message.clone()).await.unwrap();
    assert_eq!(versions(&[found.event.unwrap()]), [1]);
    assert_eq!(
        reason(ops.find_event(&stranger(), message).await),
        "RESOURCE_MISSING"
    );
}

#[tokio::test]
async fn a_stream_is_fetched_in_whole_versions() {
    let bed = Bed::shared("ops_stream").await;
    let ops = owner(&bed, None).await;
    let mut admin = bed.admin().await;
    let pair = Fact {
        kind: "pair",
        ..fact("a", 2)
    };
    for fact in [fact("a", 1), pair, fact("a", 3)] {
        write(&mut admin, &fact).await;
    }
    let wanted = |stream: &str, from_version, to_version| pb::FetchStreamRequest {
        service: SERVICE.to_owned(),
        aggregate_id: stream.to_owned(),
        from_version,
        to_version,
    };
    let fetched = ops.fetch_stream(&asker(), wanted("a", 2, 0)).await.unwrap();
    assert_eq!(versions(&fetched.events), [2, 2, 3]);
    assert_eq!((fetched.last_version, fetched.history), (3, 1));
    let behind = ops.fetch_stream(&asker(), wanted("a", 9, 0)).await.unwrap();
    assert!(behind.events.is_empty());
    assert_eq!(
        reason(ops.fetch_stream(&asker(), wanted("b", 1, 0)).await),
        "STREAM_UNKNOWN"
    );
    assert_eq!(
        reason(ops.fetch_stream(&asker(), wanted("a", 3, 2)).await),
        "VALIDATION_FAILED"
    );
}

#[tokio::test]
async fn events_are_tailed_by_filter_and_from_a_token() {
    let bed = Bed::shared("ops_tail").await;
    let ops = owner(&bed, None).await;
    let message = pb::TailEventsRequest {
        service: SERVICE.to_owned(),
        aggregate_id: "a".to_owned(),
        ..pb::TailEventsRequest::default()
    };
    let mut tail = Box::pin(ops.tail_events(&asker(), message.clone()).await.unwrap());
    let bookmark = timeout(SOON, tail.next()).await.unwrap().unwrap().unwrap();
    let mut admin = bed.admin().await;
    for fact in [fact("a", 1), fact("b", 1), fact("a", 2)] {
        write(&mut admin, &fact).await;
    }
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let step = timeout(SOON, tail.next()).await.unwrap().unwrap().unwrap();
        if let Some(pb::tail_events_response::Update::Event(event)) = step.update {
            seen.extend(versions(&[event]));
        }
    }
    assert_eq!(seen, [1, 2]);
    let resumed = pb::TailEventsRequest {
        resume_token: bookmark.resume_token,
        ..message
    };
    let mut tail = pin!(ops.tail_events(&asker(), resumed).await.unwrap());
    let first = timeout(SOON, tail.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(
        first.update,
        Some(pb::tail_events_response::Update::Event(_))
    ));
}

#[tokio::test]
async fn projections_and_relay_tell_how_they_get_on() {
    let bed = Bed::shared("ops_status").await;
    bed.start(bed.relay(quick()).await);
    let ops = owner(&bed, None).await;
    write(&mut bed.admin().await, &fact("a", 1)).await;
    bed.published().await;
    let service = || SERVICE.to_owned();
    let told = async || {
        let message = pb::ListProjectionsRequest {
            service: service(),
            ..pb::ListProjectionsRequest::default()
        };
        let listed = ops.list_projections(&asker(), message).await.unwrap();
        let message = pb::GetRelayStatusRequest { service: service() };
        let relay = ops
            .relay_status(message)
            .await
            .unwrap()
            .relay_status
            .unwrap();
        let live = listed
            .projections
            .iter()
            .any(|it| it.state() == pb::ProjectionState::Live && it.position == 1 && it.lag == 0);
        let publishing = relay.state() == pb::RelayState::Publishing && relay.lag == 0;
        if live && publishing {
            Ok(())
        } else {
            Err(format!("{listed:?} {relay:?}"))
        }
    };
    eventually(SOON, "both are told", told).await.unwrap();
    let unknown = pb::GetProjectionRequest {
        service: service(),
        name: "nothing".to_owned(),
    };
    assert_eq!(
        reason(ops.find_projection(unknown).await),
        "PROJECTION_UNKNOWN"
    );
    let message = pb::RebuildProjectionRequest {
        service: service(),
        name: EventIndex::NAME.to_owned(),
        request_id: String::new(),
    };
    let begun = ops
        .rebuild_projection(&asker(), message)
        .await
        .unwrap()
        .projection
        .unwrap();
    assert_eq!(begun.projector_version, 1);
    let info = ops
        .service_info(pb::GetServiceInfoRequest { service: service() })
        .await;
    assert_eq!(info.unwrap().service_info.unwrap().history, 1);
}

/// A consumer that stands still at the first of two notes, and what operators see of it.
pub async fn parked(bed: &Bed, name: &'static str) -> (Ops, Shop, pb::DeadLetter) {
    bed.start(bed.relay(quick()).await);
    let shop = Shop::open(bed, name, "1").await;
    shop.start(&bed.tasks);
    let ops = owner(bed, Some(&shop)).await;
    for version in 1..=2 {
        write(&mut bed.admin().await, &fact("poison", version)).await;
    }
    let message = || pb::ListDeadLettersRequest {
        service: SERVICE.to_owned(),
        ..pb::ListDeadLettersRequest::default()
    };
    let listed = async || {
        let listed = ops.list_dead_letters(&asker(), message()).await.unwrap();
        let mut letters = listed.dead_letters.into_iter();
        letters.find(|it| it.highest_version == 2)
    };
    let letter = eventually(SOON, "the stream is parked", listed).await;
    (ops, shop, letter.unwrap())
}

async fn shown(ops: &Ops, letter: &pb::DeadLetter) -> Result<pb::DeadLetter, Fault> {
    let message = pb::GetDeadLetterRequest {
        service: SERVICE.to_owned(),
        dead_letter_id: letter.dead_letter_id.clone(),
    };
    let found = ops.find_dead_letter(&asker(), message).await?;
    Ok(found.dead_letter.unwrap())
}

pub async fn resolved(ops: &Ops, letter: &pb::DeadLetter) {
    let resolved =
        async || shown(ops, letter).await.unwrap().state() == pb::DeadLetterState::Resolved;
    let resolved = eventually(SOON, "the letter is resolved", resolved).await;
    resolved.unwrap();
}

#[tokio::test]
async fn dead_letters_are_listed_and_redriven() {
    let bed = Bed::shared("ops_letters").await;
    let (ops, shop, letter) = parked(&bed, "shelf-ops").await;
    assert_eq!(letter.reason(), pb::DeadLetterReason::Refused);
    assert_eq!(versions(&[letter.event.clone().unwrap()]), [1]);
    shop.listener.cured.store(true, Ordering::Relaxed);
    let redrive = || pb::RedriveDeadLetterRequest {
        service: SERVICE.to_owned(),
        dead_letter_id: letter.dead_letter_id.clone(),
        request_id: String::new(),
    };
    ops.redrive_dead_letter(&asker(), redrive()).await.unwrap();
    resolved(&ops, &letter).await;
    assert_eq!(
        reason(ops.redrive_dead_letter(&asker(), redrive()).await),
        "DEAD_LETTER_RESOLVED"
    );
    let message = pb::ListConsumersRequest {
        service: SERVICE.to_owned(),
        ..pb::ListConsumersRequest::default()
    };
    let listed = ops.list_consumers(&asker(), message).await.unwrap();
    assert_eq!(listed.consumers.len(), 1);
    assert_eq!(listed.consumers[0].parked_stream_count, 0);
}

#[tokio::test]
async fn a_dead_letter_is_shown_to_its_own_tenant_alone() {
    let bed = Bed::shared("ops_strangers").await;
    let (ops, _shop, letter) = parked(&bed, "shelf-strangers").await;
    let event = shown(&ops, &letter).await.unwrap().event.unwrap();
    assert!(event.payload.is_some(), "a letter is shown with its event");
    let message = pb::GetDeadLetterRequest {
        service: SERVICE.to_owned(),
        dead_letter_id: letter.dead_letter_id,
    };
    assert_eq!(
        reason(ops.find_dead_letter(&stranger(), message).await),
        "RESOURCE_MISSING"
    );
}

#[tokio::test]
async fn letters_that_ended_are_kept_for_thirty_days() {
    let bed = Bed::shared("ops_expiry").await;
    let mut admin = bed.admin().await;
    let letters = "INSERT INTO dead_letters
        SELECT gen_random_uuid(), 'shelf', coalesce(age, 'open'), gen_random_uuid(), state,
          'refused', '', 'note', 1, 1, 1, 1, 1, '', '', '', '', '', '', 0, '', '',
          now(), now(), now() - age::interval
        FROM (VALUES ('31 days', 'resolved'), ('29 days', 'resynced'), (NULL, 'parked'))
          AS letters(age, state)";
    sqlx::query(letters).execute(&mut admin).await.unwrap();
    let scan = bed.role("retail_scan", &bed.database.url());
    let mut scan = PgConnection::connect_with(&scan).await.unwrap();
    assert_eq!(ENDED_LETTERS.pass(&mut scan).await.unwrap(), 1);
    let left = sqlx::query_scalar("SELECT stream_id FROM dead_letters ORDER BY stream_id");
    let left: Vec<String> = left.fetch_all(&mut admin).await.unwrap();
    assert_eq!(left, ["29 days", "open"]);
}
