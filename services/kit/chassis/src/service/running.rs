//! Services that run: how they start, until when, and how they end.
//!
//! Start: settings of all, then for each telemetry, its own start, server, ready. End: not ready,
//! stop accepting, drain calls; then tasks, the service's own steps, telemetry; all of it within
//! one grace period.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::{join_all, select_all};
use thiserror::Error;
use vocab::Clock;

mod one;

use one::One;

use super::Service;
use super::start::StartError;
use crate::client::Door;
use crate::contract::{ContractError, Contracts};
use crate::edge::Edge;
use crate::settings::{EXIT_CODE, Environment, Mistakes};
use crate::tasks::{Ending, FatalTask, Tasks};

/// How long telemetry may take to hand over what it still has.
const TELEMETRY_END: Duration = Duration::from_secs(2);

/// What a process gives to the services that it runs.
pub struct Host<'a> {
    /// The variables that settings are read from.
    pub environment: &'a Environment,
    /// The time.
    pub clock: Clock,
    /// Where log lines go; asked once for each service.
    pub lines: &'a dyn Fn() -> Box<dyn Write + Send>,
}

impl<'a> Host<'a> {
    /// A host of the real time that writes lines to standard output.
    pub fn of_process(environment: &'a Environment) -> Self {
        Self {
            environment,
            clock: Clock::system(),
            lines: &|| Box::new(std::io::stdout()),
        }
    }
}

/// Services that run in this process.
#[derive(Debug)]
pub struct Running {
    services: Vec<One>,
    grace: Duration,
}

/// Says why services were not served, or not to a good end.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] Mistakes),
    /// The contracts are wrong.
    #[error("the contracts cannot be used")]
    Contracts(#[from] ContractError),
    /// A service did not start.
    #[error("{0} did not start")]
    Start(&'static str, #[source] StartError),
    /// The system does not let us hear its signals.
    #[error("signals cannot be heard")]
    Signals(#[from] std::io::Error),
    /// A task failed that nothing works without.
    #[error("the task {} failed: {}", .0.name, .0.why)]
    Task(FatalTask),
    /// A second signal came while calls were still let to their end.
    #[error("a second signal cut the end short")]
    Hurried,
}

impl ServeError {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Settings(_) => ExitCode::from(EXIT_CODE),
            Self::Contracts(_)
            | Self::Start(..)
            | Self::Signals(_)
            | Self::Task(_)
            | Self::Hurried => ExitCode::FAILURE,
        }
    }
}

/// Serves until the system asks for the end, or a task fails that nothing works without. Who asks
/// a second time gets the end at once, and an error.
pub async fn serve(services: Vec<Service>, environment: &Environment) -> Result<(), ServeError> {
    let process = Tasks::default();
    let hurry = process.listen_to_signals()?;
    let running = Running::start(services, &Host::of_process(environment)).await?;
    let asked = process.shutdown();
    tokio::select! {
        () = running.failed() => {}
        () = asked.requested() => {}
    }
    tokio::select! {
        ended = running.end() => ended,
        () = hurry.requested() => Err(ServeError::Hurried),
    }
}

impl Running {
    /// Starts services one after the other. If one does not start, those before it are ended.
    pub async fn start(services: Vec<Service>, host: &Host<'_>) -> Result<Self, ServeError> {
        let prepared = Service::prepare_all(services, host.environment)?;
        let contracts = Contracts::built()?;
        let grace = prepared.iter().map(|(_, it)| it.settings.grace).max();
        let mut running = Self {
            services: Vec::new(),
            grace: grace.unwrap_or_default(),
        };
        let doors: Vec<_> = prepared.iter().map(|it| (it.0, Door::default())).collect();
        for ((name, prepared), (_, door)) in prepared.into_iter().zip(&doors) {
            match One::start((name, prepared), &contracts, &doors, host).await {
                Ok(one) => {
                    door.open(one.edge.clone());
                    running.services.push(one);
                }
                Err(error) => {
                    // What it fails with matters more than how the others end.
                    drop(running.end().await);
                    return Err(ServeError::Start(name, error));
                }
            }
        }
        Ok(running)
    }

    /// Where a service listens.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.find(name).map(|it| it.address)
    }

    /// The edge of a service, to call it without a network.
    pub fn edge(&self, name: &str) -> Option<Edge> {
        self.find(name).map(|it| it.edge.clone())
    }

    /// Waits until a task fails that nothing works without.
    pub async fn failed(&self) {
        let shutdowns = self.services.iter().flat_map(One::shutdowns);
        let waiting: Vec<_> = shutdowns
            .map(|it| Box::pin(async move { it.requested().await }))
            .collect();
        if waiting.is_empty() {
            return std::future::pending().await;
        }
        select_all(waiting).await;
    }

    /// Ends all services within the grace period; an error if a task had failed.
    pub async fn end(self) -> Result<(), ServeError> {
        let fatal = self.services.iter().find_map(One::fatal);
        let first = self.services.first().map(|it| it.telemetry.dispatch());
        let grace = self.grace;
        let ending = match first {
            Some(first) => tracing::dispatcher::with_default(&first, || Ending::within(grace)),
            None => return Ok(()),
        };
        join_all(self.services.iter().map(|it| it.stop(&ending))).await;
        for one in self.services.into_iter().rev() {
            one.end(&ending).await;
        }
        fatal.map_or(Ok(()), |it| Err(ServeError::Task(it)))
    }

    fn find(&self, name: &str) -> Option<&One> {
        self.services.iter().find(|it| it.name == name)
    }
}
