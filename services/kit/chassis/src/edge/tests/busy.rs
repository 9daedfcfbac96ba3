//! More calls than the edge lets through.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contracts::auth::session_service_client::SessionServiceClient;
use contracts::notification::ReceiveDeliveryReportRequest;
use contracts::notification::delivery_report_service_client::DeliveryReportServiceClient;
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tower::ServiceExt;
use vocab::UserId;

use super::{list, listing, revoking, told};
use crate::edge::{Ahead, Pressure};
use crate::fault::StatusView;
use crate::proof::{Bench, Probe, act, asking, edge_settings, grant, idle, staff, token};
use crate::server::PeerIdentity;

#[tokio::test]
async fn a_caller_who_calls_too_often_is_told_when_to_come_back() {
    let mut settings = edge_settings();
    settings.calls_per_caller = 2;
    let bench = Bench::of(Probe::new(idle()), &settings, None);
    for _ in 0..4 {
        list(&bench, listing(&staff())).await.unwrap();
    }
    let status = list(&bench, listing(&staff())).await.unwrap_err();
    let view = StatusView::of(&status).unwrap();
    assert_eq!(
        (status.code(), view.reason.as_str()),
        (Code::ResourceExhausted, "RATE_LIMITED")
    );
    assert!(view.retry_after.unwrap() <= Duration::from_secs(1));
    let pushback = status.metadata().get("grpc-retry-pushback-ms").unwrap();
    assert!(pushback.to_str().unwrap().parse::<u64>().unwrap() <= 1_000);
    let other = token(&grant(&UserId::at(1, [7; 10]).to_string()));
    list(&bench, listing(&other)).await.unwrap();
    let mut namesake = grant(&UserId::at(1, [2; 10]).to_string());
    namesake.tenant = vocab::TenantId::at(1, [5; 10]);
    list(&bench, listing(&token(&namesake))).await.unwrap();
    for _ in 0..20 {
        list(&bench, listing(&token(&grant("order"))))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_tenant_that_calls_too_often_is_stopped_whoever_calls() {
    let mut settings = edge_settings();
    settings.calls_per_tenant = 2;
    let bench = Bench::of(Probe::new(idle()), &settings, None);
    let mut answers = Vec::new();
    for number in 0..5 {
        let somebody = token(&grant(&UserId::at(1, [number; 10]).to_string()));
        answers.push(list(&bench, listing(&somebody)).await.is_ok());
    }
    assert_eq!(answers, [true, true, true, true, false]);
    let mut elsewhere = grant(&UserId::at(1, [1; 10]).to_string());
    elsewhere.tenant = vocab::TenantId::at(1, [5; 10]);
    list(&bench, listing(&token(&elsewhere))).await.unwrap();
}

#[tokio::test]
async fn strangers_are_counted_by_their_address() {
    let mut settings = edge_settings();
    settings.calls_per_caller = 2;
    let bench = Bench::of(Probe::new(idle()), &settings, None);
    let report = async |host: u8| {
        let mut request = Request::new(ReceiveDeliveryReportRequest {
            provider: "mail".to_owned(),
            body: Some(contracts::google::api::HttpBody::default()),
        });
        request.extensions_mut().insert(PeerIdentity {
            address: ([192, 0, 2, host], 1).into(),
            service: None,
        });
        let mut client = DeliveryReportServiceClient::new(bench.edge.clone());
        client.receive_delivery_report(request).await.map(drop)
    };
    for _ in 0..4 {
        report(1).await.unwrap();
    }
    let limited = (Code::ResourceExhausted, "RATE_LIMITED".to_owned());
    assert_eq!(told(report(1).await), limited);
    report(2).await.unwrap();
}

#[tokio::test]
async fn a_busy_edge_refuses_soon_and_idle_callers_hold_no_place() {
    let mut settings = edge_settings();
    (settings.writes_in_flight, settings.reads_in_flight) = (2, 2);
    let places = Arc::new(Semaphore::new(0));
    let waiting = Arc::clone(&places);
    let slow = act(move |call| {
        let waiting = Arc::clone(&waiting);
        async move {
            if call.method.ends_with("RevokeSessions") {
                waiting.acquire().await.unwrap().forget();
            }
            Ok(())
        }
    });
    let bench = Bench::of(Probe::new(slow), &settings, None);
    let revoke = || {
        let mut client = SessionServiceClient::new(bench.edge.clone());
        tokio::spawn(async move {
            client
                .revoke_sessions(asking(revoking(), &staff()))
                .await
                .map(drop)
        })
    };
    let held = [revoke(), revoke()];
    while bench.probe.heard.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    let refused = revoke().await.unwrap();
    assert_eq!(
        told(refused),
        (Code::ResourceExhausted, "OVERLOADED".to_owned())
    );
    list(&bench, listing(&staff())).await.unwrap();
    held[0].abort();
    let next = revoke();
    places.add_permits(2);
    next.await.unwrap().unwrap();
    for it in held {
        drop(it.await);
    }
}

/// An edge in front of writes that take so long.
fn pressed(queued: Duration, in_all: Duration) -> Bench {
    let pressure = Pressure::of(move |_| Ahead { queued, in_all });
    Bench::under(Probe::new(idle()), &edge_settings(), None, Some(pressure))
}

async fn revoke(bench: &Bench, within: Duration) -> Result<(), Status> {
    let mut client = SessionServiceClient::new(bench.edge.clone());
    let mut request = asking(revoking(), &staff());
    request.set_timeout(within);
    client.revoke_sessions(request).await.map(drop)
}

#[tokio::test]
async fn a_write_that_would_wait_too_long_is_told_when_to_come_back_and_a_read_is_served() {
    let long = Duration::from_millis(1_500);
    let bench = pressed(long, long);
    let status = revoke(&bench, Duration::from_secs(60)).await.unwrap_err();
    let view = StatusView::of(&status).unwrap();
    assert_eq!(
        (status.code(), view.reason.as_str()),
        (Code::ResourceExhausted, "OVERLOADED")
    );
    assert_eq!(view.retry_after, Some(long), "the hint is the estimate");
    list(&bench, listing(&staff())).await.unwrap();
    assert_eq!(bench.probe.heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_that_could_not_be_answered_in_time_is_not_begun() {
    let held_up = Duration::from_millis(800);
    let bench = pressed(Duration::ZERO, held_up);
    let late = revoke(&bench, Duration::from_millis(700)).await;
    assert_eq!(told(late).1, "OVERLOADED");
    assert!(bench.probe.heard.lock().unwrap().is_empty());
    revoke(&bench, Duration::from_secs(60)).await.unwrap();
}

/// Asks for a write with a body of one's own.
async fn with_body(bench: &Bench, body: Body) -> Status {
    let request = http::Request::post("/retail.auth.v1.SessionService/RevokeSessions")
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {}", staff()))
        .body(body)
        .unwrap();
    let answer = bench.edge.clone().oneshot(request).await.unwrap();
    Status::from_header_map(answer.headers()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_write_is_refused_before_its_message_is_judged() {
    let long = Duration::from_secs(1);
    let bench = pressed(long, long);
    let nonsense = || {
        Body::new(Full::new(Bytes::from_static(&[
            0, 0, 0, 0, 3, 255, 255, 255,
        ])))
    };
    let status = with_body(&bench, nonsense()).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
    let calm = pressed(Duration::ZERO, Duration::ZERO);
    let status = with_body(&calm, nonsense()).await;
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_heard_out_but_not_for_long() {
    let long = Duration::from_secs(1);
    let bench = pressed(long, long);
    let (send, frames) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, Status>>(1);
    let body = StreamBody::new(ReceiverStream::new(frames));
    let began = Instant::now();
    let (status, ()) = tokio::join!(with_body(&bench, Body::new(body)), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        send.send(Ok(Frame::data(Bytes::from_static(&[0; 5]))))
            .await
            .unwrap();
        drop(send);
    });
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(began.elapsed(), Duration::from_millis(20));
    let endless = futures_util::stream::pending::<Result<Frame<Bytes>, Status>>();
    let began = Instant::now();
    let status = with_body(&bench, Body::new(StreamBody::new(endless))).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(began.elapsed() <= Duration::from_secs(1));
}
