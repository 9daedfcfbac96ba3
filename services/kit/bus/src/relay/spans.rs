//! The spans of a chunk that is sent: one for each write that is watched, one for the whole.

use std::collections::BTreeMap;

use chassis::telemetry::TraceContext;
use journal::Recorded;
use tracing::{Span, info_span};
use vocab::{Clock, Moment};

use crate::cause::{self, Cause};

/// Open until everything is stored.
pub(super) struct Spans {
    /// Where the work itself shows: in the trace of the cause, if the chunk has but one.
    pub whole: Span,
    /// One in the trace of each cause.
    _each: Vec<Span>,
}

/// The events of one write.
struct Group<'a> {
    trace: TraceContext,
    first: &'a Recorded,
    count: usize,
}

impl Spans {
    pub fn of(chunk: &[Recorded]) -> Self {
        let groups = groups(chunk, Clock::system().now());
        let alone = groups.first().is_some_and(|it| it.count == chunk.len());
        let each: Vec<Span> = groups.iter().map(Group::span).collect();
        let whole = match each.first() {
            Some(only) if alone => only.clone(),
            _ => {
                let span = info_span!(parent: None, "relay events", event.count = chunk.len());
                cause::link(&span, chunk.iter().map(cause_of));
                span
            }
        };
        Self { whole, _each: each }
    }
}

impl Group<'_> {
    fn span(&self) -> Span {
        let span = info_span!(
            parent: None,
            "relay event",
            otel.name = format!("relay {}", self.first.kind),
            otel.kind = "producer",
            tenant.id = %self.first.tenant,
            event.id = %self.first.event_id,
            event.stream = self.first.stream_id,
            event.count = self.count,
        );
        self.trace.continue_in(&span);
        span
    }
}

/// The writes whose traces are kept and still grow, in the order of their first events.
fn groups(chunk: &[Recorded], now: Moment) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for recorded in chunk {
        if let Some(group) = known
            .get(recorded.traceparent.as_str())
            .and_then(|at| groups.get_mut(*at))
        {
            group.count += 1;
        } else if let Some(trace) = cause_of(recorded).live(now) {
            known.insert(&recorded.traceparent, groups.len());
            groups.push(Group {
                trace,
                first: recorded,
                count: 1,
            });
        }
    }
    groups
}

fn cause_of(recorded: &Recorded) -> Cause<'_> {
    Cause {
        traceparent: &recorded.traceparent,
        recorded_at: Some(recorded.recorded_at),
    }
}
