//! What holds over a network and in memory alike.

use std::time::Duration;

use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::{ListRevocationsRequest, WatchRevocationsRequest};
use contracts::common::ErrorReason;
use testbed::eventually;
use tonic::Code;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;
use vocab::{Clock, TenantId};

use super::*;
use crate::call::Call;
use crate::deadline::Deadline;
use crate::fault::{Fault, Kind, Reason, StatusView};
use crate::settings::Environment;
use crate::telemetry::{Identity, Level, Telemetry, TelemetrySettings, TraceContext};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_call_carries_tenant_chain_and_token_and_nothing_beside_its_headers() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        let tenant = TenantId::at(7, [7; 10]);
        let call = Call::of_service("order", tenant, "order/jobs/expire", SECOND);
        let call = call.caused_by("chain-1", "event-1");
        read(&rig.peer, Onward::from(&call)).await.unwrap();
        let (seen, beside) = rig.backend.seen();
        let text = |name: &str| seen.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(text("x-tenant-id"), tenant.to_string());
        assert_eq!(text("x-correlation-id"), "chain-1");
        assert_eq!(text("x-causation-id"), "event-1");
        assert_eq!(text("authorization"), "Bearer token-of-order");
        assert_eq!(beside, 0, "values of the client's request do not arrive");
    })
    .await;
}

#[tokio::test]
async fn work_of_no_tenant_names_none() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        read(&rig.peer, within(500)).await.unwrap();
        let (seen, _) = rig.backend.seen();
        assert!(seen.get("x-tenant-id").is_none() && seen.get("x-correlation-id").is_none());
    })
    .await;
}

#[tokio::test]
async fn a_deadline_shrinks_with_every_hop_and_never_exceeds_the_contract() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        let told = async |deadline: Deadline| {
            let mut onward = within(0);
            onward.deadline = deadline;
            read(&rig.peer, onward).await.unwrap();
            let (seen, _) = rig.backend.seen();
            let told = Deadline::of_metadata(&seen, Duration::ZERO).unwrap();
            told.left()
        };
        let reserve = Duration::from_millis(5);
        let first = told(Deadline::within(Duration::from_millis(500))).await;
        assert!(first <= Duration::from_millis(500) - reserve && first > SECOND / 5);
        let second = told(Deadline::within(first)).await;
        assert!(second <= first - reserve, "{second:?} after {first:?}");
        // The contract gives this rpc one second, whatever the caller has.
        let capped = told(Deadline::within(SECOND * 60)).await;
        assert!(capped <= SECOND && capped > SECOND / 2);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_for_a_caller_whose_time_is_up() {
    over_both(Retries::Here, async |rig: Rig| {
        let failure = read(&rig.peer, within(4)).await.unwrap_err();
        assert_eq!((failure.kind(), rig.backend.calls()), (Kind::Late, 0));
    })
    .await;
}

#[tokio::test]
async fn a_trace_goes_on_in_the_peer_with_a_span_of_its_own() {
    let identity = Identity {
        service: "order".to_owned(),
        version: String::new(),
        instance: String::new(),
    };
    let settings = TelemetrySettings {
        endpoint: None,
        sample_ratio: 1.0,
        level: Level::Error,
    };
    let start = || Telemetry::start(&identity, &settings, Clock::system(), std::io::sink());
    // Two, because tracing takes a single one for that of the whole process, and would believe
    // another test, which has none, that nobody wants the span.
    let (telemetry, _another) = (start().unwrap(), start().unwrap());
    let test = over_both(Retries::Elsewhere, async |rig: Rig| {
        let own = async {
            read(&rig.peer, within(500)).await.unwrap();
            TraceContext::current().unwrap()
        };
        let own = own.instrument(tracing::info_span!("handler")).await;
        let seen = TraceContext::of_metadata(&rig.backend.seen().0).unwrap();
        assert_eq!(seen.trace_id(), own.trace_id());
        assert_ne!(seen.traceparent(), own.traceparent());
    });
    test.with_subscriber(telemetry.dispatch()).await;
}

#[tokio::test]
async fn a_trace_that_nobody_records_here_is_handed_on() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let mut onward = within(500);
        onward.trace = TraceContext::parse(parent, "");
        read(&rig.peer, onward).await.unwrap();
        let (seen, _) = rig.backend.seen();
        assert_eq!(seen.get("traceparent").unwrap(), parent);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_matched_by_its_reason_or_else_a_defect_of_ours() {
    const SOLD_OUT: Reason = Reason::new(Kind::Refused, "retail.inventory", "INSUFFICIENT_STOCK");
    over_both(Retries::Here, async |rig: Rig| {
        rig.backend.rule(|_| {
            Err(Fault::new(SOLD_OUT, "not enough")
                .with("available", "3")
                .into())
        });
        let failure = read(&rig.peer, within(500)).await.unwrap_err();
        assert!(failure.is(SOLD_OUT));
        assert_eq!(failure.view().metadata["available"], "3");
        assert_eq!(
            (failure.peer(), failure.status().code()),
            ("auth", Code::FailedPrecondition)
        );
        assert_eq!(Fault::from(failure).kind(), Kind::Bug);
        assert_eq!(rig.backend.calls(), 1, "an answer is not asked for twice");
    })
    .await;
}

#[tokio::test]
async fn what_our_caller_reads_follows_the_rule() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        let read_as = async |fault: fn() -> Fault| {
            rig.backend.rule(move |_| Err(fault().into()));
            Fault::from(read(&rig.peer, within(900)).await.unwrap_err())
                .reason()
                .name
        };
        assert_eq!(
            read_as(|| Fault::missing("x", "y")).await,
            "RESOURCE_MISSING"
        );
        assert_eq!(read_as(Fault::etag_mismatch).await, "ETAG_MISMATCH");
        assert_eq!(
            read_as(Fault::unauthenticated).await,
            "DEPENDENCY_UNAVAILABLE"
        );
        assert_eq!(read_as(|| Fault::denied("order.place")).await, "INTERNAL");
        assert_eq!(read_as(|| Fault::bug("secret")).await, "INTERNAL");
        assert_eq!(
            read_as(|| Fault::rate_limited("x", SECOND)).await,
            "OVERLOADED"
        );
        assert_eq!(
            read_as(|| Fault::unavailable("db")).await,
            "DEPENDENCY_UNAVAILABLE"
        );
        assert_eq!(read_as(Fault::late).await, "DEADLINE_PASSED");
        let contended = || Fault::shared(ErrorReason::Contended, "x");
        assert_eq!(read_as(contended).await, "CONTENDED");
        let own = || Fault::new(Reason::new(Kind::NotFound, "retail.auth", "NO_USER"), "x");
        assert_eq!(read_as(own).await, "INTERNAL");
    })
    .await;
}

#[tokio::test]
async fn a_slow_peer_is_given_up_in_time_and_stops_working() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        rig.backend.delay(Duration::from_secs(600));
        let failure = in_time(150, read(&rig.peer, within(150))).await;
        assert_eq!(failure.unwrap_err().kind(), Kind::Late);
        let stopped = async || rig.backend.given_up() == 1;
        eventually(PATIENCE, "the work stops", stopped)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_the_work_of_its_peer() {
    over_both(Retries::Here, async |rig: Rig| {
        rig.backend.delay(Duration::from_secs(600));
        let call = tokio::time::timeout(SECOND / 4, read(&rig.peer, within(900)));
        assert!(call.await.is_err());
        let stopped = async || (rig.backend.calls(), rig.backend.given_up()) == (1, 1);
        eventually(PATIENCE, "the work stops", stopped)
            .await
            .unwrap();
        assert_eq!(
            rig.peer.snapshot().breaker.calls,
            0,
            "it says nothing of the peer"
        );
        assert_eq!(rig.peer.snapshot().in_flight, 0);
    })
    .await;
}

#[tokio::test]
async fn time_that_runs_out_at_the_caller_is_said_in_the_same_types() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        rig.backend.delay(Duration::from_secs(600));
        // Without the help of the peer's name, as whoever uses a generated client alone reads it.
        let mut client = SessionServiceClient::new(rig.peer.for_call(within(100)));
        let request = ListRevocationsRequest::default();
        let status = client.list_revocations(request).await.unwrap_err();
        let view = StatusView::of(&status).unwrap();
        assert_eq!(
            (status.code(), view.reason.as_str()),
            (Code::DeadlineExceeded, "DEADLINE_PASSED")
        );
        let failure = read(&rig.peer, within(100)).await.unwrap_err();
        assert!(failure.is(Reason::shared(ErrorReason::DeadlinePassed)));
        // Nothing is sent where no time is left.
        let calls = rig.backend.calls();
        let failure = read(&rig.peer, within(0)).await.unwrap_err();
        assert!(failure.is(Reason::shared(ErrorReason::DeadlinePassed)));
        assert_eq!(rig.backend.calls(), calls);
    })
    .await;
}

#[tokio::test]
async fn a_stream_outlives_the_deadline_of_its_first_message_and_ends_with_its_fault() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        rig.backend.delay(Duration::from_millis(400));
        rig.backend.rule(|_| Err(Fault::late().into()));
        let mut client = SessionServiceClient::new(rig.peer.for_call(within(200)));
        let opened = client
            .watch_revocations(WatchRevocationsRequest::default())
            .await;
        let mut messages = opened.unwrap().into_inner();
        assert!(messages.message().await.unwrap().is_some());
        assert!(messages.message().await.unwrap().is_some());
        let failure = rig.peer.failure(messages.message().await.unwrap_err());
        assert!(failure.is(Reason::shared(ErrorReason::DeadlinePassed)));
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_in_the_peer() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        rig.backend.delay(Duration::from_secs(600));
        let mut client = SessionServiceClient::new(rig.peer.for_call(within(500)));
        let opened = client
            .watch_revocations(WatchRevocationsRequest::default())
            .await;
        let mut messages = opened.unwrap().into_inner();
        assert!(messages.message().await.unwrap().is_some());
        let waits = tokio::time::timeout(SECOND / 5, messages.message());
        assert!(waits.await.is_err());
        drop(messages);
        let stopped = async || rig.backend.given_up() == 1;
        eventually(PATIENCE, "the stream stops", stopped)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_maker_may_ask_for_less_time_and_not_for_more() {
    over_both(Retries::Elsewhere, async |rig: Rig| {
        let mut left = Vec::new();
        for asked in [100, 900_000] {
            let mut request = tonic::Request::new(ListRevocationsRequest::default());
            request.set_timeout(Duration::from_millis(asked));
            let mut client = SessionServiceClient::new(rig.peer.for_call(within(500)));
            client.list_revocations(request).await.unwrap();
            let (seen, _) = rig.backend.seen();
            left.push(Deadline::of_metadata(&seen, Duration::ZERO).unwrap().left());
        }
        assert!(left[0] < Duration::from_millis(100) && left[1] < Duration::from_millis(500));
    })
    .await;
}

#[tokio::test]
async fn a_panic_in_memory_is_a_failed_call_and_a_closed_door_an_absent_peer() {
    let backend = Backend::default();
    backend.rule(|_| panic!("a defect"));
    let door = Door::to(backend.edge());
    let peer = Peer::in_memory(&origin(Retries::Elsewhere), "auth", &door);
    assert_eq!(
        read(&peer, within(500)).await.unwrap_err().kind(),
        Kind::Unavailable
    );
    door.close();
    let failure = read(&peer, within(500)).await.unwrap_err();
    assert!(failure.is(Reason::shared(ErrorReason::DependencyUnavailable)));
    assert_eq!(backend.calls(), 1);
    backend.heal();
    door.open(backend.edge());
    read(&peer, within(500)).await.unwrap();
}

#[tokio::test]
async fn all_peers_of_a_service_stand_behind_their_names() {
    let (backend, door) = (Backend::default(), Door::default());
    let server = backend.serve().await;
    let url = format!("http://{}", server.address);
    let environment = Environment::from_iter([
        ("RETAIL_AUTH_URL", url.as_str()),
        ("ORDER_PEER_TOKEN", "from-settings"),
    ]);
    let settings = crate::settings::read(&environment, "ORDER", |reader| {
        let profile = crate::settings::Profile::Development;
        super::super::PeersSettings::read(reader, profile, &["auth", "catalog"])
    });
    let doors = [("catalog", door)];
    let origin = origin(Retries::Elsewhere);
    let peers = super::super::Peers::connect(&origin, &settings.unwrap(), &doors).unwrap();
    read(peers.find("auth").unwrap(), within(900))
        .await
        .unwrap();
    let token = backend.seen().0.get("authorization").cloned().unwrap();
    assert_eq!(token, "Bearer from-settings");
    let shown: Vec<_> = peers
        .snapshot()
        .iter()
        .map(|it| (it.name, it.in_memory))
        .collect();
    assert_eq!(shown, [("auth", false), ("catalog", true)]);
    assert!(peers.find("payment").is_none());
}
