//! The edge of a service: everything that happens around a handler, in one order.
//!
//! Outer to inner: watch, limits, deadline, identity, policy, tenant, rate, admission; the handler
//! begins with [`crate::call::Call::open`], which validates. In front of them all one look refuses
//! writes that could neither go in nor wait. An edge is a tower service, so the accept loop of a
//! server and a caller in the same process pass exactly the same layers.
//! **Invariant:** an rpc without a contract is not served, and no failure leaves without a reason.

use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tracing::instrument::WithSubscriber;
use tracing::{Dispatch, Instrument, Span};

mod admission;
mod caller;
mod faults;
mod frames;
mod layers;
mod limits;
mod meters;
mod pressure;
#[cfg(feature = "proof")]
mod provoked;
mod rates;
mod refusals;
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use limits::HEADER_BYTES_MAX;
pub use limits::{BULK_MAX_BYTES, DECODE_MAX_BYTES, ENCODE_MAX_BYTES};
pub use pressure::{Ahead, Pressure};
pub use settings::EdgeSettings;

use admission::{Coming, Gates};
use meters::Meters;
use rates::Rates;
use watch::Watch;

use crate::contract::{Contract, ContractError, Contracts};
use crate::fault::Fault;
use crate::telemetry::Telemetry;
use crate::token::Verifier;
use crate::trust::Refusals;

/// Services that are part of every server: they have no contract and need no token.
const OPEN: [&str; 2] = ["/grpc.health.v1.", "/grpc.reflection."];
/// How long those may take to begin their answer.
const OPEN_DEADLINE: Duration = Duration::from_secs(5);

/// Everything around the handlers of one service. Clones share it.
#[derive(Clone)]
pub struct Edge {
    shared: Arc<Shared>,
    routes: Routes,
}

struct Shared {
    service: Arc<str>,
    contracts: HashMap<String, Arc<Contract>>,
    bulk: Vec<&'static str>,
    verifier: Arc<Verifier>,
    rates: Rates,
    gates: Gates,
    meters: Arc<Meters>,
    dispatch: Dispatch,
    /// Ends streams, which would otherwise outlast the end of the service.
    closing: CancellationToken,
    /// Whether a reason that is not declared makes the call fail.
    strict: bool,
    /// Where refusals go that the audit trail remembers.
    refusals: OnceLock<Refusals>,
}

/// What an edge is made of.
pub struct Parts<'a> {
    /// The service, as tokens and metrics name it.
    pub service: &'a str,
    /// The handlers.
    pub routes: Routes,
    /// The gRPC services among them, as `retail.order.v1.OrderService`.
    pub names: &'a [&'static str],
    /// The rpcs that take larger messages, as `retail.store.v1.StoreService/BatchRecordSales`.
    pub bulk: &'a [&'static str],
    /// The contracts of the mesh.
    pub contracts: &'a Contracts,
    /// Who is believed.
    pub verifier: Arc<Verifier>,
    /// What the service is watched by.
    pub telemetry: &'a Telemetry,
    /// Limits.
    pub settings: &'a EdgeSettings,
    /// What lies in front of the writes, if anything tells.
    pub pressure: Option<Pressure>,
}

/// What a path leads to.
enum Rpc {
    Ours(Arc<Contract>),
    Open,
    Unknown,
}

impl Edge {
    /// Puts the layers around handlers; an error if any of them has no contract.
    pub fn new(parts: Parts<'_>) -> Result<Self, ContractError> {
        let mut contracts = HashMap::new();
        for name in parts.names {
            let of_service = parts.contracts.of_service(name)?.into_iter();
            contracts.extend(of_service.map(|it| (it.path.clone(), it)));
        }
        let shared = Shared {
            service: parts.service.into(),
            contracts,
            bulk: parts.bulk.to_vec(),
            verifier: parts.verifier,
            rates: Rates::new(parts.settings),
            gates: Gates::new(parts.settings, parts.pressure),
            meters: Arc::new(Meters::new(parts.telemetry)),
            dispatch: parts.telemetry.dispatch(),
            closing: CancellationToken::new(),
            strict: parts.settings.strict,
            refusals: OnceLock::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            routes: parts.routes,
        })
    }

    /// Remembers from now on whom it refused, for the audit trail.
    pub fn report_to(&self, refusals: &Refusals) {
        self.shared.refusals.get_or_init(|| refusals.clone());
    }

    /// The service whose edge it is.
    pub fn service(&self) -> &str {
        &self.shared.service
    }

    /// Ends all streams: their readers come back to another replica. Other calls go on.
    pub fn close_streams(&self) {
        self.shared.closing.cancel();
    }

    /// Serves a call that was let come.
    async fn serve(
        self,
        rpc: Rpc,
        coming: Option<Coming>,
        request: Request<Body>,
    ) -> Response<Body> {
        // Here it begins; from now on its gate alone counts it.
        drop(coming);
        let watch = Watch::begin(&self.shared.meters, &rpc, request.headers());
        let span = watch.span().clone();
        let shared = Arc::clone(&self.shared);
        let answering = async move {
            let work = AssertUnwindSafe(self.answer(&rpc, request)).catch_unwind();
            let response = match work.await {
                Ok(Ok(response)) => response,
                Ok(Err(fault)) => faults::of(fault),
                Err(panic) => faults::of(shared.panicked(&*panic)),
            };
            let response = faults::settle(&shared, rpc.contract(), response);
            watch.end(&shared, rpc.contract(), response)
        };
        answering.instrument(span).await
    }

    async fn answer(self, rpc: &Rpc, request: Request<Body>) -> Result<Response<Body>, Fault> {
        match rpc {
            Rpc::Ours(contract) => layers::answer(self, contract, request).await,
            Rpc::Open => layers::answer_open(self, request).await,
            Rpc::Unknown => {
                frames::discard(request.into_body()).await;
                Ok(Status::unimplemented("there is no such rpc here").into_http())
            }
        }
    }
}

impl Shared {
    fn rpc(&self, path: &str) -> Rpc {
        match self.contracts.get(path) {
            Some(contract) => Rpc::Ours(Arc::clone(contract)),
            None if OPEN.iter().any(|open| path.starts_with(open)) => Rpc::Open,
            None => Rpc::Unknown,
        }
    }

    /// The largest message that an rpc takes.
    fn decode_max(&self, contract: &Contract) -> usize {
        if self.bulk.contains(&&*contract.method) {
            BULK_MAX_BYTES
        } else {
            DECODE_MAX_BYTES
        }
    }

    /// Refuses a call of which nothing was looked at but its path. Its body is read to its end.
    async fn refuse(
        self: Arc<Self>,
        contract: Arc<Contract>,
        fault: Fault,
        body: Body,
    ) -> Response<Body> {
        let came = Instant::now();
        frames::discard(body).await;
        let response = faults::settle(&self, Some(&contract), faults::of(fault));
        let code = Code::ResourceExhausted;
        self.meters.answered(&contract.method, code, came.elapsed());
        response
    }

    /// Counts a panic of a handler, which is a defect like any other for the caller.
    fn panicked(&self, payload: &(dyn std::any::Any + Send)) -> Fault {
        self.meters.panicked();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Fault::bug(format!("panic: {}", text.unwrap_or("without a text")))
    }
}

impl Rpc {
    fn contract(&self) -> Option<&Arc<Contract>> {
        match self {
            Self::Ours(contract) => Some(contract),
            Self::Open | Self::Unknown => None,
        }
    }
}

impl tower::Service<Request<Body>> for Edge {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    /// Always ready: permits are taken inside a call, never before it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let rpc = self.shared.rpc(request.uri().path());
        let dispatch = self.shared.dispatch.clone();
        let gates = &self.shared.gates;
        let coming = match rpc.contract().map(|it| (it, gates.come(it))) {
            Some((contract, Err(fault))) => {
                let (shared, contract) = (Arc::clone(&self.shared), Arc::clone(contract));
                let refusing = shared.refuse(contract, fault, request.into_body());
                return Box::pin(refusing.map(Ok).with_subscriber(dispatch));
            }
            Some((_, Ok(coming))) => coming,
            None => None,
        };
        let serving = self.clone().serve(rpc, coming, request).map(Ok);
        Box::pin(serving.with_subscriber(dispatch))
    }
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Edge({})", self.shared.service)
    }
}

/// The span of the call that is being served.
fn span() -> Span {
    Span::current()
}
