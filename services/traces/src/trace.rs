//! One trace: its spans by id, and what can be said of it as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::{SpanId, TraceId};
use crate::span::Span;

/// The spans of one trace that arrived so far.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// Its spans. One that is sent twice is kept once.
    pub spans: BTreeMap<SpanId, Arc<Span>>,
    /// How many spans were left out because the trace had grown too big.
    pub left_out: usize,
}

impl Trace {
    /// Makes a trace without spans.
    pub fn new(id: TraceId) -> Self {
        Self {
            id,
            spans: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// Returns its spans as they began.
    pub fn in_order(&self) -> Vec<&Span> {
        let mut spans: Vec<&Span> = self.spans.values().map(|span| &**span).collect();
        spans.sort_by_key(|span| span.start_us);
        spans
    }

    /// Returns the span that stands for the trace: the first of those whose parent is not here.
    pub fn root(&self) -> Option<&Span> {
        let tops = self.spans.values().filter(|span| !self.has_parent_of(span));
        let first = tops.min_by_key(|span| (span.parent.is_some(), span.start_us));
        first.map(|span| &**span)
    }

    /// Returns the span it is a part of, if that arrived.
    pub fn parent_of(&self, span: &Span) -> Option<&Span> {
        let parent = self.spans.get(&span.parent?)?;
        Some(parent)
    }

    /// Says whether it has a beginning, and every parent that is named arrived.
    pub fn is_whole(&self) -> bool {
        let orphans = self.spans.values().filter(|span| span.parent.is_some());
        let mut orphans = orphans.filter(|span| !self.has_parent_of(span));
        !self.spans.is_empty() && orphans.next().is_none()
    }

    /// When its first span began.
    pub fn start_us(&self) -> u64 {
        let starts = self.spans.values().map(|span| span.start_us);
        starts.min().unwrap_or_default()
    }

    /// How long it took from its first beginning to its last end.
    pub fn duration_us(&self) -> u64 {
        let ends = self.spans.values().map(|span| span.end_us());
        ends.max()
            .unwrap_or_default()
            .saturating_sub(self.start_us())
    }

    /// The services that took part, by name.
    pub fn services(&self) -> BTreeSet<&str> {
        let spans = self.spans.values();
        spans.map(|span| &*span.process.service).collect()
    }

    /// The other traces that its spans link to.
    pub fn links(&self) -> BTreeSet<TraceId> {
        let links = self.spans.values().flat_map(|span| span.links.iter());
        let others = links.map(|link| link.trace);
        others.filter(|id| *id != self.id).collect()
    }

    fn has_parent_of(&self, span: &Span) -> bool {
        self.parent_of(span).is_some()
    }
}
