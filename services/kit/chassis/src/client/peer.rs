//! One peer of a service: another service, wherever it runs.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use contracts::mask::Input;
use http::{Request, Response};
use serde::Serialize;
use tonic::Status;
use tonic::body::Body;

use super::breaker::{Breaker, BreakerReading};
use super::budget::Budget;
use super::credentials::Credentials;
use super::endpoint::EndpointSnapshot;
use super::failure::{self, Failure};
use super::memory::Door;
use super::network::{Lane, Network, NetworkSettings};
use super::observe::Counts;
use super::onward::Onward;
use super::outgoing::Outgoing;
use super::resolve::Addresses;
use super::retry::Tried;
use super::trial::Trial;
use crate::contract::Contracts;
use crate::tasks::Tasks;

/// Who makes a failed call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retries {
    /// This service: the gateway for its callers, a saga or a relay for itself.
    Here,
    /// Somebody above us; two layers that retry multiply what a failing peer has to bear.
    Elsewhere,
}

/// The side from which a service calls: what all its peers share.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The contracts of all rpcs.
    pub contracts: Contracts,
    /// Who this service is to its peers.
    pub credentials: Credentials,
    /// Where the keepers of connections run.
    pub tasks: Tasks,
    /// Who makes a failed call again.
    pub retries: Retries,
}

/// A service that this one calls. Clones share connections, breaker and budget.
#[derive(Clone)]
pub struct Peer(Arc<Shared>);

struct Shared {
    name: &'static str,
    origin: Origin,
    transport: Transport,
    breaker: Breaker,
    budget: Budget,
    counts: Counts,
}

/// How a peer is reached.
pub(super) enum Transport {
    Network(Network),
    Memory(Door),
}

/// A peer as `ps` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeerSnapshot {
    /// The service.
    pub name: &'static str,
    /// Whether it is called without a network.
    pub in_memory: bool,
    /// What its breaker does.
    pub breaker: BreakerReading,
    /// Attempts that were made.
    pub attempts: u64,
    /// Attempts that failed, in whatever way.
    pub failures: u64,
    /// Calls that the breaker refused.
    pub refusals: u64,
    /// Attempts that repeated another.
    pub retries: u64,
    /// Attempts under way.
    pub in_flight: u64,
    /// The addresses it is reached at.
    pub endpoints: Vec<EndpointSnapshot>,
}

impl Peer {
    /// A peer over the network; its connections are kept by a task until the service ends.
    pub fn over_network(
        origin: &Origin,
        name: &'static str,
        addresses: Addresses,
        settings: NetworkSettings,
    ) -> Self {
        let network = Network::start(&origin.tasks, name, addresses, settings);
        Self::new(origin, name, Transport::Network(network))
    }

    /// A peer in this process: the edge behind a door is called directly, with the same headers.
    pub fn in_memory(origin: &Origin, name: &'static str, door: &Door) -> Self {
        Self::new(origin, name, Transport::Memory(door.clone()))
    }

    /// The channel of a generated client, for the calls that one call makes.
    pub fn for_call(&self, of: impl Into<Onward>) -> Outgoing {
        Outgoing::new(self.clone(), of.into())
    }

    /// Makes one call, and again where that is safe, useful and ours to do:
    ///
    /// ```ignore
    /// let found = catalog
    ///     .call(&call, request, |to, request| async move {
    ///         CatalogServiceClient::new(to).get_product(request).await
    ///     })
    ///     .await?;
    /// ```
    pub async fn call<M, R, F, W>(
        &self,
        of: impl Into<Onward>,
        message: M,
        send: F,
    ) -> Result<R, Failure>
    where
        M: Input + Clone,
        F: Fn(Outgoing, M) -> W,
        W: Future<Output = Result<tonic::Response<R>, Status>>,
    {
        let onward = of.into();
        self.0.budget.call();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outgoing = self.for_call(onward.clone());
            let idempotency = outgoing.idempotency();
            let failure = match send(outgoing, message.clone()).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => self.failure(status),
            };
            let tried = Tried {
                failure: &failure,
                attempts,
                idempotency: idempotency.get().copied(),
                keyed: message.request_id().is_some(),
                deadline: onward.deadline,
            };
            let Some(pause) = self.granted(&tried) else {
                return Err(failure);
            };
            tokio::time::sleep(pause).await;
            self.0.counts.retried();
        }
    }

    /// Names this peer in what a generated client says of a failed call.
    pub fn failure(&self, status: Status) -> Failure {
        Failure::new(self.0.name, failure::straighten(status, self.0.name))
    }

    /// The service that it is.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// How it does at this moment.
    pub fn snapshot(&self) -> PeerSnapshot {
        let counts = self.0.counts.read();
        let (in_memory, endpoints) = match &self.0.transport {
            Transport::Network(network) => (false, network.snapshot()),
            Transport::Memory(_) => (true, Vec::new()),
        };
        PeerSnapshot {
            name: self.0.name,
            in_memory,
            breaker: self.0.breaker.read(),
            attempts: counts.attempts,
            failures: counts.failures,
            refusals: counts.refusals,
            retries: counts.retries,
            in_flight: counts.in_flight,
            endpoints,
        }
    }

    fn new(origin: &Origin, name: &'static str, transport: Transport) -> Self {
        Self(Arc::new(Shared {
            name,
            origin: origin.clone(),
            transport,
            breaker: Breaker::default(),
            budget: Budget::default(),
            counts: Counts::default(),
        }))
    }

    fn granted(&self, tried: &Tried<'_>) -> Option<Duration> {
        let here = self.0.origin.retries == Retries::Here;
        let pause = tried.pause().filter(|_| here)?;
        self.0.budget.retry().then_some(pause)
    }

    pub(super) fn contracts(&self) -> &Contracts {
        &self.0.origin.contracts
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.0.origin.credentials
    }

    pub(super) fn breaker(&self) -> &Breaker {
        &self.0.breaker
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.0.transport
    }
}

impl Transport {
    /// Sends a request; the trial learns who carries it.
    pub(super) async fn send(
        &self,
        request: Request<Body>,
        lane: Lane,
        trial: &mut Trial,
    ) -> Result<Response<Body>, Status> {
        match self {
            Self::Memory(door) => door.send(request, trial.peer()).await,
            Self::Network(network) => network.send(request, lane, trial).await,
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Peer").field(&self.0.name).finish()
    }
}
