//! A fault as the status of an answer.

use std::sync::Arc;

use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic_types::StatusExt;

use super::Fault;
use super::details::{self, DETAILS_MAX_BYTES};
use crate::telemetry::TraceContext;

/// Asks clients that obey gRPC's retry policy to wait.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

impl From<Fault> for Status {
    /// Names the trace it happens in, if none is named. Keeps the cause as the status's source,
    /// which never leaves the process.
    fn from(mut fault: Fault) -> Self {
        let trace_id = &mut fault.0.details.trace_id;
        if trace_id.is_none() {
            *trace_id = TraceContext::current().map(|it| it.trace_id());
        }
        let mut status = fitting(&fault);
        if let Some(source) = fault.0.source {
            status.set_source(Arc::new(Cause(source)));
        }
        status
    }
}

/// Writes the status with as many violations as there is room for.
fn fitting(fault: &Fault) -> Status {
    let violations = fault.0.details.violations.as_ref();
    let mut most = violations.map_or(0, |it| it.list().len());
    loop {
        let status = write(fault, most);
        if most == 0 || status.details().len() < DETAILS_MAX_BYTES {
            return status;
        }
        most = most.saturating_sub(most.div_ceil(8));
    }
}

fn write(fault: &Fault, violations_max: usize) -> Status {
    let code = fault.kind().code();
    let details = details::write(fault, violations_max);
    let message = details::cut(fault.message());
    Status::with_error_details_and_metadata(code, message, details, metadata(fault))
}

fn metadata(fault: &Fault) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    if let Some(delay) = details::retry_after(fault) {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        metadata.insert(PUSHBACK, MetadataValue::from(milliseconds));
    }
    metadata
}

/// The cause of a fault, in the form that a status takes.
#[derive(Debug)]
struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
