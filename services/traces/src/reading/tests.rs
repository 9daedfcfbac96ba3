//! What is made of what exporters send, well-formed or not.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Sent;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as wire;

use super::{Read, read};
use crate::span::{Kind, Span, Value};

fn attribute(key: &str, value: Sent) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn well_formed() -> wire::Span {
    wire::Span {
        trace_id: vec![7; 16],
        span_id: vec![1; 8],
        name: "SELECT".to_owned(),
        start_time_unix_nano: 5_000_000,
        end_time_unix_nano: 7_500_999,
        ..wire::Span::default()
    }
}

fn read_one(sent: wire::Span) -> Span {
    let Read {
        mut spans, refused, ..
    } = read(vec![group(vec![sent])]);
    assert_eq!((spans.len(), refused), (1, 0));
    spans.remove(0)
}

fn group(spans: Vec<wire::Span>) -> wire::ResourceSpans {
    let scope = InstrumentationScope {
        name: "chassis".to_owned(),
        version: "1.2".to_owned(),
        ..InstrumentationScope::default()
    };
    wire::ResourceSpans {
        resource: None,
        scope_spans: vec![wire::ScopeSpans {
            scope: Some(scope),
            spans,
            ..wire::ScopeSpans::default()
        }],
        ..wire::ResourceSpans::default()
    }
}

fn tag<'a>(span: &'a Span, key: &str) -> Option<&'a Value> {
    let mut tags = span.tags.iter().filter(|tag| *tag.key == *key);
    let found = tags.next();
    assert_eq!(tags.next(), None, "{key} twice");
    found.map(|tag| &tag.value)
}

fn some_text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn times_are_microseconds_and_scope_kind_and_name_are_kept() {
    let span = read_one(wire::Span {
        kind: wire::span::SpanKind::Consumer as i32,
        ..well_formed()
    });
    assert_eq!(
        (span.start_us, span.duration_us, span.end_us()),
        (5_000, 2_500, 7_500)
    );
    assert_eq!(
        (&*span.operation, span.kind),
        ("SELECT", Some(Kind::Consumer))
    );
    assert_eq!(tag(&span, "span.kind"), Some(&some_text("consumer")));
    assert_eq!(tag(&span, "otel.scope.name"), Some(&some_text("chassis")));
    assert_eq!(tag(&span, "otel.scope.version"), Some(&some_text("1.2")));
    assert!(span.warnings.is_empty() && !span.failed());
}

#[test]
fn an_error_status_makes_the_tag_that_paints_a_span_red_once() {
    let span = read_one(wire::Span {
        attributes: vec![attribute("error", Sent::StringValue("boom".to_owned()))],
        status: Some(wire::Status {
            message: "no stock".to_owned(),
            code: wire::status::StatusCode::Error as i32,
        }),
        ..well_formed()
    });
    assert!(span.failed());
    assert_eq!(tag(&span, "error"), Some(&Value::Bool(true)));
    assert_eq!(tag(&span, "otel.status_code"), Some(&some_text("ERROR")));
    assert_eq!(
        tag(&span, "otel.status_description"),
        Some(&some_text("no stock"))
    );
}

#[test]
fn lists_maps_and_bytes_become_text() {
    let one = |value| AnyValue { value: Some(value) };
    let list = ArrayValue {
        values: vec![
            one(Sent::IntValue(1)),
            one(Sent::BoolValue(true)),
            AnyValue::default(),
        ],
    };
    let map = KeyValueList {
        values: vec![attribute("a", Sent::DoubleValue(f64::NAN))],
    };
    let span = read_one(wire::Span {
        attributes: vec![
            attribute("list", Sent::ArrayValue(list)),
            attribute("map", Sent::KvlistValue(map)),
            attribute("bytes", Sent::BytesValue(vec![0, 255])),
            KeyValue {
                key: "none".to_owned(),
                ..KeyValue::default()
            },
        ],
        ..well_formed()
    });
    assert_eq!(tag(&span, "list"), Some(&some_text("[1,true,null]")));
    assert_eq!(tag(&span, "map"), Some(&some_text(r#"{"a":null}"#)));
    assert_eq!(tag(&span, "bytes"), Some(&some_text("00ff")));
    assert_eq!(tag(&span, "none"), Some(&some_text("")));
}

#[test]
fn a_span_without_ids_is_refused_and_its_neighbour_kept() {
    let without = |change: fn(&mut wire::Span)| {
        let mut span = well_formed();
        change(&mut span);
        span
    };
    let sent = vec![
        without(|it| it.trace_id = vec![0; 16]),
        without(|it| it.trace_id = vec![1; 3]),
        without(|it| it.span_id.clear()),
        well_formed(),
    ];
    let read = read(vec![group(sent)]);
    assert_eq!((read.spans.len(), read.refused), (1, 3));
    assert_eq!(read.why, Some("a span id is 8 bytes, not zero"));
}

#[test]
fn what_is_odd_is_kept_with_a_warning() {
    let span = read_one(wire::Span {
        end_time_unix_nano: 1,
        parent_span_id: vec![1; 3],
        kind: 99,
        dropped_events_count: 4,
        links: vec![wire::span::Link::default()],
        status: Some(wire::Status {
            code: 77,
            message: String::new(),
        }),
        ..well_formed()
    });
    assert_eq!((span.duration_us, span.parent, span.kind), (0, None, None));
    let warnings: Vec<&str> = span.warnings.iter().map(|it| &**it).collect();
    assert_eq!(
        warnings,
        [
            "it ends before it begins",
            "the id of its parent cannot be one",
            "a link to no span was left out",
            "left out by the sender: 4 events",
        ]
    );
}

#[test]
fn no_span_is_its_own_parent() {
    let span = read_one(wire::Span {
        parent_span_id: vec![1; 8],
        ..well_formed()
    });
    assert_eq!((span.parent, span.warnings.len()), (None, 1));
}

#[test]
fn an_endless_value_is_cut_between_two_characters() {
    let span = read_one(wire::Span {
        attributes: vec![attribute("long", Sent::StringValue("€".repeat(100_000)))],
        ..well_formed()
    });
    let Some(Value::Text(kept)) = tag(&span, "long") else {
        panic!("no text");
    };
    assert!(kept.len() < 17_000 && kept.ends_with("€… (cut)"));
}

#[test]
fn who_gives_no_name_is_called_unknown() {
    let mut sent = group(vec![well_formed()]);
    sent.resource = Some(Resource {
        attributes: vec![attribute("service.name", Sent::IntValue(4))],
        ..Resource::default()
    });
    let kept = read(vec![sent]).spans;
    assert_eq!(&*kept[0].process.service, "unknown_service");
    assert!(read_one(well_formed()).process.tags.is_empty());
}
