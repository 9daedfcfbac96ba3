//! A fault as the status of an answer.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic_types::StatusExt;

use super::details::{self, DETAILS_MAX_BYTES};
use super::{Fault, Reason};
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
        let (reason, source) = (fault.reason(), fault.0.source);
        status.set_source(Arc::new(Cause { reason, source }));
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
    let status =
        Status::with_error_details_and_metadata(code, message.clone(), details, metadata(fault));
    match details::append(fault, status.details()) {
        Some(all) => Status::with_details_and_metadata(code, message, all.into(), metadata(fault)),
        None => status,
    }
}

fn metadata(fault: &Fault) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    if let Some(delay) = details::retry_after(fault) {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        metadata.insert(PUSHBACK, MetadataValue::from(milliseconds));
    }
    metadata
}

/// What a status remembers of the fault that it was, for our own log.
#[derive(Debug)]
pub(crate) struct Cause {
    /// The reason that the answer names.
    pub reason: Reason,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Cause {
    /// Finds the fault behind a status; nothing if a stranger made it.
    pub fn of(status: &Status) -> Option<&Self> {
        status.source()?.downcast_ref()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => source.fmt(f),
            None => f.write_str(self.reason.name),
        }
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().and_then(|it| it.source())
    }
}
