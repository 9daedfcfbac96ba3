//! What a service gets when it starts, and what it gives back.

use std::convert::Infallible;
use std::error::Error;

use futures_util::future::BoxFuture;
use http::{Request, Response};
use thiserror::Error;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use vocab::Clock;

use crate::client::{Credentials, Door, Origin, Peers, PeersSettings, Retries};
use crate::contract::{ContractError, Contracts};
use crate::edge::Pressure;
use crate::fault;
use crate::health::Dependency;
use crate::server::ServerError;
use crate::settings::Profile;
use crate::tasks::Tasks;
use crate::telemetry::{Telemetry, TelemetryError};
use crate::token::{KeyError, KeySource, Revocations};
use crate::trust::Refusals;

/// What a service gets when it starts.
#[derive(Clone)]
pub struct Start {
    /// Its name.
    pub name: &'static str,
    /// How the process runs.
    pub profile: Profile,
    /// Where its tasks run; they end after its calls have ended.
    pub tasks: Tasks,
    /// What it is watched by.
    pub telemetry: Telemetry,
    /// The contracts of the mesh.
    pub contracts: Contracts,
    /// The time.
    pub clock: Clock,
    /// The services of this process, which are called without a network.
    pub doors: Vec<(&'static str, Door)>,
    /// The token that this service shows to its peers, kept fresh where auth is asked.
    pub credentials: Credentials,
    /// Which tokens are withdrawn; every call is held against it.
    pub revocations: Revocations,
    /// Whom this service refused, on the way to the audit trail.
    pub refusals: Refusals,
}

impl Start {
    /// Connects to the peers of the service: in memory to those of this process, over the network
    /// to those that the settings place there.
    pub fn connect(
        &self,
        settings: &PeersSettings,
        credentials: Credentials,
        retries: Retries,
    ) -> Result<Peers, StartError> {
        let origin = Origin {
            contracts: self.contracts.clone(),
            credentials,
            tasks: self.tasks.clone(),
            retries,
        };
        let peers = Peers::connect(&origin, settings, &self.doors).map_err(StartError::of)?;
        peers.observe(&self.telemetry.meter("retail.chassis"));
        Ok(peers)
    }
}

/// What a service serves once it has started.
#[derive(Default)]
pub struct Served {
    pub(super) routes: Routes,
    pub(super) names: Vec<&'static str>,
    pub(super) bulk: Vec<&'static str>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) keys: Option<KeySource>,
    pub(super) pressure: Option<Pressure>,
    pub(super) at_end: Vec<(&'static str, BoxFuture<'static, ()>)>,
}

impl Served {
    /// Adds a generated server; its contracts apply from now on.
    #[must_use]
    pub fn with<S>(mut self, server: S) -> Self
    where
        S: tower::Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add_service(server);
        self.names.push(S::NAME);
        self
    }

    /// Names an rpc that takes messages of up to a megabyte, as
    /// `retail.store.v1.StoreService/BatchRecordSales`.
    #[must_use]
    pub fn bulk(mut self, method: &'static str) -> Self {
        self.bulk.push(method);
        self
    }

    /// Names something outside that the service needs, for its health.
    #[must_use]
    pub fn needing(mut self, dependency: Dependency) -> Self {
        self.dependencies.push(dependency);
        self
    }

    /// Says where the keys of tokens come from, unless the settings name a file.
    #[must_use]
    pub fn with_keys(mut self, keys: KeySource) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Says who knows how long writes would wait, usually the journal. Without it they are bounded
    /// by their number alone.
    #[must_use]
    pub fn under(mut self, pressure: Pressure) -> Self {
        self.pressure = Some(pressure);
        self
    }

    /// A step of the end, after calls and tasks have ended: a pool to close, a relay to flush.
    /// Steps are taken in the order in which they were added.
    #[must_use]
    pub fn at_end(
        mut self,
        name: &'static str,
        step: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.at_end.push((name, Box::pin(step)));
        self
    }
}

/// Says why a service did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Telemetry cannot be set up.
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] TelemetryError),
    /// Contracts are missing or broken.
    #[error("the contracts cannot be used")]
    Contracts(#[from] ContractError),
    /// The keys of tokens are wrong.
    #[error("the keys of tokens cannot be used")]
    Keys(#[from] KeyError),
    /// Nobody says where the keys of tokens come from.
    #[error("nothing says where the keys of tokens come from")]
    NoKeys,
    /// The port cannot be had, or TLS is wrong.
    #[error("the server cannot start")]
    Server(#[from] ServerError),
    /// The service itself could not.
    #[error("the service cannot start")]
    Service(#[source] Box<dyn Error + Send + Sync>),
}

impl StartError {
    /// What a service could not do.
    pub fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Service(error.into())
    }

    /// The error with all its causes, in one line.
    pub fn chain(&self) -> String {
        fault::chain(self)
    }
}
