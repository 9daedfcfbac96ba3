//! One service that runs.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use opentelemetry::KeyValue;
use tonic::service::Routes;
use tonic_health::server::health_reporter;
use tracing::instrument::WithSubscriber;
use uuid::Builder;

use super::{Host, TELEMETRY_END};
use crate::client::{Credentials, Door, Retries};
use crate::contract::Contracts;
use crate::edge::{Edge, Parts};
use crate::fault;
use crate::health::{Dependency, Health, Need};
use crate::reflection;
use crate::server::{Server, ServerTls};
use crate::service::Prepared;
use crate::service::settings::HostSettings;
use crate::service::start::{Served, Start, StartError};
use crate::settings::Profile;
use crate::tasks::{Ending, FatalTask, OnFailure, OnShutdown, Shutdown, TaskResult, Tasks};
use crate::telemetry::{Identity, Telemetry};
use crate::token::{KeySource, Revocations, Verifier};
use crate::trust::{AUTH, Refusals, Trust};

/// How often the files of TLS are read again: certificates live for hours.
const TLS_RELOAD: Duration = Duration::from_secs(60);

/// A service, its server and its tasks.
pub(super) struct One {
    pub name: &'static str,
    pub address: SocketAddr,
    pub edge: Edge,
    pub telemetry: Telemetry,
    /// The accept loop and what belongs to it, which end first.
    front: Tasks,
    /// What the service started itself.
    tasks: Tasks,
    health: Health,
    at_end: Vec<(&'static str, BoxFuture<'static, ()>)>,
}

impl One {
    /// Starts it; everything that is said meanwhile goes to its own log.
    pub async fn start(
        (name, prepared): (&'static str, Prepared),
        contracts: &Contracts,
        doors: &[(&'static str, Door)],
        host: &Host<'_>,
    ) -> Result<Self, StartError> {
        let identity = Identity {
            service: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: instance(name),
        };
        let settings = &prepared.settings.telemetry;
        let lines = (host.lines)();
        let telemetry = Telemetry::start(&identity, settings, host.clock.clone(), lines)?;
        let dispatch = telemetry.dispatch();
        let start = Start {
            name,
            profile: prepared.settings.profile,
            tasks: Tasks::default(),
            telemetry,
            contracts: contracts.clone(),
            clock: host.clock.clone(),
            doors: doors.to_vec(),
            credentials: Credentials::default(),
            revocations: Revocations::default(),
            refusals: Refusals::default(),
        };
        Self::begin(start, prepared).with_subscriber(dispatch).await
    }

    async fn begin(start: Start, prepared: Prepared) -> Result<Self, StartError> {
        let settings = prepared.settings;
        announce(&start);
        let served = (prepared.start)(start.clone()).await?;
        let trust = trust(&start, &settings, &served)?;
        let verifier = verifier(&start, &settings, (&served, trust.as_ref())).await?;
        let (routes, health) = around(&settings, &served, &verifier);
        let edge = Edge::new(Parts {
            service: start.name,
            routes,
            names: &served.names,
            bulk: &served.bulk,
            contracts: &start.contracts,
            verifier,
            telemetry: &start.telemetry,
            settings: &settings.edge,
            pressure: served.pressure.clone(),
        })?;
        edge.report_to(&start.refusals);
        let server = Server::bind(&settings.server).await?;
        let address = server.address();
        health.begin(start.profile).await;
        let front = Tasks::default();
        open(&front, server, &edge);
        let ready = health.look().await;
        tracing::info!(%address, ready, "service serves");
        let watched = health.clone();
        spawn_once(&front, "health", OnShutdown::Drain, async move |it| {
            watched.watch(it).await
        });
        Ok(Self {
            name: start.name,
            address,
            edge,
            telemetry: start.telemetry,
            front,
            tasks: start.tasks,
            health,
            at_end: served.at_end,
        })
    }

    /// What asks for the end when a task fails.
    pub fn shutdowns(&self) -> [Shutdown; 2] {
        [self.front.shutdown(), self.tasks.shutdown()]
    }

    /// The task that failed, if one did.
    pub fn fatal(&self) -> Option<FatalTask> {
        self.front.fatal().or_else(|| self.tasks.fatal())
    }

    /// Takes nothing new, and lets calls finish.
    pub async fn stop(&self, ending: &Ending) {
        let stopping = async {
            self.health.end().await;
            self.edge.close_streams();
            self.front.end(ending).await;
        };
        stopping.with_subscriber(self.telemetry.dispatch()).await;
    }

    /// Ends everything else.
    pub async fn end(self, ending: &Ending) {
        let Self {
            tasks,
            at_end,
            telemetry,
            ..
        } = self;
        let ending_all = async {
            tasks.end(ending).await;
            for (name, step) in at_end {
                ending.step(name, step).await;
            }
        };
        ending_all.with_subscriber(telemetry.dispatch()).await;
        telemetry.end(TELEMETRY_END).await;
    }
}

impl fmt::Debug for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.name, self.address)
    }
}

/// Says who starts, and how: in the log, and as a metric for whoever counts what runs.
fn announce(start: &Start) {
    let profile = profile_word(start.profile);
    tracing::info!(service.name = start.name, profile, "service starts");
    start.telemetry.observe_tasks(&start.tasks);
    start.telemetry.observe_contracts(&start.contracts);
    let gauge = start.telemetry.meter("retail.chassis");
    let gauge = gauge.u64_observable_gauge("retail.process.info");
    gauge
        .with_callback(move |seen| seen.observe(1, &[KeyValue::new("profile", profile)]))
        .build();
}

/// Begins to ask auth for what the settings and the service itself do not say.
fn trust(
    start: &Start,
    settings: &HostSettings,
    served: &Served,
) -> Result<Option<Trust>, StartError> {
    let asked = settings.trust.as_ref().filter(|_| served.keys.is_none());
    let Some(asked) = asked else {
        return Ok(None);
    };
    let credentials = start.credentials.clone();
    let peers = start.connect(&asked.peers, credentials.clone(), Retries::Here)?;
    let Some(auth) = peers.find(AUTH).cloned() else {
        return Ok(None);
    };
    let trust = Trust {
        name: start.name,
        auth,
        credentials,
        revocations: start.revocations.clone(),
        refusals: start.refusals.clone(),
        signer: asked.signer.clone(),
        clock: start.clock.clone(),
    };
    trust.clone().start(&start.tasks);
    Ok(Some(trust))
}

/// Keys of a file must be right at the start; those of a service may come later than we do.
async fn verifier(
    start: &Start,
    settings: &HostSettings,
    (served, trust): (&Served, Option<&Trust>),
) -> Result<Arc<Verifier>, StartError> {
    let file = settings.tokens.keys_file.clone().map(KeySource::File);
    let source = file
        .or_else(|| served.keys.clone())
        .or_else(|| trust.map(Trust::keys))
        .ok_or(StartError::NoKeys)?;
    let later = matches!(source, KeySource::Fetch(_));
    let verifier = Verifier::new(start.name, &settings.tokens, source, start.clock.clone());
    let verifier = verifier.refusing(start.revocations.clone());
    if later {
        verifier.keys().refresh().await;
    } else {
        verifier.keys().check().await?;
    }
    Ok(Arc::new(verifier))
}

/// The handlers with health and reflection beside them. Nothing can be served before the keys are
/// known that tokens are verified with; once known, they stay, whether auth answers or not.
fn around(settings: &HostSettings, served: &Served, verifier: &Arc<Verifier>) -> (Routes, Health) {
    let (reporter, server) = health_reporter();
    let verifier = Arc::clone(verifier);
    let keys = Dependency::new("keys", Need::Required, move || {
        let verifier = Arc::clone(&verifier);
        async move { verifier.keys().are_known().await }
    });
    let dependencies = served.dependencies.iter().cloned().chain([keys]).collect();
    let health = Health::new(reporter, &served.names, dependencies);
    let routes = served.routes.clone().add_service(server);
    let routes = if settings.reflection {
        reflection::add(routes, &served.names)
    } else {
        routes
    };
    (routes.prepare(), health)
}

/// Opens the port, and keeps the certificate fresh.
fn open(front: &Tasks, server: Server, edge: &Edge) {
    if let Some(tls) = server.tls() {
        spawn_once(front, "tls", OnShutdown::Abort, async move |_| {
            reload(&tls).await
        });
    }
    let edge = edge.clone();
    let serving = async move |shutdown| server.run(edge, shutdown).await;
    spawn_once(front, "server", OnShutdown::Drain, serving);
}

async fn reload(tls: &ServerTls) {
    loop {
        tokio::time::sleep(TLS_RELOAD).await;
        if let Err(error) = tls.reload() {
            let error = fault::chain(&error);
            tracing::error!(error, "certificate not read again");
        }
    }
}

/// Starts a task that owns what it works with, and so cannot start again.
fn spawn_once<W, F>(tasks: &Tasks, name: &'static str, on_shutdown: OnShutdown, work: W)
where
    W: FnOnce(Shutdown) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let mut once = Some(work);
    tasks.spawn(name, OnFailure::Fatal, on_shutdown, move |shutdown| {
        let work = once.take().map(|work| work(shutdown));
        let run: BoxFuture<'static, TaskResult> = Box::pin(async move {
            if let Some(work) = work {
                work.await;
            }
            Ok(())
        });
        run
    });
}

fn profile_word(profile: Profile) -> &'static str {
    match profile {
        Profile::Development => "dev",
        Profile::Production => "prod",
    }
}

/// A name for this one replica, new at each start.
fn instance(name: &str) -> String {
    let mut random = [0; 16];
    if aws_lc_rs::rand::fill(&mut random).is_err() {
        tracing::error!("the system has no randomness");
    }
    let id = Builder::from_random_bytes(random).into_uuid();
    format!("{name}-{id}")
}
