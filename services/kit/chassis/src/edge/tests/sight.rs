//! Writes that are refused on sight, before anybody asks who calls.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::{RevokeSessionsRequest, WatchRevocationsRequest};
use futures_util::future::BoxFuture;
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use prost::Message;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::Service;

use super::{framed, list, listing, raw, revoking, told};
use crate::edge::{Ahead, EdgeSettings, Pressure};
use crate::fault::StatusView;
use crate::proof::{Bench, Probe, asking, edge_settings, idle, one_then_silence, staff};
use crate::telemetry::Level;
use crate::telemetry::tests::collector::{Collector, PATIENCE};

const REVOKE: &str = "/retail.auth.v1.SessionService/RevokeSessions";
/// What the one write path says of a write behind all that wait.
const BEHIND_ALL: Duration = Duration::from_millis(2_500);
/// More than any edge here has room for.
const MANY: usize = 40;

type Answering = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

/// Two writes at a time, and one that waits.
fn narrow() -> EdgeSettings {
    let mut settings = edge_settings();
    (settings.writes_in_flight, settings.waiting_max) = (2, 1);
    settings
}

/// Idle for each tenant, and full as a whole.
fn pressure() -> Option<Pressure> {
    Some(Pressure::of(|tenant| match tenant {
        Some(_) => Ahead::default(),
        None => Ahead {
            queued: BEHIND_ALL,
            in_all: BEHIND_ALL,
        },
    }))
}

fn bench() -> Bench {
    Bench::under(Probe::new(idle()), &narrow(), None, pressure())
}

/// Calls for a write, which has not begun before what is returned is awaited.
fn call(bench: &Bench, token: Option<&str>, body: Body) -> Answering {
    let request = http::Request::post(REVOKE).header("content-type", "application/grpc");
    let bearer = token.map(|it| format!("Bearer {it}"));
    let request = match bearer {
        Some(bearer) => request.header("authorization", bearer),
        None => request,
    };
    bench.edge.clone().call(request.body(body).unwrap())
}

fn write() -> Body {
    let message = RevokeSessionsRequest::encode_to_vec(&revoking());
    let length = u32::try_from(message.len()).unwrap();
    Body::new(Full::new(Bytes::from(framed(length, &message))))
}

/// A body that goes on as long as its sender lives.
fn unended() -> (Body, Sender<Result<Frame<Bytes>, Status>>) {
    let (sender, frames) = channel(1);
    (
        Body::new(StreamBody::new(ReceiverStream::new(frames))),
        sender,
    )
}

/// So many writes by strangers that no more are let come, none of which has begun.
fn crowd(bench: &Bench) -> Vec<Answering> {
    (0..MANY).map(|_| call(bench, None, write())).collect()
}

async fn status(answering: Answering) -> Status {
    let response = answering.await.unwrap();
    Status::from_header_map(response.headers()).unwrap_or_else(|| Status::ok("good"))
}

async fn revoke(bench: &Bench) -> Result<(), Status> {
    let mut client = SessionServiceClient::new(bench.edge.clone());
    let request = asking(revoking(), &staff());
    client.revoke_sessions(request).await.map(drop)
}

#[tokio::test]
async fn who_can_neither_go_in_nor_wait_is_refused_on_sight_and_told_when_to_come_back() {
    let bench = bench();
    let mut crowd = crowd(&bench);
    let status_of_known = status(call(&bench, Some(&staff()), write())).await;
    for refused in [status_of_known, status(crowd.pop().unwrap()).await] {
        let view = StatusView::of(&refused).unwrap();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(view.reason, "OVERLOADED");
        assert_eq!(view.retry_after, Some(BEHIND_ALL));
        let pushback = refused.metadata().get("grpc-retry-pushback-ms").unwrap();
        assert_eq!(pushback, "2500");
    }
    let mut reasons = Vec::new();
    for answering in crowd {
        reasons.push(StatusView::of(&status(answering).await).unwrap().reason);
    }
    // Those who were let come are asked who they are.
    let let_come = reasons.iter().filter(|it| *it == "TOKEN_INVALID").count();
    let on_sight = reasons.iter().filter(|it| *it == "OVERLOADED").count();
    assert!(let_come >= 3, "two to go in and one to wait: {let_come}");
    assert_eq!(let_come + on_sight, MANY - 1);
    assert!(bench.probe.heard.lock().unwrap().is_empty());
    revoke(&bench).await.unwrap();
}

#[tokio::test]
async fn who_left_before_the_call_began_is_not_counted() {
    let bench = bench();
    drop(crowd(&bench));
    revoke(&bench).await.unwrap();
}

#[tokio::test]
async fn strangers_who_never_end_their_message_take_nobodys_place() {
    let bench = bench();
    let mut calls = JoinSet::new();
    let mut senders = Vec::new();
    for _ in 0..MANY {
        let (body, sender) = unended();
        let answering = call(&bench, None, body);
        calls.spawn(status(answering));
        senders.push(sender);
        // It begins, is refused, and is heard out.
        tokio::task::yield_now().await;
    }
    revoke(&bench).await.unwrap();
    assert_eq!(senders.len(), MANY, "all of them are still sending");
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|it| it.code() == Code::Unauthenticated));
}

#[tokio::test]
async fn reads_health_and_what_leads_nowhere_are_never_refused_on_sight() {
    let bench = bench();
    let _crowd = crowd(&bench);
    assert_eq!(told(revoke(&bench).await).1, "OVERLOADED");
    list(&bench, listing(&staff())).await.unwrap();
    let mut health = HealthClient::new(bench.edge.clone());
    health.check(HealthCheckRequest::default()).await.unwrap();
    for path in ["/grpc.reflection.v1.ServerReflection/No", "/nowhere"] {
        let status = raw(&bench.edge, path, vec![]).await;
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn streams_that_go_on_take_no_place_of_writes() {
    let probe = Probe::new(idle()).with_updates(one_then_silence);
    let bench = Bench::of(probe, &narrow(), None);
    let mut open = Vec::new();
    for _ in 0..MANY {
        let mut client = SessionServiceClient::new(bench.edge.clone());
        let watch = asking(WatchRevocationsRequest::default(), &staff());
        open.push(client.watch_revocations(watch).await.unwrap());
    }
    revoke(&bench).await.unwrap();
    drop(open);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_on_sight_is_counted_like_any_call() {
    let (collector, url) = Collector::start().await;
    let bench = Bench::under(Probe::new(idle()), &narrow(), Some(&url), pressure());
    let crowd = crowd(&bench);
    let mut on_sight = 0;
    for answering in crowd {
        on_sight += u64::from(status(answering).await.code() == Code::ResourceExhausted);
    }
    assert!(on_sight > 0);
    assert!(bench.telemetry.end(PATIENCE).await);
    let reasons = collector.counted("retail.fault.answered", "fault.reason");
    assert_eq!(reasons.get("OVERLOADED"), Some(&on_sight));
    let codes = collector.counted("rpc.server.call.duration", "rpc.grpc.status_code");
    assert_eq!(codes.get("8"), Some(&on_sight));
    assert_eq!(codes.values().sum::<u64>(), MANY as u64);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_on_sight_is_heard_out() {
    let bench = bench();
    let _crowd = crowd(&bench);
    let (body, sender) = unended();
    let began = Instant::now();
    let (refused, ()) = tokio::join!(status(call(&bench, None, body)), async {
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let frame = Frame::data(Bytes::from_static(&[0; 5]));
            sender.send(Ok(frame)).await.unwrap();
        }
        drop(sender);
    });
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(began.elapsed(), Duration::from_millis(80));
}

/// The shortest time that so many calls took, of several tries: others may be at work here too.
async fn cost(bench: &Bench, token: &str) -> Duration {
    const CALLS: u32 = 200;
    let mut best = Duration::MAX;
    for _ in 0..9 {
        let began = Instant::now();
        for _ in 0..CALLS {
            let refused = status(call(bench, Some(token), write())).await;
            assert_eq!(refused.code(), Code::ResourceExhausted);
        }
        best = best.min(began.elapsed() / CALLS);
    }
    best
}

#[tokio::test]
async fn a_refusal_on_sight_costs_less_than_one_at_the_gate() {
    let quiet = |pressure| {
        let probe = Probe::new(idle());
        let mut settings = narrow();
        settings.calls_per_caller = 1_000_000;
        settings.calls_per_tenant = 1_000_000;
        Bench::telling(Level::Info, probe, &settings, None, pressure)
    };
    let busy = quiet(Some(Pressure::of(|_| Ahead {
        queued: BEHIND_ALL,
        in_all: BEHIND_ALL,
    })));
    let full = quiet(None);
    let _crowd = crowd(&full);
    let token = staff();
    let (gate, sight) = (cost(&busy, &token).await, cost(&full, &token).await);
    println!("refused at the gate {gate:?}, on sight {sight:?}");
    assert!(sight * 2 < gate, "{sight:?} is not half of {gate:?}");
}
