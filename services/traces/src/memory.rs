//! The traces of this process, in memory alone.
//!
//! **Invariant:** there are never more traces or bytes than the limits say. When one more comes,
//! the trace goes that has waited longest for a span.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use crate::ids::TraceId;
use crate::reading::Read;
use crate::span::{Process, Span};
use crate::trace::Trace;

#[cfg(test)]
mod tests;

/// Services whose description is kept once and shared by their spans.
const PROCESSES_MAX: usize = 64;
/// A description longer than this is kept with the spans alone.
const PROCESS_BYTES_MAX: usize = 16 << 10;
/// What a trace costs besides its spans.
const TRACE_BYTES: usize = 512;
/// One trace gets at most this part of all bytes, so that none drives out all others.
const SHARE_OF_ONE: usize = 4;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Traces at most.
    pub traces: usize,
    /// Bytes at most, as [`Span::bytes`] counts them.
    pub bytes: usize,
}

/// What is there, and what came and went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Traces that are there.
    pub traces: usize,
    /// Spans that are there.
    pub spans: usize,
    /// Bytes they take, roughly.
    pub bytes: usize,
    /// Spans that ever arrived and could be kept.
    pub spans_received: u64,
    /// Spans that ever arrived and made no sense.
    pub spans_refused: u64,
    /// Traces that ever had to go for others.
    pub traces_dropped: u64,
}

/// The traces of this process.
#[derive(Debug)]
pub struct Memory {
    limits: Limits,
    kept: Mutex<Kept>,
    arrivals: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    traces: HashMap<TraceId, Place>,
    /// Who had a span last, in that order.
    turns: BTreeMap<u64, TraceId>,
    turn: u64,
    processes: VecDeque<Arc<Process>>,
    counts: Counts,
}

#[derive(Debug)]
struct Place {
    trace: Arc<Trace>,
    turn: u64,
    bytes: usize,
}

impl Memory {
    /// Makes an empty memory.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            kept: Mutex::default(),
            arrivals: watch::Sender::new(0),
        }
    }

    /// Keeps the spans of one export.
    pub fn keep(&self, read: Read) {
        let mut kept = self.lock();
        kept.counts.spans_received += read.spans.len() as u64;
        kept.counts.spans_refused += read.refused as u64;
        for span in read.spans {
            kept.add(span, self.limits);
            kept.make_room(self.limits);
        }
        drop(kept);
        self.arrivals.send_modify(|exports| *exports += 1);
    }

    /// Returns one trace.
    pub fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        let kept = self.lock();
        kept.traces.get(&id).map(|place| place.trace.clone())
    }

    /// Returns all traces, those that had a span last first.
    pub fn traces(&self) -> Vec<Arc<Trace>> {
        let kept = self.lock();
        let newest_first = kept.turns.values().rev();
        let places = newest_first.filter_map(|id| kept.traces.get(id));
        places.map(|place| place.trace.clone()).collect()
    }

    /// Returns what is there.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Tells of every export that was kept.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, mut span: Span, limits: Limits) {
        let mut bytes = span.bytes();
        if !self.share_process(&mut span) {
            bytes += span.process.bytes();
        }
        let place = self.place(span.trace);
        let trace = Arc::make_mut(&mut place.trace);
        if place.bytes + bytes > limits.bytes / SHARE_OF_ONE {
            trace.left_out += 1;
            return;
        }
        let id = span.id;
        let before = trace.spans.insert(id, Arc::new(span));
        let freed = before.as_ref().map_or(0, |span| span.bytes());
        place.bytes = place.bytes.saturating_add(bytes).saturating_sub(freed);
        self.counts.bytes = self
            .counts
            .bytes
            .saturating_add(bytes)
            .saturating_sub(freed);
        self.counts.spans += usize::from(before.is_none());
    }

    /// Returns the place of a trace, which is the newest now.
    fn place(&mut self, id: TraceId) -> &mut Place {
        self.turn += 1;
        let (turn, counts) = (self.turn, &mut self.counts);
        let place = self.traces.entry(id).or_insert_with(|| {
            counts.traces += 1;
            counts.bytes += TRACE_BYTES;
            Place {
                trace: Arc::new(Trace::new(id)),
                turn,
                bytes: TRACE_BYTES,
            }
        });
        self.turns.remove(&place.turn);
        self.turns.insert(turn, id);
        place.turn = turn;
        place
    }

    /// Lets a span share the description of its service, if that is known or fit to be.
    fn share_process(&mut self, span: &mut Span) -> bool {
        let known = self.processes.iter().find(|it| **it == span.process);
        if let Some(known) = known {
            span.process = known.clone();
            return true;
        }
        if span.process.bytes() > PROCESS_BYTES_MAX {
            return false;
        }
        if self.processes.len() == PROCESSES_MAX {
            self.processes.pop_front();
        }
        self.processes.push_back(span.process.clone());
        false
    }

    fn make_room(&mut self, limits: Limits) {
        while self.counts.traces > limits.traces || self.counts.bytes > limits.bytes {
            let Some((_, oldest)) = self.turns.pop_first() else {
                return;
            };
            let Some(place) = self.traces.remove(&oldest) else {
                continue;
            };
            self.counts.traces -= 1;
            self.counts.traces_dropped += 1;
            self.counts.spans -= place.trace.spans.len();
            self.counts.bytes = self.counts.bytes.saturating_sub(place.bytes);
        }
    }
}
