//! What stays, what goes, and who has to go first.

use std::sync::Arc;

use super::{Limits, Memory};
use crate::ids::{SpanId, TraceId};
use crate::reading::Read;
use crate::span::{Process, Span, Tag};

const ROOMY: Limits = Limits {
    traces: 100,
    bytes: 1 << 20,
};

fn span(trace: u8, id: u8, text: &str) -> Span {
    Span {
        trace: TraceId::from_bytes(&[trace; 16]).unwrap(),
        id: SpanId::from_bytes(&[id; 8]).unwrap(),
        parent: None,
        process: Arc::new(Process {
            service: "catalog".into(),
            tags: [].into(),
        }),
        operation: "Create".into(),
        kind: None,
        start_us: 1,
        duration_us: 1,
        tags: [Tag::text("text", text)].into(),
        logs: [].into(),
        links: [].into(),
        warnings: [].into(),
    }
}

fn keep(memory: &Memory, spans: impl IntoIterator<Item = Span>) {
    let spans = spans.into_iter().collect();
    memory.keep(Read {
        spans,
        ..Read::default()
    });
}

fn kept(memory: &Memory) -> Vec<String> {
    let traces = memory.traces();
    traces
        .iter()
        .map(|it| it.id.to_string()[..2].to_owned())
        .collect()
}

#[test]
fn the_trace_that_waited_longest_for_a_span_goes_first() {
    let memory = Memory::new(Limits { traces: 2, ..ROOMY });
    keep(
        &memory,
        [
            span(1, 1, ""),
            span(2, 1, ""),
            span(1, 2, ""),
            span(3, 1, ""),
        ],
    );
    assert_eq!(kept(&memory), ["03", "01"]);
    let counts = memory.counts();
    assert_eq!(
        (counts.traces, counts.spans, counts.traces_dropped),
        (2, 3, 1)
    );
}

#[test]
fn bytes_are_bounded_whatever_is_sent() {
    let memory = Memory::new(Limits {
        bytes: 64 << 10,
        ..ROOMY
    });
    let text = "x".repeat(5_000);
    for trace in 1..=60 {
        keep(&memory, [span(trace, 1, &text), span(trace, 2, &text)]);
        assert!(memory.counts().bytes <= 64 << 10);
    }
    let kept = kept(&memory);
    assert_eq!(kept.first().map(String::as_str), Some("3c"));
    assert!((4..=6).contains(&kept.len()), "{kept:?}");
}

#[test]
fn one_endless_trace_leaves_room_for_others() {
    let memory = Memory::new(Limits {
        bytes: 64 << 10,
        ..ROOMY
    });
    keep(&memory, [span(9, 1, "")]);
    let text = "x".repeat(1_000);
    keep(&memory, (1..=200).map(|id| span(1, id, &text)));
    assert_eq!(kept(&memory), ["01", "09"]);
    let endless = memory
        .trace(TraceId::from_bytes(&[1; 16]).unwrap())
        .unwrap();
    assert_eq!(endless.spans.len() + endless.left_out, 200);
    assert!(endless.left_out > 100);
}

#[test]
fn a_span_sent_twice_is_kept_and_counted_once() {
    let memory = Memory::new(ROOMY);
    keep(&memory, [span(1, 1, "first")]);
    let before = memory.counts();
    keep(&memory, [span(1, 1, "again")]);
    let after = memory.counts();
    assert_eq!((after.spans, after.bytes), (1, before.bytes));
    assert_eq!(after.spans_received, 2);
}

#[test]
fn what_was_dropped_gives_back_all_its_bytes() {
    let memory = Memory::new(Limits { traces: 1, ..ROOMY });
    keep(&memory, [span(1, 1, "a")]);
    let one = memory.counts().bytes;
    for trace in 2..100 {
        keep(
            &memory,
            [span(trace, 1, &"x".repeat(100)), span(trace, 2, "")],
        );
    }
    keep(&memory, [span(200, 1, "a")]);
    let left = memory.counts().bytes;
    let described = span(1, 1, "a").process.bytes();
    assert_eq!(left, one - described, "the service is described once");
}

#[test]
fn spans_of_one_service_share_its_description() {
    let memory = Memory::new(ROOMY);
    keep(&memory, [span(1, 1, "")]);
    keep(&memory, [span(2, 1, "")]);
    let [a, b] = [1, 2].map(|id| {
        let trace = memory
            .trace(TraceId::from_bytes(&[id; 16]).unwrap())
            .unwrap();
        trace.spans.values().next().unwrap().process.clone()
    });
    assert!(Arc::ptr_eq(&a, &b));
}

#[test]
fn a_reader_keeps_what_it_read() {
    let memory = Memory::new(ROOMY);
    keep(&memory, [span(1, 1, "")]);
    let read = memory
        .trace(TraceId::from_bytes(&[1; 16]).unwrap())
        .unwrap();
    keep(&memory, [span(1, 2, "")]);
    assert_eq!(read.spans.len(), 1);
    assert_eq!(memory.counts().spans, 2);
}
