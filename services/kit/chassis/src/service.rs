//! A service as a value: its name, how its settings are read, and how it starts.
//!
//! Each service crate offers `pub fn service() -> chassis::Service`. One process serves one of them
//! or several; each has its own telemetry, tasks, settings and port.

use futures_util::future::BoxFuture;

mod running;
mod settings;
mod start;
#[cfg(test)]
mod tests;

pub use running::{Host, Running, ServeError, serve};
pub use settings::HostSettings;
pub use start::{Served, Start, StartError};

use crate::settings::{Environment, Mistakes, Profile, Reader, read};

/// A service that can be served.
pub struct Service {
    name: &'static str,
    prepare: Box<Prepare>,
}

/// Reads settings from variables, knowing which services are in this process.
type Prepare = dyn FnOnce(&Environment, &[&'static str]) -> Result<Prepared, Mistakes> + Send;

/// What a service may want to know while it reads its settings.
#[derive(Clone, Debug)]
pub struct Around {
    /// How the process runs.
    pub profile: Profile,
    /// The services of this process, itself among them.
    pub inside: Vec<&'static str>,
}

impl Around {
    /// Those of some services that are called over the network, and so need an address.
    pub fn outside(&self, names: &[&'static str]) -> Vec<&'static str> {
        let outside = names.iter().filter(|it| !self.inside.contains(it));
        outside.copied().collect()
    }
}

/// A service whose settings are read and which is about to start.
struct Prepared {
    settings: HostSettings,
    start: Box<dyn FnOnce(Start) -> BoxFuture<'static, Result<Served, StartError>> + Send>,
}

impl Service {
    /// A service. `settings` reads what the service itself needs, besides what the chassis reads
    /// under the same prefix; `start` opens database, bus and clients, and returns the handlers.
    pub fn new<S, F>(
        name: &'static str,
        settings: impl FnOnce(&mut Reader<'_>, &Around) -> Option<S> + Send + 'static,
        start: impl FnOnce(Start, S) -> F + Send + 'static,
    ) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Result<Served, StartError>> + Send + 'static,
    {
        let prepare = move |environment: &Environment, inside: &[&'static str]| {
            let prefix = name.to_uppercase().replace('-', "_");
            let (host, own) = read(environment, &prefix, |reader| {
                let host = HostSettings::read(reader, inside, name);
                let around = Around {
                    profile: Profile::read(reader)?,
                    inside: inside.to_vec(),
                };
                let own = settings(reader, &around);
                Some((host?, own?))
            })?;
            Ok(Prepared {
                settings: host,
                start: Box::new(move |with| Box::pin(start(with, own))),
            })
        };
        Self {
            name,
            prepare: Box::new(prepare),
        }
    }

    /// The name, such as `catalog`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Reads all settings of several services; all mistakes of all of them are reported together.
    fn prepare_all(
        services: Vec<Self>,
        environment: &Environment,
    ) -> Result<Vec<(&'static str, Prepared)>, Mistakes> {
        let (mut prepared, mut mistakes) = (Vec::new(), Mistakes::default());
        let inside: Vec<&'static str> = services.iter().map(Self::name).collect();
        for service in services {
            match (service.prepare)(environment, &inside) {
                Ok(one) => prepared.push((service.name, one)),
                Err(more) => mistakes = mistakes.join(more),
            }
        }
        if mistakes.list().is_empty() {
            Ok(prepared)
        } else {
            Err(mistakes)
        }
    }
}

/// Checks the settings of services without starting any.
pub fn check(services: Vec<Service>, environment: &Environment) -> Result<(), Mistakes> {
    Service::prepare_all(services, environment).map(drop)
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Service({})", self.name)
    }
}
