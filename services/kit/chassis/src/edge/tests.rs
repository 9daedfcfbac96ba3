//! The edge, called in memory: every layer, in its order, with real contracts and real tokens.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::{ListSessionsRequest, RevokeSessionsRequest, revoke_sessions_request};
use contracts::common::ActorType;
use contracts::notification::ReceiveDeliveryReportRequest;
use contracts::notification::delivery_report_service_client::DeliveryReportServiceClient;
use http_body_util::Full;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tower::ServiceExt;
use vocab::{CustomerId, TenantId, UserId};

use super::{Edge, Parts};
use crate::call::{CAUSATION_HEADER, CORRELATION_HEADER, TENANT_HEADER};
use crate::contract::{ContractError, Contracts};
use crate::fault::{Fault, Kind, Reason, StatusView};
use crate::proof::{
    Act, Bench, Probe, act, asking, edge_settings, grant, idle, staff, tenant, token,
};

mod busy;
mod sight;
mod streams;
mod watched;

const LIST: &str = "/retail.auth.v1.SessionService/ListSessions";

async fn list(bench: &Bench, request: Request<ListSessionsRequest>) -> Result<(), Status> {
    let mut client = SessionServiceClient::new(bench.edge.clone());
    client.list_sessions(request).await.map(drop)
}

fn listing(token: &str) -> Request<ListSessionsRequest> {
    asking(ListSessionsRequest::default(), token)
}

fn revoking() -> RevokeSessionsRequest {
    let user = UserId::at(1, [9; 10]).to_string();
    RevokeSessionsRequest {
        target: Some(revoke_sessions_request::Target::UserId(user)),
        ..Default::default()
    }
}

/// Code and reason of a refusal.
fn told(answer: Result<(), Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let view = StatusView::of(&status).unwrap();
    (status.code(), view.reason)
}

fn with_header<M>(mut request: Request<M>, name: &'static str, value: &str) -> Request<M> {
    request.metadata_mut().append(name, value.parse().unwrap());
    request
}

#[tokio::test]
async fn a_handler_hears_who_calls_for_whom_until_when() {
    let bench = Bench::new(idle());
    list(&bench, listing(&staff())).await.unwrap();
    let call = bench.probe.last();
    assert_eq!(call.tenant, tenant());
    assert_eq!(call.caller.kind, ActorType::User);
    assert_eq!(&*call.method, "retail.auth.v1.SessionService/ListSessions");
    let left = call.deadline.left();
    assert!(left <= Duration::from_secs(2) && left > Duration::from_millis(1_500));
    let mut short = listing(&staff());
    short.set_timeout(Duration::from_millis(900));
    list(&bench, short).await.unwrap();
    assert!(bench.probe.last().deadline.left() <= Duration::from_millis(900));
}

#[tokio::test]
async fn whoever_is_not_known_or_not_allowed_reaches_no_handler() {
    let bench = Bench::new(idle());
    let of = |change: fn(&mut crate::token::Grant)| {
        let mut grant = grant(&UserId::at(1, [2; 10]).to_string());
        change(&mut grant);
        listing(&token(&grant))
    };
    let other = TenantId::at(1, [8; 10]).to_string();
    let none = || Request::new(ListSessionsRequest::default());
    let unknown = [
        ("no token", none()),
        (
            "no bearer",
            with_header(none(), "authorization", "Basic eDp5"),
        ),
        ("a forged token", listing(&staff().replace('.', ".."))),
        (
            "two tokens",
            with_header(listing(&staff()), "authorization", "Bearer x"),
        ),
        (
            "a token for others",
            of(|it| it.audience = "payment".to_owned()),
        ),
        ("an expired token", of(|it| it.life = Duration::ZERO)),
    ];
    for (name, request) in unknown {
        let expected = (Code::Unauthenticated, "TOKEN_INVALID".to_owned());
        assert_eq!(told(list(&bench, request).await), expected, "{name}");
    }
    let denied = [
        (
            "no permission",
            of(|it| it.permissions = vec!["session.revoke".to_owned()]),
        ),
        (
            "a shopper",
            of(|it| it.customer = Some(CustomerId::at(1, [3; 10]))),
        ),
        (
            "another tenant",
            with_header(listing(&staff()), TENANT_HEADER, &other),
        ),
    ];
    for (name, request) in denied {
        let expected = (Code::PermissionDenied, "PERMISSION_MISSING".to_owned());
        assert_eq!(told(list(&bench, request).await), expected, "{name}");
    }
    assert!(bench.probe.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_service_alone_names_another_tenant_and_the_chain_it_belongs_to() {
    let bench = Bench::new(idle());
    let other = TenantId::at(1, [8; 10]);
    let of_chain = |token: &str| {
        let request = with_header(listing(token), CORRELATION_HEADER, "saga-1");
        with_header(request, CAUSATION_HEADER, "evt-1")
    };
    let service = token(&grant("order"));
    let named = with_header(of_chain(&service), TENANT_HEADER, &other.to_string());
    list(&bench, named).await.unwrap();
    let call = bench.probe.last();
    assert_eq!((call.tenant, call.caller.id.as_str()), (other, "order"));
    assert_eq!(
        (call.correlation.as_str(), call.causation.as_str()),
        ("saga-1", "evt-1")
    );
    list(&bench, of_chain(&staff())).await.unwrap();
    let call = bench.probe.last();
    assert_ne!(
        call.correlation, "saga-1",
        "a stranger writes into no chain"
    );
    assert_eq!(call.causation, "");
    let nil = TenantId::from_uuid(uuid::Uuid::nil()).to_string();
    let (own, other) = (tenant().to_string(), other.to_string());
    let (nil, own, other) = (nil.as_str(), own.as_str(), other.as_str());
    for names in [
        vec!["everybody"],
        vec![nil],
        vec![own, own],
        vec![own, other],
    ] {
        let named = |request, name: &&str| with_header(request, TENANT_HEADER, name);
        let request = names.iter().fold(listing(&service), named);
        let refused = told(list(&bench, request).await).1;
        assert_eq!(refused, "TENANT_MISSING", "{names:?}");
    }
    let own = with_header(listing(&staff()), TENANT_HEADER, &tenant().to_string());
    assert!(
        list(&bench, own).await.is_ok(),
        "naming the own tenant is no crime"
    );
}

#[tokio::test]
async fn a_public_rpc_is_called_by_nobody_and_minds_no_token_that_does_not_work() {
    let bench = Bench::new(idle());
    let mut client = DeliveryReportServiceClient::new(bench.edge.clone());
    let report = ReceiveDeliveryReportRequest {
        provider: "mail".to_owned(),
        body: Some(contracts::google::api::HttpBody::default()),
    };
    client
        .receive_delivery_report(report.clone())
        .await
        .unwrap();
    let call = bench.probe.last();
    assert!(call.tenant.uuid().is_nil());
    assert_eq!(
        (call.caller.id.as_str(), call.caller.may("session.read")),
        ("auth", false)
    );
    client
        .receive_delivery_report(asking(report.clone(), "old"))
        .await
        .unwrap();
    assert!(bench.probe.last().tenant.uuid().is_nil());
    client
        .receive_delivery_report(asking(report, &staff()))
        .await
        .unwrap();
    assert_eq!(bench.probe.last().tenant, tenant());
}

#[tokio::test(start_paused = true)]
async fn a_handler_has_its_deadline_and_a_malformed_one_is_refused() {
    let bench = Bench::new(act(async |_| {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(())
    }));
    let began = tokio::time::Instant::now();
    let late = (Code::DeadlineExceeded, "DEADLINE_PASSED".to_owned());
    assert_eq!(told(list(&bench, listing(&staff())).await), late);
    assert_eq!(began.elapsed(), Duration::from_secs(2), "the contract's");
    for malformed in ["10", "s", "-1S", "123456789S", "1.5S"] {
        let request = with_header(listing(&staff()), "grpc-timeout", malformed);
        let refused = (Code::InvalidArgument, "VALIDATION_FAILED".to_owned());
        assert_eq!(told(list(&bench, request).await), refused, "{malformed}");
    }
}

#[tokio::test]
async fn a_panic_is_a_defect_of_one_call_and_of_no_other() {
    let bench = Bench::new(act(async |call| match call.attempt {
        Some(_) => panic!("the secret of the house"),
        None => Ok(()),
    }));
    let mut client = SessionServiceClient::new(bench.edge.clone());
    let request_id = "018f3c1e-5b2a-7c3d-8e4f-0123456789ab".to_owned();
    let panicking = RevokeSessionsRequest {
        request_id,
        ..revoking()
    };
    let status = client
        .revoke_sessions(asking(panicking, &staff()))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "internal error")
    );
    let shown = format!("{status:?}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(
        client
            .revoke_sessions(asking(revoking(), &staff()))
            .await
            .is_ok()
    );
    bench.telemetry.end(Duration::from_secs(5)).await;
    let lines = bench.lines.read();
    let line = lines
        .iter()
        .find(|it| it["message"] == "rpc failed")
        .unwrap();
    assert_eq!(line["level"], "error");
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .contains("the secret of the house"),
        "the log knows"
    );
}

fn refusing(reason: Reason) -> Act {
    act(move |_| async move { Err(Fault::new(reason, "no")) })
}

#[tokio::test]
async fn a_reason_that_the_contract_does_not_declare_fails_tests_and_not_customers() {
    const ODD: Reason = Reason::new(Kind::Refused, "retail.auth", "NOT_DECLARED");
    let strict = Bench::new(refusing(ODD));
    assert_eq!(
        told(list(&strict, listing(&staff())).await).0,
        Code::Internal
    );
    let mut lenient = edge_settings();
    lenient.strict = false;
    let lenient = Bench::of(Probe::new(refusing(ODD)), &lenient, None);
    let (code, reason) = told(list(&lenient, listing(&staff())).await);
    assert_eq!(
        (code, reason.as_str()),
        (Code::FailedPrecondition, "NOT_DECLARED")
    );
    lenient.telemetry.end(Duration::from_secs(5)).await;
    let lines = lenient.lines.read();
    assert!(
        lines
            .iter()
            .any(|it| it["message"] == "reason not declared")
    );
}

#[tokio::test]
async fn a_refusal_passes_unchanged_and_is_logged_once() {
    let bench = Bench::new(act(async |_| {
        Err(Fault::missing("retail.auth.v1/Session", "ses_1").because("row 7 is gone"))
    }));
    let told = told(list(&bench, listing(&staff())).await);
    assert_eq!(told, (Code::NotFound, "RESOURCE_MISSING".to_owned()));
    bench.telemetry.end(Duration::from_secs(5)).await;
    let lines = bench.lines.read();
    let about: Vec<_> = lines
        .iter()
        .filter(|it| it["message"] == "rpc refused")
        .collect();
    assert_eq!(about.len(), 1);
    assert_eq!(
        (&about[0]["level"], &about[0]["error"]),
        (&"debug".into(), &"row 7 is gone".into())
    );
    assert_eq!(about[0]["trace_id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn a_message_that_breaks_its_rules_is_answered_with_the_field() {
    let bench = Bench::new(idle());
    let odd = ListSessionsRequest {
        page_size: -1,
        ..Default::default()
    };
    let status = list(&bench, asking(odd, &staff())).await.unwrap_err();
    let view = StatusView::of(&status).unwrap();
    assert_eq!(
        (view.reason.as_str(), view.violations[0].0.as_str()),
        ("VALIDATION_FAILED", "page_size")
    );
    assert!(bench.probe.heard.lock().unwrap().is_empty());
}

/// Sends bytes that no generated client would.
async fn raw(edge: &Edge, path: &str, body: impl Into<Bytes>) -> Status {
    let request = http::Request::post(path)
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {}", staff()))
        .body(Body::new(Full::new(body.into())))
        .unwrap();
    let response = edge.clone().oneshot(request).await.unwrap();
    Status::from_header_map(response.headers()).unwrap_or_else(|| Status::ok("good"))
}

/// One message in the frame of gRPC.
fn framed(length: u32, message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(message);
    bytes
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_mistake() {
    let bench = Bench::new(idle());
    for (name, body) in [
        ("nothing", vec![]),
        ("half a frame", vec![0, 0, 0]),
        ("no message", framed(2, &[0xff, 0xff])),
        ("a cut message", framed(9, &[1])),
        ("a huge message", framed(256 * 1024 + 1, &[0; 16])),
    ] {
        let status = raw(&bench.edge, LIST, body).await;
        let view = StatusView::of(&status).unwrap();
        assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status:?}");
        assert_eq!(view.reason, "VALIDATION_FAILED", "{name}");
        assert_eq!(view.domain, Reason::SHARED, "{name}");
    }
    let good = raw(&bench.edge, LIST, framed(0, &[])).await;
    assert_eq!(good.code(), Code::Ok);
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_answered_with_a_reason() {
    let bench = Bench::new(idle());
    for path in [
        "/",
        "/retail.auth.v1.SessionService/No",
        "/retail.order.v1.OrderService/GetOrder",
        "/retail.auth.v1.SessionService/ListSessions/",
    ] {
        let status = raw(&bench.edge, path, vec![]).await;
        let view = StatusView::of(&status).unwrap();
        let found = (status.code(), view.reason.as_str(), view.domain.as_str());
        assert_eq!(
            found,
            (Code::Unimplemented, "UNIMPLEMENTED", "grpc"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn metadata_has_a_limit() {
    let bench = Bench::new(idle());
    let mut many = listing(&staff());
    for number in 0..64 {
        let name: tonic::metadata::MetadataKey<_> = format!("x-{number}").parse().unwrap();
        many.metadata_mut().insert(name, "1".parse().unwrap());
    }
    let large = with_header(listing(&staff()), "x-large", &"a".repeat(16 * 1024));
    for request in [many, large] {
        assert_eq!(told(list(&bench, request).await).1, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn an_rpc_without_a_contract_is_not_served() {
    let bench = Bench::new(idle());
    let refused = Edge::new(Parts {
        service: "auth",
        routes: Default::default(),
        names: &["retail.nobody.v1.NoService"],
        bulk: &[],
        contracts: &Contracts::built().unwrap(),
        verifier: Arc::clone(&bench.edge.shared.verifier),
        telemetry: &bench.telemetry,
        settings: &edge_settings(),
        pressure: None,
    });
    assert!(matches!(refused, Err(ContractError::NoService(_))));
}
