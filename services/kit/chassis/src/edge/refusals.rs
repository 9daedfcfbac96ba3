//! Whom this edge refused, for the audit trail: whoever is known and was denied.

use std::sync::Arc;

use tonic::Status;
use tonic::body::Body;

use super::Shared;
use super::caller::Known;
use crate::contract::{Access, Contract};
use crate::fault::{Cause, Fault, Kind};
use crate::telemetry::TraceContext;
use crate::trust::Refused;

/// One call, while it may still be refused.
pub(super) struct Refusing {
    shared: Arc<Shared>,
    /// Nothing where nobody known calls, or nobody wants to know.
    refused: Option<Refused>,
}

impl Refusing {
    pub fn of(
        shared: &Arc<Shared>,
        contract: &Arc<Contract>,
        known: &Known,
        correlation: Option<&str>,
    ) -> Self {
        let wanted = shared.refusals.get().and(known.tenant);
        let refused = wanted.map(|tenant| {
            let trace = TraceContext::current();
            let trace = trace.map(|it| it.trace_id()).unwrap_or_default();
            let chain = correlation.unwrap_or(&trace);
            Refused {
                tenant,
                actor: known.caller.actor(),
                method: Arc::clone(&contract.method),
                reason: String::new(),
                permission: match &contract.access {
                    Access::Permission { permission, .. } => permission.clone(),
                    Access::Public => String::new(),
                },
                correlation: chain.to_owned(),
                trace_id: trace.clone(),
                session: known.caller.session.clone(),
                at: shared.verifier.now(),
            }
        });
        Self {
            shared: Arc::clone(shared),
            refused,
        }
    }

    /// Passes on what a layer says, and remembers a denial.
    pub fn seen<T>(&self, judged: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(fault) = &judged {
            self.denied(fault.kind(), fault.reason().name);
        }
        judged
    }

    /// Remembers a denial of the handler.
    pub fn answered(&self, response: &http::Response<Body>) {
        let status = response.extensions().get::<Status>();
        if let Some(cause) = status.and_then(Cause::of) {
            self.denied(cause.reason.kind, cause.reason.name);
        }
    }

    fn denied(&self, kind: Kind, reason: &str) {
        let refused = self.refused.as_ref().filter(|_| kind == Kind::Denied);
        let to = self.shared.refusals.get();
        if let (Some(refused), Some(to)) = (refused, to) {
            to.put(Refused {
                reason: reason.to_owned(),
                ..refused.clone()
            });
        }
    }
}
