//! Answers that stream: their time, their end, their defects.

use std::time::Duration;

use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::{WatchRevocationsRequest, WatchRevocationsResponse};
use futures_util::stream;
use tonic::{Code, Status, Streaming};

use crate::fault::{Fault, Kind, Reason, StatusView};
use crate::proof::{Bench, Probe, asking, edge_settings, idle, one_then_silence, staff};

async fn watch(bench: &Bench, timeout: Option<Duration>) -> Streaming<WatchRevocationsResponse> {
    let mut request = asking(WatchRevocationsRequest::default(), &staff());
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    let mut client = SessionServiceClient::new(bench.edge.clone());
    client
        .watch_revocations(request)
        .await
        .unwrap()
        .into_inner()
}

async fn reason_at_the_end(mut stream: Streaming<WatchRevocationsResponse>) -> (usize, String) {
    let mut messages = 0;
    loop {
        match stream.message().await {
            Ok(Some(_)) => messages += 1,
            Ok(None) => return (messages, String::new()),
            Err(status) => return (messages, StatusView::of(&status).unwrap().reason),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_after_its_first_message_unless_the_caller_named_an_end() {
    let probe = Probe::new(idle()).with_updates(one_then_silence);
    let bench = Bench::of(probe, &edge_settings(), None);
    let mut endless = watch(&bench, None).await;
    assert!(endless.message().await.unwrap().is_some());
    let hour = tokio::time::timeout(Duration::from_secs(3_600), endless.message());
    assert!(hour.await.is_err(), "still watching after an hour");
    let began = tokio::time::Instant::now();
    let named = watch(&bench, Some(Duration::from_secs(3))).await;
    assert_eq!(
        reason_at_the_end(named).await,
        (1, "DEADLINE_PASSED".to_owned())
    );
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_watch_whose_first_message_does_not_come_is_ended_by_the_contract() {
    let probe = Probe::new(idle()).with_updates(|| Box::pin(stream::pending()));
    let bench = Bench::of(probe, &edge_settings(), None);
    let began = tokio::time::Instant::now();
    let silent = watch(&bench, None).await;
    assert_eq!(
        reason_at_the_end(silent).await,
        (0, "DEADLINE_PASSED".to_owned())
    );
    assert_eq!(began.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_stream_that_fails_or_panics_ends_with_a_reason() {
    let failing = Probe::new(idle()).with_updates(|| {
        let slow = contracts::common::ErrorReason::WatcherTooSlow;
        let fault = Fault::shared(slow, "the watcher reads too slowly");
        Box::pin(stream::iter([
            Ok(Default::default()),
            Err(Status::from(fault)),
        ]))
    });
    let bench = Bench::of(failing, &edge_settings(), None);
    let end = reason_at_the_end(watch(&bench, None).await).await;
    assert_eq!(end, (1, "WATCHER_TOO_SLOW".to_owned()));
    let panicking = Probe::new(idle())
        .with_updates(|| Box::pin(stream::poll_fn(|_| panic!("in the middle of a stream"))));
    let bench = Bench::of(panicking, &edge_settings(), None);
    let end = reason_at_the_end(watch(&bench, None).await).await;
    assert_eq!(end, (0, "INTERNAL".to_owned()));
}

#[tokio::test]
async fn a_stream_that_ends_with_an_undeclared_reason_is_counted() {
    const ODD: Reason = Reason::new(Kind::Refused, "retail.auth", "NOT_DECLARED");
    let probe = Probe::new(idle())
        .with_updates(|| Box::pin(stream::iter([Err(Status::from(Fault::new(ODD, "no")))])));
    let bench = Bench::of(probe, &edge_settings(), None);
    let mut stream = watch(&bench, None).await;
    assert_eq!(
        stream.message().await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    bench.telemetry.end(Duration::from_secs(5)).await;
    let lines = bench.lines.read();
    assert!(
        lines
            .iter()
            .any(|it| it["message"] == "reason not declared")
    );
}
