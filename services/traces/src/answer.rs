//! The envelope of every answer of Jaeger's query API.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What the UI looks for in every answer.
#[derive(Debug, Serialize)]
struct Envelope<T> {
    data: Option<T>,
    total: usize,
    limit: usize,
    offset: usize,
    errors: Option<[Problem; 1]>,
}

/// What went wrong, in words that the UI shows.
#[derive(Debug, Serialize)]
pub struct Problem {
    code: u16,
    msg: String,
}

impl Problem {
    /// Makes a problem.
    pub fn new(code: StatusCode, said: impl Into<String>) -> Self {
        Self {
            code: code.as_u16(),
            msg: said.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let envelope = Envelope::<()> {
            data: None,
            total: 0,
            limit: 0,
            offset: 0,
            errors: Some([self]),
        };
        (code, json(&envelope, false)).into_response()
    }
}

/// Answers with a list.
pub fn list<T: Serialize>(items: Vec<T>, pretty: bool) -> Response {
    let envelope = Envelope {
        total: items.len(),
        data: Some(items),
        limit: 0,
        offset: 0,
        errors: None,
    };
    json(&envelope, pretty)
}

/// Answers with any JSON. What is in memory changes, so nobody may keep it.
pub fn json(body: &impl Serialize, pretty: bool) -> Response {
    let written = if pretty {
        serde_json::to_vec_pretty(body)
    } else {
        serde_json::to_vec(body)
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    match written {
        Ok(bytes) => (headers, bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
