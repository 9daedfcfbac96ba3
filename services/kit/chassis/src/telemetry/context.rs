//! W3C trace context: where a trace goes on across a call or an event.

use http::HeaderMap;
use http::header::HeaderValue;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::metadata::MetadataMap;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The header, and the metadata key, that names trace and span.
pub const TRACEPARENT: &str = "traceparent";
/// The header, and the metadata key, that carries what other systems add.
pub const TRACESTATE: &str = "tracestate";

/// One span of one trace, as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext(SpanContext);

impl TraceContext {
    /// The span that this code runs in; nothing outside of one.
    pub fn current() -> Option<Self> {
        Self::of_span(&Span::current())
    }

    /// A span; nothing for one that no trace holds.
    pub fn of_span(span: &Span) -> Option<Self> {
        Self::of_context(&span.context())
    }

    /// Reads the two texts; nothing if the first is not valid.
    pub fn parse(traceparent: &str, tracestate: &str) -> Option<Self> {
        let texts = Texts {
            traceparent,
            tracestate,
        };
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &texts);
        Self::of_context(&context)
    }

    /// Reads the headers of a request or a message; two parents are as good as none.
    pub fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next()?.to_str().ok()?;
        let state = headers.get(TRACESTATE).and_then(|it| it.to_str().ok());
        match parents.next() {
            None => Self::parse(parent, state.unwrap_or_default()),
            Some(_) => None,
        }
    }

    /// Reads the metadata of a call.
    pub fn of_metadata(metadata: &MetadataMap) -> Option<Self> {
        Self::of_headers(metadata.as_ref())
    }

    /// Writes the headers of a request.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let state = Some(self.tracestate()).filter(|it| !it.is_empty());
        let texts = [(TRACEPARENT, Some(self.traceparent())), (TRACESTATE, state)];
        for (name, text) in texts {
            headers.remove(name);
            if let Some(value) = text.and_then(|it| HeaderValue::try_from(it).ok()) {
                headers.insert(name, value);
            }
        }
    }

    /// Writes the metadata of a call.
    pub fn write_metadata(&self, metadata: &mut MetadataMap) {
        self.write_headers(metadata.as_mut());
    }

    /// The text for `traceparent`, also of events.
    pub fn traceparent(&self) -> String {
        let (trace, span, flags) = (self.0.trace_id(), self.0.span_id(), self.0.trace_flags());
        format!("00-{trace}-{span}-{:02x}", flags.to_u8() & 1)
    }

    /// The text for `tracestate`; empty if there is none.
    pub fn tracestate(&self) -> String {
        self.0.trace_state().header()
    }

    /// The id of the trace, as 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        self.0.trace_id().to_string()
    }

    /// The id of the span, as 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        self.0.span_id().to_string()
    }

    /// Makes a span the child of this one, before it is entered; false if that came too late.
    pub fn continue_in(&self, span: &Span) -> bool {
        let parent = Context::new().with_remote_span_context(self.0.clone());
        span.set_parent(parent).is_ok()
    }

    /// Links a span to this one: how consumers and batches name what they came from.
    pub fn link_to(&self, span: &Span) {
        span.add_link(self.0.clone());
    }

    fn of_context(context: &Context) -> Option<Self> {
        let span = context.span().span_context().clone();
        span.is_valid().then_some(Self(span))
    }
}

/// The two texts in the form that the propagator reads.
struct Texts<'a> {
    traceparent: &'a str,
    tracestate: &'a str,
}

impl Extractor for Texts<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => Some(self.traceparent),
            TRACESTATE => Some(self.tracestate).filter(|it| !it.is_empty()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}
