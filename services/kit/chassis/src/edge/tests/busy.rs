//! More calls than the edge lets through.

use std::sync::Arc;
use std::time::Duration;

use contracts::auth::session_service_client::SessionServiceClient;
use tokio::sync::Semaphore;
use tonic::Code;
use vocab::UserId;

use super::{list, listing, revoking, told};
use crate::fault::StatusView;
use crate::proof::{Bench, Probe, act, asking, edge_settings, grant, idle, staff, token};

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
