//! Traces in the JSON that the Jaeger UI reads.
//!
//! **Invariant:** a parent is referred to before any link, because the UI hangs a span below the
//! first reference that it finds in the trace.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::ids::{SpanId, TraceId};
use crate::related::Followers;
use crate::span::{Log, Process, Span, Tag, Value};
use crate::trace::Trace;

#[cfg(test)]
mod tests;

/// Tags that lead on to traces which follow by a link. The UI has to be told of each name, and
/// looks a value up by its name, so that each is given once.
pub const FOLLOWED_BY: [&str; 8] = [
    "followed_by",
    "followed_by.2",
    "followed_by.3",
    "followed_by.4",
    "followed_by.5",
    "followed_by.6",
    "followed_by.7",
    "followed_by.8",
];
/// What the UI shows at a span whose parent is not here.
const ORPHAN: &str = "its parent has not arrived: it may still run, or is not watched";
/// The largest whole number that JavaScript reads exactly.
const EXACT_MAX: u64 = (1 << 53) - 1;

/// A trace as the UI reads it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceShape<'a> {
    #[serde(rename = "traceID")]
    trace_id: TraceId,
    spans: Vec<SpanShape<'a>>,
    processes: BTreeMap<String, ProcessShape<'a>>,
    warnings: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanShape<'a> {
    #[serde(rename = "traceID")]
    trace_id: TraceId,
    #[serde(rename = "spanID")]
    span_id: SpanId,
    operation_name: &'a str,
    references: Vec<Reference>,
    start_time: u64,
    duration: u64,
    tags: Vec<TagShape<'a>>,
    logs: Vec<LogShape<'a>>,
    #[serde(rename = "processID")]
    process_id: String,
    warnings: Option<Vec<&'a str>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace_id: TraceId,
    #[serde(rename = "spanID")]
    span_id: SpanId,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessShape<'a> {
    service_name: &'a str,
    tags: Vec<TagShape<'a>>,
}

#[derive(Debug, Serialize)]
struct LogShape<'a> {
    timestamp: u64,
    fields: Vec<TagShape<'a>>,
}

#[derive(Debug, Serialize)]
struct TagShape<'a> {
    key: &'a str,
    r#type: &'static str,
    value: ValueShape<'a>,
}

#[derive(Debug)]
enum ValueShape<'a> {
    Kept(&'a Value),
    Trace(TraceId),
}

impl<'a> TraceShape<'a> {
    /// Shapes a trace; `followers` are the traces that link to its spans, if they were asked for.
    pub fn new(trace: &'a Trace, followers: &Followers) -> Self {
        let mut processes = Processes::default();
        let spans = trace.in_order().into_iter().map(|span| {
            let mut shape = span_shape(trace, span, processes.key(&span.process));
            shape.tags.extend(followed_by(span, followers));
            shape
        });
        let spans = spans.collect();
        let left_out = trace.left_out;
        let warning = format!("{left_out} spans were left out: this trace has grown too big");
        Self {
            trace_id: trace.id,
            spans,
            processes: processes.shapes(),
            warnings: (left_out > 0).then(|| vec![warning]),
        }
    }
}

/// Processes told apart by all that they say, since several may share an instance id.
#[derive(Default)]
struct Processes<'a>(Vec<&'a Process>);

impl<'a> Processes<'a> {
    fn key(&mut self, process: &'a Process) -> String {
        let known = self.0.iter().position(|it| *it == process);
        let at = known.unwrap_or_else(|| {
            self.0.push(process);
            self.0.len() - 1
        });
        name(at)
    }

    fn shapes(self) -> BTreeMap<String, ProcessShape<'a>> {
        let shape = |(at, process): (usize, &'a Process)| {
            let shape = ProcessShape {
                service_name: &process.service,
                tags: process.tags.iter().map(tag).collect(),
            };
            (name(at), shape)
        };
        self.0.into_iter().enumerate().map(shape).collect()
    }
}

fn name(at: usize) -> String {
    format!("p{}", at + 1)
}

fn span_shape<'a>(trace: &'a Trace, span: &'a Span, process_id: String) -> SpanShape<'a> {
    let mut warnings: Vec<&str> = span.warnings.iter().map(|it| &**it).collect();
    if span.parent.is_some() && trace.parent_of(span).is_none() {
        warnings.push(ORPHAN);
    }
    SpanShape {
        trace_id: span.trace,
        span_id: span.id,
        operation_name: &span.operation,
        references: references(span),
        start_time: span.start_us,
        duration: span.duration_us,
        tags: span.tags.iter().map(tag).collect(),
        logs: span.logs.iter().map(log).collect(),
        process_id,
        warnings: (!warnings.is_empty()).then_some(warnings),
    }
}

fn references(span: &Span) -> Vec<Reference> {
    let parent = span.parent.map(|parent| Reference {
        ref_type: "CHILD_OF",
        trace_id: span.trace,
        span_id: parent,
    });
    let links = span.links.iter().map(|link| Reference {
        ref_type: "FOLLOWS_FROM",
        trace_id: link.trace,
        span_id: link.span,
    });
    parent.into_iter().chain(links).collect()
}

fn log(log: &Log) -> LogShape<'_> {
    LogShape {
        timestamp: log.at_us,
        fields: log.fields.iter().map(tag).collect(),
    }
}

fn tag(tag: &Tag) -> TagShape<'_> {
    let r#type = match tag.value {
        Value::Text(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
    };
    TagShape {
        key: &tag.key,
        r#type,
        value: ValueShape::Kept(&tag.value),
    }
}

fn followed_by(span: &Span, followers: &Followers) -> Vec<TagShape<'static>> {
    let named = FOLLOWED_BY.into_iter().zip(followers.of_span(span));
    let shape = |(key, trace)| TagShape {
        key,
        r#type: "string",
        value: ValueShape::Trace(trace),
    };
    named.map(shape).collect()
}

impl Serialize for ValueShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Trace(id) => id.serialize(serializer),
            Self::Kept(Value::Text(text)) => serializer.serialize_str(text),
            Self::Kept(Value::Bool(value)) => serializer.serialize_bool(*value),
            Self::Kept(Value::Int(value)) if value.unsigned_abs() <= EXACT_MAX => {
                serializer.serialize_i64(*value)
            }
            Self::Kept(Value::Int(value)) => serializer.collect_str(value),
            Self::Kept(Value::Float(value)) if value.is_finite() => {
                serializer.serialize_f64(*value)
            }
            Self::Kept(Value::Float(value)) => serializer.collect_str(value),
        }
    }
}
