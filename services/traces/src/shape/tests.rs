//! Numbers that JavaScript would bend, and services that share an instance id.

use std::sync::Arc;

use serde_json::{Value as Json, json, to_value};

use super::TraceShape;
use crate::ids::{SpanId, TraceId};
use crate::related::Followers;
use crate::span::{Link, Process, Span, Tag, Value};
use crate::trace::Trace;

fn id(digit: u8) -> SpanId {
    SpanId::from_bytes(&[digit; 8]).unwrap()
}

fn trace_id(digit: u8) -> TraceId {
    TraceId::from_bytes(&[digit; 16]).unwrap()
}

fn span(digit: u8, service: &str) -> Span {
    Span {
        trace: trace_id(1),
        id: id(digit),
        parent: None,
        process: Arc::new(Process {
            service: service.into(),
            tags: [Tag::text("service.instance.id", "one")].into(),
        }),
        operation: "Create".into(),
        kind: None,
        start_us: 100 - u64::from(digit),
        duration_us: 1,
        tags: [].into(),
        logs: [].into(),
        links: [].into(),
        warnings: [].into(),
    }
}

fn shaped(spans: impl IntoIterator<Item = Span>, followers: &Followers) -> Json {
    let mut trace = Trace::new(trace_id(1));
    trace
        .spans
        .extend(spans.into_iter().map(|it| (it.id, Arc::new(it))));
    to_value(TraceShape::new(&trace, followers)).unwrap()
}

#[test]
fn services_that_share_an_instance_id_stay_apart() {
    let json = shaped(
        [span(1, "catalog"), span(2, "order"), span(3, "catalog")],
        &Followers::default(),
    );
    let spans = json["spans"].as_array().unwrap();
    let service = |span: &Json| {
        let process = span["processID"].as_str().unwrap();
        json["processes"][process]["serviceName"].clone()
    };
    let services: Vec<Json> = spans.iter().map(service).collect();
    assert_eq!(services, ["catalog", "order", "catalog"]);
    assert_eq!(json["processes"].as_object().unwrap().len(), 2);
    assert_eq!(
        spans[0]["startTime"], 97,
        "in the order of their beginnings"
    );
}

#[test]
fn numbers_keep_their_digits() {
    let tags = [
        ("small", Value::Int(-5)),
        ("large", Value::Int(i64::MIN)),
        ("float", Value::Float(0.5)),
        ("nothing", Value::Float(f64::NAN)),
        ("yes", Value::Bool(true)),
    ];
    let tags = tags.map(|(key, value)| Tag::new(key, value)).into();
    let json = shaped(
        [Span {
            tags,
            ..span(1, "catalog")
        }],
        &Followers::default(),
    );
    let expected = json!([
        { "key": "small", "type": "int64", "value": -5 },
        { "key": "large", "type": "int64", "value": "-9223372036854775808" },
        { "key": "float", "type": "float64", "value": 0.5 },
        { "key": "nothing", "type": "float64", "value": "NaN" },
        { "key": "yes", "type": "bool", "value": true },
    ]);
    assert_eq!(json["spans"][0]["tags"], expected);
}

#[test]
fn the_parent_is_referred_to_before_links() {
    let links = [Link {
        trace: trace_id(9),
        span: id(8),
    }]
    .into();
    let child = Span {
        parent: Some(id(2)),
        links,
        ..span(1, "catalog")
    };
    let json = shaped([child], &Followers::default());
    let expected = json!([
        { "refType": "CHILD_OF", "traceID": "01".repeat(16), "spanID": "02".repeat(8) },
        { "refType": "FOLLOWS_FROM", "traceID": "09".repeat(16), "spanID": "08".repeat(8) },
    ]);
    assert_eq!(json["spans"][0]["references"], expected);
}

#[test]
fn traces_that_follow_become_tags_of_their_own_names() {
    let mut followers = Followers::default();
    for digit in 3..50 {
        followers.insert(trace_id(1), id(1), trace_id(digit));
    }
    let json = shaped([span(1, "catalog"), span(2, "order")], &followers);
    let tags = json["spans"][1]["tags"].as_array().unwrap();
    let names: Vec<&Json> = tags.iter().map(|tag| &tag["key"]).collect();
    assert_eq!(
        (names[0], names[7], names.len()),
        (&"followed_by".into(), &"followed_by.8".into(), 8)
    );
    assert_eq!(tags[1]["value"], "04".repeat(16));
    assert_eq!(
        json["spans"][0]["tags"],
        json!([]),
        "only the span that is linked to"
    );
}

#[test]
fn a_trace_that_grew_too_big_says_so() {
    let mut trace = Trace::new(trace_id(1));
    trace.left_out = 3;
    let json = to_value(TraceShape::new(&trace, &Followers::default())).unwrap();
    assert!(
        json["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("3 spans were left out")
    );
}

#[test]
fn a_span_whose_parent_is_not_here_says_so() {
    let orphan = Span {
        parent: Some(id(9)),
        ..span(1, "catalog")
    };
    let json = shaped([orphan.clone()], &Followers::default());
    let warning = json["spans"][0]["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("its parent has not arrived"));
    let json = shaped([orphan, span(9, "order")], &Followers::default());
    assert!(
        json["spans"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["warnings"].is_null())
    );
}
