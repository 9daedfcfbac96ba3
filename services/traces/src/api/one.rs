//! One trace by its id, waited for if need be.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::time::{Instant, timeout_at};

use super::{Desk, Pairs, pretty, value};
use crate::answer::{Problem, list};
use crate::ids::TraceId;
use crate::memory::Memory;
use crate::related::Followers;
use crate::search::{Senseless, micros};
use crate::shape::TraceShape;
use crate::trace::Trace;

/// The longest that anybody may wait for a trace.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// What a script waits for.
#[derive(Debug)]
struct Patience {
    wait: Duration,
    spans: usize,
}

/// Answers with one trace. With `wait=2s` it answers as soon as the trace is whole and has as many
/// spans as `spans` says, and after that time with what there is.
pub(super) async fn trace(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Query(pairs): Pairs,
) -> Result<Response, Problem> {
    let patience = Patience::parse(&pairs)?;
    let id = parse(&id)?;
    let found = arrived(&desk.memory, id, &patience).await;
    let trace = found.ok_or_else(|| absent(id))?;
    let traces = [trace];
    let followers = Followers::of(&traces, &desk.memory.traces());
    let shapes = traces
        .iter()
        .map(|trace| TraceShape::new(trace, &followers));
    Ok(list(shapes.collect(), pretty(&pairs)))
}

/// Returns a trace that is there, or says why not.
pub(super) fn trace_or_problem(desk: &Desk, id: &str) -> Result<Arc<Trace>, Problem> {
    let id = parse(id)?;
    desk.memory.trace(id).ok_or_else(|| absent(id))
}

async fn arrived(memory: &Memory, id: TraceId, patience: &Patience) -> Option<Arc<Trace>> {
    let deadline = Instant::now() + patience.wait;
    let mut arrivals = memory.arrivals();
    loop {
        arrivals.mark_unchanged();
        let found = memory.trace(id);
        if found
            .as_ref()
            .is_some_and(|trace| patience.contented_by(trace))
        {
            return found;
        }
        match timeout_at(deadline, arrivals.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return memory.trace(id),
        }
    }
}

impl Patience {
    fn parse(pairs: &[(String, String)]) -> Result<Self, Problem> {
        let senseless = |name: &str, wanted| {
            let value = value(pairs, name).unwrap_or_default();
            Senseless::Parameter {
                name: name.to_owned(),
                value: value.chars().take(64).collect(),
                wanted,
            }
        };
        let wait_us = micros(value(pairs, "wait").unwrap_or("0"));
        let wait_us = wait_us.ok_or_else(|| senseless("wait", "a duration such as 2s"))?;
        let spans = value(pairs, "spans").unwrap_or("1").parse();
        let spans = spans.map_err(|_| senseless("spans", "a number"))?;
        Ok(Self {
            wait: Duration::from_micros(wait_us).min(WAIT_MAX),
            spans,
        })
    }

    fn contented_by(&self, trace: &Trace) -> bool {
        self.wait.is_zero() || (trace.is_whole() && trace.spans.len() >= self.spans)
    }
}

fn parse(id: &str) -> Result<TraceId, Problem> {
    let said = "a trace id has 1 to 32 hexadecimal digits, not only zeros";
    TraceId::parse(id).ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, said))
}

fn absent(id: TraceId) -> Problem {
    let said = format!("trace not found: {id} has not arrived, or had to go for newer ones");
    Problem::new(StatusCode::NOT_FOUND, said)
}
