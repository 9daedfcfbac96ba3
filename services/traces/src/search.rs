//! The search of the UI: which traces have a span that is all that was asked for.
//!
//! **Invariant:** service, operation, tags, time and duration are asked of one and the same span.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::ids::TraceId;
use crate::span::{Log, Span};
use crate::trace::Trace;

mod lengths;
#[cfg(test)]
mod tests;

pub use lengths::micros;

/// How many traces are found if nobody says; what the UI asks for too.
const LIMIT: usize = 20;
/// How many traces are found at most; the most that the UI lets people ask for.
const LIMIT_MAX: usize = 1_500;

/// What is searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// These traces and no others, if any are named.
    pub ids: Vec<TraceId>,
    /// The service that sent the span.
    pub service: Option<String>,
    /// The operation of the span.
    pub operation: Option<String>,
    /// Tags of the span, its process, its scope or one of its logs.
    pub tags: Vec<(String, String)>,
    /// The first moment at which it may have begun.
    pub from_us: u64,
    /// The last moment at which it may have begun.
    pub to_us: Option<u64>,
    /// How long it took at least.
    pub min_us: u64,
    /// How long it took at most.
    pub max_us: Option<u64>,
    /// How many traces to return, the newest.
    pub limit: usize,
}

/// A search that makes no sense, in words for who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Senseless {
    /// A number or an id is none.
    #[error("unable to parse param '{name}': '{value}' is not {wanted}")]
    Parameter {
        /// The parameter.
        name: String,
        /// What it said.
        value: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// Tags are no JSON object of plain values, or no `key:value`.
    #[error("unable to parse param '{0}': tags are {{\"key\":\"value\"}}, a tag is key:value")]
    Tags(&'static str),
}

impl Search {
    /// Reads what a URL asks for; what it leaves empty is not asked for.
    pub fn parse(pairs: &[(String, String)], now_us: u64) -> Result<Self, Senseless> {
        let mut search = Self {
            limit: LIMIT,
            ..Self::default()
        };
        let mut lookback_us = None;
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "lookback" => lookback_us = micros(value),
                _ => search.take(name, value)?,
            }
        }
        if let (0, Some(lookback_us)) = (search.from_us, lookback_us) {
            search.from_us = search.to_us.unwrap_or(now_us).saturating_sub(lookback_us);
        }
        Ok(search)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Senseless> {
        match name {
            "service" => self.service = Some(value.to_owned()),
            "operation" => self.operation = Some(value.to_owned()),
            "tags" => self.tags.extend(tags(value)?),
            "tag" => self.tags.push(tag(value)?),
            "start" => self.from_us = number(name, value)?,
            "end" => self.to_us = Some(number(name, value)?),
            "minDuration" => self.min_us = length(name, value)?,
            "maxDuration" => self.max_us = Some(length(name, value)?),
            "limit" => self.limit = limit(name, value)?,
            "traceID" => self.ids.push(trace_id(name, value)?),
            _ => {} // the UI remembers more in its URL than it asks
        }
        Ok(())
    }

    /// Returns what fits, the newest first.
    pub fn find(&self, traces: &[Arc<Trace>]) -> Vec<Arc<Trace>> {
        if !self.ids.is_empty() {
            return self.named(traces);
        }
        let fitting = traces.iter().filter(|it| self.fits(it));
        let mut found: Vec<_> = fitting.map(|trace| (trace.start_us(), trace)).collect();
        found.sort_by_key(|(start_us, _)| Reverse(*start_us));
        found.truncate(self.limit);
        found.into_iter().map(|(_, trace)| trace.clone()).collect()
    }

    /// Returns the traces that are named, in that order.
    fn named(&self, traces: &[Arc<Trace>]) -> Vec<Arc<Trace>> {
        let by_id: HashMap<_, _> = traces.iter().map(|it| (it.id, it)).collect();
        let named = self.ids.iter().take(LIMIT_MAX);
        named
            .filter_map(|id| by_id.get(id).map(|it| (*it).clone()))
            .collect()
    }

    /// Says whether a trace has a span that is all that is asked for.
    pub fn fits(&self, trace: &Trace) -> bool {
        trace.spans.values().any(|span| self.fits_span(span))
    }

    fn fits_span(&self, span: &Span) -> bool {
        let named = |wanted: &Option<String>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == name)
        };
        named(&self.service, &span.process.service)
            && named(&self.operation, &span.operation)
            && span.start_us >= self.from_us
            && self.to_us.is_none_or(|to_us| span.start_us <= to_us)
            && span.duration_us >= self.min_us
            && self.max_us.is_none_or(|max_us| span.duration_us <= max_us)
            && self.tags.iter().all(|(key, value)| has(span, key, value))
    }
}

fn has(span: &Span, key: &str, value: &str) -> bool {
    let fields = span.logs.iter().flat_map(|Log { fields, .. }| fields);
    let all = span.tags.iter().chain(&span.process.tags).chain(fields);
    let mut named = all.filter(|tag| *tag.key == *key);
    named.any(|tag| tag.value.reads(value))
}

fn tags(json: &str) -> Result<Vec<(String, String)>, Senseless> {
    let senseless = || Senseless::Tags("tags");
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|_| senseless())?;
    let plain = |(key, value)| match value {
        serde_json::Value::String(text) => Ok((key, text)),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Ok((key, value.to_string())),
        _ => Err(senseless()),
    };
    object.into_iter().map(plain).collect()
}

fn tag(text: &str) -> Result<(String, String), Senseless> {
    let (key, value) = text.split_once(':').ok_or(Senseless::Tags("tag"))?;
    Ok((key.to_owned(), value.to_owned()))
}

fn limit(name: &str, value: &str) -> Result<usize, Senseless> {
    let limit: usize = read(name, value, "a number above zero", |it| {
        it.parse().ok().filter(|limit| *limit > 0)
    })?;
    Ok(limit.min(LIMIT_MAX))
}

fn number(name: &str, value: &str) -> Result<u64, Senseless> {
    read(name, value, "a number of microseconds", |it| {
        it.parse().ok()
    })
}

fn length(name: &str, value: &str) -> Result<u64, Senseless> {
    read(
        name,
        value,
        "a duration such as 1.2s, 100ms or 500us",
        micros,
    )
}

fn trace_id(name: &str, value: &str) -> Result<TraceId, Senseless> {
    read(name, value, "1 to 32 hexadecimal digits", TraceId::parse)
}

fn read<T>(
    name: &str,
    value: &str,
    wanted: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, Senseless> {
    parse(value).ok_or_else(|| Senseless::Parameter {
        name: name.to_owned(),
        value: value.chars().take(64).collect(),
        wanted,
    })
}
