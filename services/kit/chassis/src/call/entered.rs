//! What the layers of the edge know of a request when it reaches its handler.

use std::net::IpAddr;
use std::sync::Arc;

use uuid::Builder;
use vocab::TenantId;

use super::attempt::Attempt;
use super::caller::Caller;
use crate::contract::Contract;
use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::telemetry::TraceContext;

/// What the layers leave in the extensions of a request.
#[derive(Clone, Debug)]
pub(crate) struct Entered {
    pub contract: Arc<Contract>,
    pub tenant: TenantId,
    pub caller: Arc<Caller>,
    pub deadline: Deadline,
    /// The chain that a service named.
    pub correlation: Option<String>,
    pub causation: String,
    pub peer: Option<Arc<str>>,
    /// Where the call came from, if it came over the network.
    pub address: Option<IpAddr>,
}

impl Entered {
    /// Finds it. A handler that was reached without layers is a defect, and answers nothing.
    pub fn of(extensions: &tonic::Extensions) -> Result<&Self, Fault> {
        let entered = extensions.get();
        entered.ok_or_else(|| Fault::bug("a request came past the layers"))
    }

    /// The chain that the call belongs to; a call that belongs to none begins one.
    pub fn correlation(&self, attempt: Option<&Attempt>, trace: Option<&TraceContext>) -> String {
        let named = self.correlation.clone();
        named
            .or_else(|| attempt.map(|it| it.request_id.to_string()))
            .or_else(|| trace.map(TraceContext::trace_id))
            .unwrap_or_else(fresh_correlation)
    }
}

/// A name for a chain that nothing else names.
pub(super) fn fresh_correlation() -> String {
    let mut random = [0; 16];
    // Without randomness the system is unusable; a chain without a name of its own is not.
    if aws_lc_rs::rand::fill(&mut random).is_err() {
        tracing::error!("the system has no randomness");
    }
    Builder::from_random_bytes(random).into_uuid().to_string()
}
