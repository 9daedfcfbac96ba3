//! The typed details of a fault, cut to what the header of an answer can carry.

use std::collections::HashMap;
use std::time::Duration;

use contracts::validate::{Violation, Violations};
use prost_types::Any;
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation};

use super::Fault;
use super::kind::Kind;

/// All details of an answer stay below this: clients fail on longer headers.
pub const DETAILS_MAX_BYTES: usize = 4_096;

/// The longest text of a detail or a message. A longer one is cut.
pub(super) const TEXT_MAX_BYTES: usize = 160;
/// The most values for machines, and the most conditions.
const ENTRIES_MAX: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Details {
    pub metadata: Vec<(&'static str, String)>,
    pub violations: Option<Violations>,
    pub conditions: Vec<(String, &'static str)>,
    pub resource: Option<(&'static str, String)>,
    pub quota: Option<(String, &'static str)>,
    pub retry_after: Option<Duration>,
    pub trace_id: Option<String>,
    pub messages: Vec<Any>,
}

/// Writes the details of a fault with at most so many violations.
pub(super) fn write(fault: &Fault, violations_max: usize) -> ErrorDetails {
    let details = &fault.0.details;
    let mut written = ErrorDetails::new();
    let left_out = write_violations(details, violations_max, &mut written);
    let reason = fault.reason();
    written.set_error_info(
        cut(reason.name),
        cut(reason.domain),
        metadata(fault, left_out),
    );
    if let Some(delay) = retry_after(fault) {
        written.set_retry_info(Some(delay));
    }
    if let Some(trace_id) = &details.trace_id {
        written.set_request_info(cut(trace_id), "");
    }
    if fault.kind() != Kind::Bug {
        write_state(details, &mut written);
    }
    written
}

/// The tag of `details` in `google.rpc.Status`.
const DETAILS_TAG: u32 = 3;

/// Adds the messages of the service's own contract behind written details, as far as there is
/// room. A field that repeats may stand in as many pieces as it likes, so they are only appended.
pub(super) fn append(fault: &Fault, written: &[u8]) -> Option<Vec<u8>> {
    let messages = &fault.0.details.messages;
    if messages.is_empty() || fault.kind() == Kind::Bug {
        return None;
    }
    let mut bytes = written.to_vec();
    for it in messages {
        let mut piece = Vec::new();
        prost::encoding::message::encode(DETAILS_TAG, it, &mut piece);
        if bytes.len() + piece.len() < DETAILS_MAX_BYTES {
            bytes.extend(piece);
        }
    }
    Some(bytes)
}

/// The delay that the answer names.
pub(super) fn retry_after(fault: &Fault) -> Option<Duration> {
    let default = fault.kind().default_delay();
    fault.0.details.retry_after.or(default)
}

/// What a defect happened to find is not told: it may hold internals.
fn metadata(fault: &Fault, left_out: usize) -> HashMap<String, String> {
    if fault.kind() == Kind::Bug {
        return HashMap::new();
    }
    let entries = fault.0.details.metadata.iter().take(ENTRIES_MAX);
    let mut metadata: HashMap<_, _> = entries.map(|(key, value)| (cut(key), cut(value))).collect();
    if left_out > 0 {
        metadata.insert("violations_left_out".to_owned(), left_out.to_string());
    }
    metadata
}

/// Returns how many violations there are beyond those written.
fn write_violations(details: &Details, most: usize, to: &mut ErrorDetails) -> usize {
    let Some(violations) = &details.violations else {
        return 0;
    };
    let written: Vec<FieldViolation> = violations.list().iter().take(most).map(field).collect();
    let left_out = violations.list().len().saturating_sub(written.len());
    if !written.is_empty() {
        to.set_bad_request(written);
    }
    left_out.saturating_add(violations.left_out())
}

/// A path is never cut, because half a path names another field.
fn field(violation: &Violation) -> FieldViolation {
    let mut field = FieldViolation::new(violation.field.as_str(), violation.text);
    violation.rule.clone_into(&mut field.reason);
    field
}

fn write_state(details: &Details, to: &mut ErrorDetails) {
    if let Some((resource_type, name)) = &details.resource {
        to.set_resource_info(cut(resource_type), cut(name), "", "");
    }
    if let Some((subject, text)) = &details.quota {
        to.add_quota_failure_violation(cut(subject), *text);
    }
    let conditions = details.conditions.iter().take(ENTRIES_MAX);
    let conditions: Vec<_> = conditions
        .map(|(subject, text)| PreconditionViolation::new("STATE", cut(subject), cut(text)))
        .collect();
    if !conditions.is_empty() {
        to.set_precondition_failure(conditions);
    }
}

/// Cuts a text to its cap, between two letters.
pub(super) fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT_MAX_BYTES);
    let (start, _) = text.split_at_checked(end).unwrap_or((text, ""));
    start.to_owned()
}
