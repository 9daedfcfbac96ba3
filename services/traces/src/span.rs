//! What is kept of a span: what the UI shows and people search by, and no more.

use std::mem::size_of;
use std::sync::Arc;

use crate::ids::{SpanId, TraceId};

/// What an allocation costs besides its bytes, roughly.
const ALLOCATION: usize = 16;

/// One span as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace: TraceId,
    /// Its id within the trace.
    pub id: SpanId,
    /// The span it is a part of, if it names one.
    pub parent: Option<SpanId>,
    /// Who sent it.
    pub process: Arc<Process>,
    /// What was done.
    pub operation: Box<str>,
    /// Its side of the call or the message, if it says so.
    pub kind: Option<Kind>,
    /// When it began, in microseconds since 1970.
    pub start_us: u64,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Attributes, and what the UI shows as such: kind, status, scope.
    pub tags: Box<[Tag]>,
    /// What happened within it.
    pub logs: Box<[Log]>,
    /// Spans that led to it without being its parent, mostly of other traces.
    pub links: Box<[Link]>,
    /// What was wrong with it as it came.
    pub warnings: Box<[Box<str>]>,
}

/// Who sends spans: a service, or one instance of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// The name of the service.
    pub service: Box<str>,
    /// What else it says about itself.
    pub tags: Box<[Tag]>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// The name.
    pub key: Box<str>,
    /// The value.
    pub value: Value,
}

/// A value that the UI can show. Lists and maps are kept as their JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(Box<str>),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
}

/// Something that happened within a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// When, in microseconds since 1970.
    pub at_us: u64,
    /// What, its name first.
    pub fields: Box<[Tag]>,
}

/// Another span that led to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its trace.
    pub trace: TraceId,
    /// Its id there.
    pub span: SpanId,
}

/// The side of a call or a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Within one service.
    Internal,
    /// The side that is called.
    Server,
    /// The side that calls.
    Client,
    /// The side that sends a message.
    Producer,
    /// The side that receives a message.
    Consumer,
}

impl Kind {
    /// Its name in tags and queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

impl Tag {
    /// Makes a tag.
    pub fn new(key: &str, value: Value) -> Self {
        Self {
            key: key.into(),
            value,
        }
    }

    /// Makes a tag of text.
    pub fn text(key: &str, text: &str) -> Self {
        Self::new(key, Value::Text(text.into()))
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.key.len() + ALLOCATION + self.value.bytes()
    }
}

impl Value {
    /// Says whether it reads as this text, which is how people search.
    pub fn reads(&self, wanted: &str) -> bool {
        match self {
            Self::Text(text) => **text == *wanted,
            Self::Bool(value) => wanted == if *value { "true" } else { "false" },
            Self::Int(value) => wanted == value.to_string(),
            Self::Float(value) => wanted == value.to_string(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len() + ALLOCATION,
            Self::Bool(_) | Self::Int(_) | Self::Float(_) => 0,
        }
    }
}

impl Process {
    /// Roughly what it costs to keep.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.service.len() + bytes_of(&self.tags)
    }
}

impl Span {
    /// When it ended, in microseconds since 1970.
    pub fn end_us(&self) -> u64 {
        self.start_us.saturating_add(self.duration_us)
    }

    /// Says whether it failed.
    pub fn failed(&self) -> bool {
        let mut tags = self.tags.iter();
        tags.any(|tag| *tag.key == *"error" && tag.value.reads("true"))
    }

    /// Roughly what it costs to keep, without the process that it shares with others.
    pub fn bytes(&self) -> usize {
        let logs = self
            .logs
            .iter()
            .map(|log| bytes_of(&log.fields) + size_of::<Log>());
        let warnings = self.warnings.iter().map(|it| it.len() + 2 * ALLOCATION);
        size_of::<Self>()
            + self.operation.len()
            + bytes_of(&self.tags)
            + logs.sum::<usize>()
            + size_of::<Link>() * self.links.len()
            + warnings.sum::<usize>()
            + 4 * ALLOCATION
    }
}

fn bytes_of(tags: &[Tag]) -> usize {
    tags.iter().map(Tag::bytes).sum()
}
