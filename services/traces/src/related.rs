//! What hangs together: which service calls which, and which trace follows which by a link.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::Serialize;

use crate::ids::{SpanId, TraceId};
use crate::span::Span;
use crate::trace::Trace;

/// One arrow of the picture of all services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// Who calls, or publishes.
    pub parent: String,
    /// Who is called, or consumes.
    pub child: String,
    /// How often.
    pub call_count: u64,
}

/// Returns who called whom, by parents and by links, among spans that began in time.
pub fn dependencies(traces: &[Arc<Trace>], began_us: &RangeInclusive<u64>) -> Vec<Dependency> {
    let by_id: HashMap<_, _> = traces.iter().map(|trace| (trace.id, trace)).collect();
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for trace in traces {
        let spans = trace.spans.values();
        for span in spans.filter(|span| began_us.contains(&span.start_us)) {
            let child = &*span.process.service;
            let linked = span.links.iter().filter_map(|link| {
                let span = by_id.get(&link.trace)?.spans.get(&link.span)?;
                Some(&*span.process.service)
            });
            let parent = trace.parent_of(span).map(|it| &*it.process.service);
            // Many messages of one sender, taken in one go, are one arrow.
            let parents: BTreeSet<&str> = linked.chain(parent).collect();
            for parent in parents.into_iter().filter(|parent| *parent != child) {
                *counts.entry((parent, child)).or_default() += 1;
            }
        }
    }
    let dependency = |((parent, child), call_count): ((&str, &str), u64)| Dependency {
        parent: parent.to_owned(),
        child: child.to_owned(),
        call_count,
    };
    counts.into_iter().map(dependency).collect()
}

/// Which traces link to the spans of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followers(BTreeMap<(TraceId, SpanId), BTreeSet<TraceId>>);

impl Followers {
    /// Finds out who follows some traces, by links, among all traces.
    pub fn of(some: &[Arc<Trace>], all: &[Arc<Trace>]) -> Self {
        let some: BTreeSet<TraceId> = some.iter().map(|trace| trace.id).collect();
        let mut followers = Self::default();
        for trace in all {
            let links = trace.spans.values().flat_map(|span| &span.links);
            let outside = links.filter(|link| link.trace != trace.id && some.contains(&link.trace));
            for link in outside {
                followers.insert(link.trace, link.span, trace.id);
            }
        }
        followers
    }

    /// Notes that a trace follows a span.
    pub fn insert(&mut self, trace: TraceId, span: SpanId, follower: TraceId) {
        self.0.entry((trace, span)).or_default().insert(follower);
    }

    /// Returns the traces that follow a span.
    pub fn of_span(&self, span: &Span) -> impl Iterator<Item = TraceId> {
        let followers = self.0.get(&(span.trace, span.id));
        followers.into_iter().flatten().copied()
    }

    /// Returns all traces that follow.
    pub fn all(&self) -> BTreeSet<TraceId> {
        self.0.values().flatten().copied().collect()
    }
}

/// Returns the names of all services that sent a span.
pub fn services(traces: &[Arc<Trace>]) -> BTreeSet<&str> {
    every_span(traces)
        .map(|span| &*span.process.service)
        .collect()
}

/// Returns what a service does: the operations of all its spans, with the kind of span.
pub fn operations<'a>(traces: &'a [Arc<Trace>], service: &str) -> BTreeSet<(&'a str, &'a str)> {
    let spans = every_span(traces).filter(|span| *span.process.service == *service);
    let operation = |span: &'a Span| (&*span.operation, span.kind.map_or("", |it| it.name()));
    spans.map(operation).collect()
}

fn every_span(traces: &[Arc<Trace>]) -> impl Iterator<Item = &Span> {
    let spans = traces.iter().flat_map(|trace| trace.spans.values());
    spans.map(|span| &**span)
}
