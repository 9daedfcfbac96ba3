//! Jaeger's query API as its UI 2.14 calls it, and a few doors for scripts.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use vocab::Clock;

use crate::answer::{Problem, json, list};
use crate::memory::{Counts, Memory};
use crate::related::{Followers, dependencies, operations, services};
use crate::search::{Search, Senseless, micros};
use crate::shape::TraceShape;
use crate::summary::{Summary, linked};
use crate::ui::Ui;

mod one;

use one::trace_or_problem;

/// How many traces scripts are told of if they do not say.
const LATEST: usize = 20;

/// What every handler may see.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The traces.
    pub memory: Arc<Memory>,
    /// The time.
    pub clock: Clock,
    /// The UI, whose base path leads to pages.
    pub ui: Arc<Ui>,
}

type Pairs = Query<Vec<(String, String)>>;

/// Returns the routes below `/api`.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/services", get(all_services))
        .route("/services/{service}/operations", get(operation_names))
        .route("/operations", get(operations_with_kinds))
        .route("/traces", get(search))
        .route("/traces/{id}", get(one::trace))
        .route("/traces/{id}/linked", get(linked_traces))
        .route("/dependencies", get(who_calls_whom))
        .route("/latest", get(latest))
        .route("/counts", get(counts))
        .route("/archive/{id}", post(no_archive).get(no_archive))
        .fallback(unknown)
}

async fn all_services(State(desk): State<Desk>) -> Response {
    let traces = desk.memory.traces();
    list(services(&traces).into_iter().collect(), false)
}

async fn operation_names(State(desk): State<Desk>, Path(service): Path<String>) -> Response {
    let traces = desk.memory.traces();
    let operations = operations(&traces, &service).into_iter();
    let names: BTreeSet<&str> = operations.map(|(name, _)| name).collect();
    list(names.into_iter().collect(), false)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfService {
    #[serde(default)]
    service: String,
    #[serde(default)]
    span_kind: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Operation<'a> {
    name: &'a str,
    span_kind: &'a str,
}

async fn operations_with_kinds(
    State(desk): State<Desk>,
    Query(asked): Query<OfService>,
) -> Response {
    let traces = desk.memory.traces();
    let all = operations(&traces, &asked.service).into_iter();
    let wanted =
        all.filter(|(_, kind)| asked.span_kind.is_empty() || *kind == asked.span_kind.as_str());
    let operations = wanted.map(|(name, span_kind)| Operation { name, span_kind });
    list(operations.collect(), false)
}

async fn search(State(desk): State<Desk>, Query(pairs): Pairs) -> Result<Response, Problem> {
    let search = Search::parse(&pairs, now_us(&desk.clock))?;
    let all = desk.memory.traces();
    let found = search.find(&all);
    let followers = Followers::of(&found, &all);
    let shapes = found.iter().map(|trace| TraceShape::new(trace, &followers));
    Ok(list(shapes.collect(), pretty(&pairs)))
}

async fn linked_traces(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let trace = trace_or_problem(&desk, &id)?;
    let linked = linked(&trace, &desk.memory.traces());
    let base = desk.ui.base();
    let summaries = linked.iter().map(|trace| Summary::new(trace, base));
    Ok(list(summaries.collect(), false))
}

async fn who_calls_whom(
    State(desk): State<Desk>,
    Query(pairs): Pairs,
) -> Result<Response, Problem> {
    let end_us = milliseconds(&pairs, "endTs")?.unwrap_or_else(|| now_us(&desk.clock));
    let lookback_us = milliseconds(&pairs, "lookback")?.unwrap_or(end_us);
    let began = end_us.saturating_sub(lookback_us)..=end_us;
    Ok(list(dependencies(&desk.memory.traces(), &began), false))
}

/// Newest arrivals first, whatever their own clocks say.
async fn latest(State(desk): State<Desk>, Query(pairs): Pairs) -> Result<Response, Problem> {
    let asked = Search::parse(&pairs, now_us(&desk.clock))?;
    let limit = if value(&pairs, "limit").is_some() {
        asked.limit
    } else {
        LATEST
    };
    let traces = desk.memory.traces();
    let fitting = traces.iter().filter(|trace| asked.fits(trace));
    let base = desk.ui.base();
    let summaries = fitting.take(limit).map(|trace| Summary::new(trace, base));
    Ok(list(summaries.collect(), pretty(&pairs)))
}

async fn counts(State(desk): State<Desk>) -> Response {
    let counts: Counts = desk.memory.counts();
    json(&counts, false)
}

async fn no_archive() -> Problem {
    let said = "there is no archive: traces are kept in memory, as long as there is room";
    Problem::new(StatusCode::NOT_IMPLEMENTED, said)
}

async fn unknown(uri: Uri) -> Problem {
    let said = format!(
        "there is no {} here: this is Jaeger's query API, in memory",
        uri.path()
    );
    Problem::new(StatusCode::NOT_FOUND, said)
}

impl From<Senseless> for Problem {
    fn from(senseless: Senseless) -> Self {
        Self::new(StatusCode::BAD_REQUEST, senseless.to_string())
    }
}

fn now_us(clock: &Clock) -> u64 {
    u64::try_from(clock.now().micros()).unwrap_or_default()
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut named = pairs
        .iter()
        .filter(|(it, value)| it == name && !value.is_empty());
    named.next().map(|(_, value)| value.as_str())
}

fn pretty(pairs: &[(String, String)]) -> bool {
    value(pairs, "prettyPrint") == Some("true")
}

/// Reads a time or a duration in milliseconds, as microseconds; units may be named, too.
fn milliseconds(pairs: &[(String, String)], name: &'static str) -> Result<Option<u64>, Problem> {
    let Some(text) = value(pairs, name) else {
        return Ok(None);
    };
    let read = text.parse::<u64>().map(|it| it.saturating_mul(1_000));
    let read = read.ok().or_else(|| micros(text));
    let senseless = || Senseless::Parameter {
        name: name.to_owned(),
        value: text.chars().take(64).collect(),
        wanted: "a number of milliseconds",
    };
    Ok(Some(read.ok_or_else(senseless)?))
}
