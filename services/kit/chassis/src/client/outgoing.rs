//! What a generated client sits on: one call's way out, with all that must go with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::Service;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

use super::answer::Answer;
use super::failure;
use super::network::Lane;
use super::onward::Onward;
use super::peer::Peer;
use super::trial::Trial;
use crate::contract::{Contract, Idempotency};
use crate::deadline::{Deadline, GRPC_TIMEOUT};
use crate::fault::Fault;
use crate::telemetry::TraceContext;

/// How long a call may take that has no contract of ours, such as one of health.
const CAP: Duration = Duration::from_secs(10);

/// The way to one peer on behalf of one call. Generated clients take it as their channel.
#[derive(Clone, Debug)]
pub struct Outgoing {
    peer: Peer,
    onward: Onward,
    idempotency: Arc<OnceLock<Idempotency>>,
}

impl Outgoing {
    pub(super) fn new(peer: Peer, onward: Onward) -> Self {
        Self {
            peer,
            onward,
            idempotency: Arc::default(),
        }
    }

    /// Remembers what the contract of the rpc promises, for whoever decides on a retry.
    pub(super) fn idempotency(&self) -> Arc<OnceLock<Idempotency>> {
        Arc::clone(&self.idempotency)
    }

    async fn send(self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
        let contract = self.peer.contracts().find(request.uri().path()).cloned();
        let streams = contract.as_ref().is_some_and(|it| it.streams);
        if let Some(contract) = &contract {
            self.idempotency.get_or_init(|| contract.idempotency);
        }
        let timeout = self.timeout(contract.as_deref(), request.headers())?;
        let deadline = Deadline::within(timeout);
        let span = self.span(request.uri().path());
        if !streams {
            // With it, a server would end a stream; without, it bounds the first message, as we do.
            Onward::write_timeout(timeout, request.headers_mut());
        }
        self.write(&span, request.headers_mut());
        let peer = self.peer.name();
        let passed = self.peer.breaker().enter();
        passed.map_err(|retry_after| {
            self.peer.counts().refused();
            failure::spared(peer, retry_after)
        })?;
        let mut trial = Trial::begin(self.peer.clone(), timeout, span);
        let lane = if streams { Lane::Streams } else { Lane::Calls };
        let span = trial.span().clone();
        let sending = self.peer.transport().send(request, lane, &mut trial);
        let sent = deadline.bound(sending.instrument(span)).await;
        match sent {
            Ok(Ok(response)) => Ok(Answer::watch(response, trial, deadline, streams)),
            Ok(Err(status)) => {
                trial.broke();
                Err(status)
            }
            Err(_) => {
                trial.ran_out();
                Err(failure::late(peer))
            }
        }
    }

    /// What is left, at most what the contract allows, at most what the maker of the call asks for.
    fn timeout(&self, contract: Option<&Contract>, headers: &HeaderMap) -> Result<Duration, Fault> {
        let cap = contract.map_or(CAP, |it| it.deadline);
        let timeout = self.onward.deadline.outgoing(cap)?;
        if headers.contains_key(GRPC_TIMEOUT) {
            let asked = Deadline::of_headers(headers, cap)?;
            return Ok(asked.left().min(timeout));
        }
        Ok(timeout)
    }

    fn span(&self, path: &str) -> Span {
        let path = path.trim_start_matches('/');
        let (service, method) = path.split_once('/').unwrap_or((path, ""));
        let span = info_span!(
            "rpc call",
            otel.name = path,
            otel.kind = "client",
            otel.status_code = Empty,
            peer.service = self.peer.name(),
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
            rpc.grpc.status_code = Empty,
        );
        if let (None, Some(trace)) = (TraceContext::current(), &self.onward.trace) {
            trace.continue_in(&span);
        }
        span
    }

    fn write(&self, span: &Span, headers: &mut HeaderMap) {
        self.onward.write(headers);
        self.peer.credentials().write(headers);
        let own = span.in_scope(TraceContext::current);
        if let Some(trace) = own.as_ref().or(self.onward.trace.as_ref()) {
            trace.write_headers(headers);
        }
    }
}

impl Service<Request<Body>> for Outgoing {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}
