//! What a client reads out of a status, ours or that of a stranger.

use std::collections::HashMap;
use std::time::Duration;

use tonic::Status;
use tonic_types::StatusExt;

use super::kind::Kind;

/// A failed answer in typed form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusView {
    /// How the call failed.
    pub kind: Kind,
    /// The stable reason; empty if a stranger, such as a proxy, answered.
    pub reason: String,
    /// Whose reason it is; empty if a stranger answered.
    pub domain: String,
    /// Values for machines.
    pub metadata: HashMap<String, String>,
    /// Field path, text and rule of each violation.
    pub violations: Vec<(String, String, String)>,
    /// When a retry can help.
    pub retry_after: Option<Duration>,
    /// The trace that holds more.
    pub trace_id: Option<String>,
}

impl StatusView {
    /// Reads a status; nothing if it is no failure. Details that cannot be read count as absent.
    pub fn of(status: &Status) -> Option<Self> {
        let kind = Kind::of_code(status.code())?;
        let details = status.get_error_details();
        let info = details.error_info();
        let fields = details
            .bad_request()
            .map(|it| it.field_violations.as_slice());
        let violations = fields.unwrap_or_default().iter();
        Some(Self {
            kind,
            reason: info.map(|it| it.reason.clone()).unwrap_or_default(),
            domain: info.map(|it| it.domain.clone()).unwrap_or_default(),
            metadata: info.map(|it| it.metadata.clone()).unwrap_or_default(),
            violations: violations
                .map(|it| (it.field.clone(), it.description.clone(), it.reason.clone()))
                .collect(),
            retry_after: details.retry_info().and_then(|it| it.retry_delay),
            trace_id: details.request_info().map(|it| it.request_id.clone()),
        })
    }
}

/// The stable reason of a status; nothing if it has none.
pub fn reason_of(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}
