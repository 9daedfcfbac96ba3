//! Log lines: one JSON object each, with the ids of the trace and the span they belong to.

use std::fmt;

use opentelemetry::Context as TraceContext;
use opentelemetry::trace::TraceContextExt;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use vocab::Clock;

use super::output::Output;

/// Names that a line has anyway. A field with one of them is written as `field.<name>`.
const TAKEN: [&str; 6] = ["time", "level", "service", "target", "trace_id", "span_id"];

pub(super) struct Lines {
    service: String,
    clock: Clock,
    output: Output,
}

impl Lines {
    pub(super) fn new(service: &str, clock: Clock, output: Output) -> Self {
        let service = service.to_owned();
        Self {
            service,
            clock,
            output,
        }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Line("{".to_owned());
        line.add("time", &self.clock.now().to_string().into());
        line.add("level", &metadata.level().as_str().to_lowercase().into());
        line.add("service", &self.service.as_str().into());
        line.add("target", &metadata.target().into());
        let context = TraceContext::current();
        let span = context.span().span_context().clone();
        if span.is_valid() {
            line.add("trace_id", &span.trace_id().to_string().into());
            line.add("span_id", &span.span_id().to_string().into());
        }
        event.record(&mut line);
        line.0.push_str("}\n");
        self.output.write(line.0);
    }
}

/// A JSON object in the making.
struct Line(String);

impl Line {
    fn add(&mut self, name: &str, value: &Value) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let name = Value::from(name);
        self.0.push_str(&format!("{comma}{name}:{value}"));
    }

    fn field(&mut self, field: &Field, value: &Value) {
        let name = field.name();
        if TAKEN.contains(&name) {
            self.add(&format!("field.{name}"), value);
        } else {
            self.add(name, value);
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field, &format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, &value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, &value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, &value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, &value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.field(field, &value.into());
    }
}
