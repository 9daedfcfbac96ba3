//! From what exporters send to what is kept. Whatever can be shown is kept; a span that says
//! neither who it is nor where it belongs is refused, with the reason, and spoils no other.

use std::sync::Arc;

use opentelemetry_proto::tonic::trace::v1 as wire;

use crate::ids::{SpanId, TraceId};
use crate::span::{Kind, Link, Log, Process, Span, Tag, Value};

mod values;

use values::{tags, text};

/// The name that the specification gives to who does not say one.
const NAMELESS: &str = "unknown_service";
const SERVICE_NAME: &str = "service.name";
/// Warnings say so when what was sent is not all there was.
const DROPPED: &str = "left out by the sender:";

/// What was read of one export.
#[derive(Debug, Default)]
pub struct Read {
    /// Spans that can be kept.
    pub spans: Vec<Span>,
    /// How many cannot.
    pub refused: usize,
    /// Why the last of them cannot.
    pub why: Option<&'static str>,
}

/// Reads the spans of one export.
pub fn read(groups: Vec<wire::ResourceSpans>) -> Read {
    let mut read = Read::default();
    for group in groups {
        let process = Arc::new(process(group.resource.map(|it| it.attributes)));
        for scoped in group.scope_spans {
            let scope = scope(scoped.scope);
            for sent in scoped.spans {
                match span(sent, &process, &scope) {
                    Ok(span) => read.spans.push(span),
                    Err(why) => {
                        read.refused += 1;
                        read.why = Some(why);
                    }
                }
            }
        }
    }
    read
}

fn process(attributes: Option<Vec<values::KeyValue>>) -> Process {
    let mut tags = tags(attributes.unwrap_or_default());
    let named = tags.iter().position(|tag| *tag.key == *SERVICE_NAME);
    let name = named.map(|at| tags.remove(at).value);
    let service = match name {
        Some(Value::Text(name)) if !name.is_empty() => name,
        _ => NAMELESS.into(),
    };
    Process {
        service,
        tags: tags.into(),
    }
}

fn scope(scope: Option<values::InstrumentationScope>) -> Vec<Tag> {
    let Some(scope) = scope else {
        return Vec::new();
    };
    let named = [
        ("otel.scope.name", scope.name),
        ("otel.scope.version", scope.version),
    ];
    let named = named.into_iter().filter(|(_, value)| !value.is_empty());
    let mut all: Vec<Tag> = named.map(|(key, value)| text(key, value)).collect();
    all.extend(tags(scope.attributes));
    all
}

fn span(sent: wire::Span, process: &Arc<Process>, scope: &[Tag]) -> Result<Span, &'static str> {
    let trace = TraceId::from_bytes(&sent.trace_id).ok_or("a trace id is 16 bytes, not zero")?;
    let id = SpanId::from_bytes(&sent.span_id).ok_or("a span id is 8 bytes, not zero")?;
    let parent = SpanId::from_bytes(&sent.parent_span_id).filter(|parent| *parent != id);
    let warnings = warnings(&sent, parent);
    let start_us = sent.start_time_unix_nano / 1_000;
    let end_us = sent.end_time_unix_nano / 1_000;
    let kind = kind(sent.kind);
    let mut all = tags(sent.attributes);
    all.extend(kind.map(|it| Tag::text("span.kind", it.name())));
    status(sent.status, &mut all);
    all.extend_from_slice(scope);
    if !sent.trace_state.is_empty() {
        all.push(text("w3c.tracestate", sent.trace_state));
    }
    Ok(Span {
        trace,
        id,
        parent,
        process: process.clone(),
        operation: values::cut(sent.name),
        kind,
        start_us,
        duration_us: end_us.saturating_sub(start_us),
        tags: all.into(),
        logs: sent.events.into_iter().map(log).collect(),
        links: sent.links.iter().filter_map(link).collect(),
        warnings: warnings.into_iter().map(String::into_boxed_str).collect(),
    })
}

fn warnings(sent: &wire::Span, parent: Option<SpanId>) -> Vec<String> {
    let mut warnings = Vec::new();
    if sent.end_time_unix_nano < sent.start_time_unix_nano {
        warnings.push("it ends before it begins".to_owned());
    }
    if parent.is_none() && sent.parent_span_id.iter().any(|byte| *byte != 0) {
        warnings.push("the id of its parent cannot be one".to_owned());
    }
    if sent.links.iter().any(|it| link(it).is_none()) {
        warnings.push("a link to no span was left out".to_owned());
    }
    let dropped = [
        ("attributes", sent.dropped_attributes_count),
        ("events", sent.dropped_events_count),
        ("links", sent.dropped_links_count),
    ];
    let dropped = dropped.iter().filter(|(_, count)| *count > 0);
    warnings.extend(dropped.map(|(what, count)| format!("{DROPPED} {count} {what}")));
    warnings
}

fn kind(kind: i32) -> Option<Kind> {
    use wire::span::SpanKind;
    match SpanKind::try_from(kind).ok()? {
        SpanKind::Unspecified => None,
        SpanKind::Internal => Some(Kind::Internal),
        SpanKind::Server => Some(Kind::Server),
        SpanKind::Client => Some(Kind::Client),
        SpanKind::Producer => Some(Kind::Producer),
        SpanKind::Consumer => Some(Kind::Consumer),
    }
}

/// The UI paints a span red by its tag `error`.
fn status(status: Option<wire::Status>, tags: &mut Vec<Tag>) {
    use wire::status::StatusCode;
    let Some(status) = status else { return };
    match StatusCode::try_from(status.code) {
        Ok(StatusCode::Error) => {
            tags.retain(|tag| *tag.key != *"error");
            tags.push(Tag::new("error", Value::Bool(true)));
            tags.push(Tag::text("otel.status_code", "ERROR"));
        }
        Ok(StatusCode::Ok) => tags.push(Tag::text("otel.status_code", "OK")),
        Ok(StatusCode::Unset) | Err(_) => {}
    }
    if !status.message.is_empty() {
        tags.push(text("otel.status_description", status.message));
    }
}

/// The UI takes the name of an event from its field `event`.
fn log(event: wire::span::Event) -> Log {
    let mut fields = vec![text("event", event.name)];
    fields.extend(tags(event.attributes));
    Log {
        at_us: event.time_unix_nano / 1_000,
        fields: fields.into(),
    }
}

fn link(link: &wire::span::Link) -> Option<Link> {
    Some(Link {
        trace: TraceId::from_bytes(&link.trace_id)?,
        span: SpanId::from_bytes(&link.span_id)?,
    })
}

#[cfg(test)]
mod tests;
