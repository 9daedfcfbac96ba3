//! A trace in a few words, for scripts.

use std::sync::Arc;

use serde::Serialize;

use crate::ids::TraceId;
use crate::related::Followers;
use crate::trace::Trace;

/// A trace in a few words.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Its id.
    #[serde(rename = "traceID")]
    pub trace_id: TraceId,
    /// The service of its first span.
    pub service: String,
    /// The operation of its first span.
    pub operation: String,
    /// When it began, in microseconds since 1970.
    pub start_time: u64,
    /// How long it took, in microseconds.
    pub duration: u64,
    /// How many spans it has.
    pub spans: usize,
    /// How many of them failed.
    pub errors: usize,
    /// All services that took part.
    pub services: Vec<String>,
    /// Whether every parent that a span names has arrived.
    pub whole: bool,
    /// The page that shows it.
    pub page: String,
}

impl Summary {
    /// Sums a trace up.
    pub fn new(trace: &Trace, base: &str) -> Self {
        let root = trace.root();
        let services = trace.services().into_iter().map(str::to_owned);
        Self {
            trace_id: trace.id,
            service: root
                .map(|it| it.process.service.to_string())
                .unwrap_or_default(),
            operation: root.map(|it| it.operation.to_string()).unwrap_or_default(),
            start_time: trace.start_us(),
            duration: trace.duration_us(),
            spans: trace.spans.len(),
            errors: trace.spans.values().filter(|it| it.failed()).count(),
            services: services.collect(),
            whole: trace.is_whole(),
            page: format!("{base}trace/{}", trace.id),
        }
    }
}

/// Returns the traces that a trace links to, and those that link to it.
pub fn linked(trace: &Arc<Trace>, all: &[Arc<Trace>]) -> Vec<Arc<Trace>> {
    let mut ids = trace.links();
    ids.extend(Followers::of(std::slice::from_ref(trace), all).all());
    let linked = all.iter().filter(|other| ids.contains(&other.id));
    linked.cloned().collect()
}
