//! The span and the measures of one call.

use std::sync::Arc;

use http::HeaderMap;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;
use tracing::field::Empty;

use super::meters::Meters;
use super::stream::{Bound, Flow};
use super::{Rpc, Shared};
use crate::contract::Contract;
use crate::telemetry::TraceContext;

type Response = http::Response<Body>;

/// What a path is called that leads nowhere: strangers choose paths, and metrics are for ever.
const UNKNOWN: &str = "unknown";
/// What health and reflection are called together.
const OPEN: &str = "open";

/// Watches one call from its first byte to its answer.
pub(super) struct Watch {
    span: Span,
    method: Arc<str>,
    began: Instant,
    inside: Inside,
}

/// Counts a call as long as it is held, also when its caller goes away.
struct Inside(Arc<Meters>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.left();
    }
}

impl Watch {
    pub fn begin(meters: &Arc<Meters>, rpc: &Rpc, headers: &HeaderMap) -> Self {
        let method = match rpc {
            Rpc::Ours(contract) => Arc::clone(&contract.method),
            Rpc::Open => OPEN.into(),
            Rpc::Unknown => UNKNOWN.into(),
        };
        let span = match rpc {
            // Health checks and reflection come all the time and tell nothing.
            Rpc::Open => Span::none(),
            Rpc::Ours(_) | Rpc::Unknown => serving(&method),
        };
        if let Some(caller) = TraceContext::of_headers(headers) {
            caller.continue_in(&span);
        }
        meters.entered();
        Self {
            span,
            method,
            began: Instant::now(),
            inside: Inside(Arc::clone(meters)),
        }
    }

    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Ends the watch with an answer, or lets it go on with a stream.
    pub fn end(
        self,
        shared: &Arc<Shared>,
        contract: Option<&Arc<Contract>>,
        mut response: Response,
    ) -> Response {
        let bound = response.extensions_mut().remove::<Bound>();
        let status = response.extensions().get::<Status>();
        let code = status.map_or(Code::Ok, Status::code);
        match (bound, contract) {
            (Some(bound), Some(contract)) if code == Code::Ok => {
                let (shared, contract) = (Arc::clone(shared), Arc::clone(contract));
                let flow = |body| Body::new(Flow::new(body, bound, self, (shared, contract)));
                response.map(flow)
            }
            _ => {
                self.done(code);
                response
            }
        }
    }

    /// The call is over.
    pub fn done(&self, code: Code) {
        self.span.record("rpc.grpc.status_code", i32::from(code));
        let ours = [
            Code::Internal,
            Code::Unknown,
            Code::DataLoss,
            Code::Unavailable,
        ];
        if ours.contains(&code) || code == Code::DeadlineExceeded {
            self.span.record("otel.status_code", "ERROR");
        }
        let took = self.began.elapsed();
        self.inside.0.answered(&self.method, code, took);
    }
}

/// The span of one call that is served.
fn serving(method: &str) -> Span {
    let (service, name) = method.split_once('/').unwrap_or((method, method));
    tracing::info_span!(
        "rpc",
        otel.name = %method,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = name,
        rpc.grpc.status_code = Empty,
        tenant.id = Empty,
        actor.kind = Empty,
        fault.reason = Empty,
    )
}
