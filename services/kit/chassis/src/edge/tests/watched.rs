//! What is seen of a call from outside: spans and metrics.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::{list, listing, with_header};
use crate::fault::Fault;
use crate::proof::{Bench, Probe, act, edge_settings, staff, tenant};
use crate::telemetry::tests::collector::{Collector, PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_span_of_its_callers_trace_and_is_measured() {
    let (collector, url) = Collector::start().await;
    let failing = act(async |_| Err(Fault::unavailable("postgres")));
    let bench = Bench::of(Probe::new(failing), &edge_settings(), Some(&url));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = with_header(listing(&staff()), "traceparent", parent);
    list(&bench, request).await.unwrap_err();
    assert!(bench.telemetry.end(PATIENCE).await);
    let spans = collector.spans("auth/auth-1");
    assert_eq!(spans.len(), 1);
    let span = &spans[0];
    assert_eq!(span.name, "retail.auth.v1.SessionService/ListSessions");
    assert_eq!(span.kind, i32::from(SpanKind::Server));
    assert_eq!(
        span.parent_span_id,
        [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]
    );
    let text = |key: &str| {
        let found = span.attributes.iter().find(|it| it.key == key);
        match found.and_then(|it| it.value.clone()?.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => panic!("{key} is {other:?}"),
        }
    };
    assert_eq!(text("rpc.system"), "grpc");
    assert_eq!(text("rpc.service"), "retail.auth.v1.SessionService");
    assert_eq!(text("rpc.method"), "ListSessions");
    assert_eq!(text("rpc.grpc.status_code"), "14");
    assert_eq!(text("tenant.id"), tenant().to_string());
    assert_eq!(text("actor.kind"), "ACTOR_TYPE_USER");
    assert_eq!(text("fault.reason"), "DEPENDENCY_UNAVAILABLE");
    assert_eq!(span.status.as_ref().unwrap().code, 2);
    let metrics = collector.metrics();
    let mut names: Vec<_> = metrics.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "retail.fault.answered",
            "retail.rpc.in_flight",
            "rpc.server.call.duration"
        ]
    );
}
