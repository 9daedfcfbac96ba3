//! The plan of a stack: its ports, its parts in the order of their start, and where callers go.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::db::{Address, ROLE_ENDINGS};
use crate::home::Home;
use crate::part::Part;
use crate::postgres::SUPERUSER;
use crate::programs::Lodging;
use crate::secrets::Secrets;
use crate::served::{self, Served};
use crate::services::{SPECS, Spec};
use crate::settings::Settings;
use crate::{nats, postgres, service, stand_in, traces};

/// The ports of a stack, counted from its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The first.
    pub base: u16,
}

impl Ports {
    const OTLP: u16 = 17;
    const NATS: u16 = 22;
    const POSTGRES: u16 = 32;
    const TRACES: u16 = 86;
    const REPLICAS: u16 = 100;
    const REPLICAS_OF_ONE: u16 = 10;

    /// Where traces are received.
    pub fn otlp(self) -> u16 {
        self.base + Self::OTLP
    }

    /// Where NATS listens; its health is the port after.
    pub fn nats(self) -> u16 {
        self.base + Self::NATS
    }

    /// Where Postgres listens.
    pub fn postgres(self) -> u16 {
        self.base + Self::POSTGRES
    }

    /// Where traces are shown.
    pub fn traces(self) -> u16 {
        self.base + Self::TRACES
    }

    /// Where a process of a service listens; the first replica has the port of the service.
    pub fn service(self, spec: &Spec, replica: u16) -> u16 {
        match replica {
            0 | 1 => self.base + spec.port,
            _ => self.base + Self::REPLICAS + spec.port * Self::REPLICAS_OF_ONE + replica - 1,
        }
    }
}

/// What a stack consists of.
pub struct Plan {
    /// Its ports.
    pub ports: Ports,
    /// Who may do everything in Postgres.
    pub admin: Address,
    /// Where Postgres lives, if it is ours.
    pub lodging: Option<Lodging>,
    /// Where the one who makes streams connects.
    pub provisioner: String,
    /// Where store connects to NATS.
    pub store: String,
    /// Postgres and NATS, as far as they are ours.
    pub servers: Vec<Part>,
    /// What shows traces, and the services.
    pub others: Vec<Part>,
    /// The services of this build.
    pub served: Vec<Served>,
    /// The passwords of all roles.
    pub passwords: Vec<(String, String)>,
}

impl Plan {
    /// Makes the plan, and what secrets it needs.
    pub fn of(settings: &Settings, home: &Home) -> Result<Self> {
        let ports = Ports {
            base: settings.port_base,
        };
        let mut roles = roles();
        roles.push(SUPERUSER.to_owned());
        let secrets = Secrets::complete(home, &roles, &nats::users())?;
        let admin = match &settings.postgres {
            Some(url) => Address::of_url(url)?,
            None => Address::of_stack(ports.postgres(), SUPERUSER, secrets.postgres(SUPERUSER)?),
        };
        let reach = |user: &str| match &settings.nats {
            Some(url) => Ok(url.expose()),
            None => nats::url(&secrets, user, ports.nats()),
        };
        let mut plan = Self {
            ports,
            admin,
            lodging: None,
            provisioner: reach(nats::PROVISIONER)?,
            store: reach(stand_in::STORE)?,
            servers: Vec::new(),
            others: Vec::new(),
            served: served::all(),
            passwords: Vec::new(),
        };
        for role in self::roles() {
            let password = secrets.postgres(&role)?.to_owned();
            plan.passwords.push((role, password));
        }
        plan.add_servers(settings, home, &secrets)?;
        plan.add_others(settings, home, &secrets)?;
        Ok(plan)
    }

    /// Every part, in the order of its start.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.servers.iter().chain(&self.others)
    }

    /// Where a service's database is for one of its roles.
    pub fn role_url(&self, service: &str, ending: &str) -> Result<String> {
        let role = format!("{service}_{ending}");
        let found = self.passwords.iter().find(|(it, _)| *it == role);
        let (_, password) = found.with_context(|| format!("no password of {role}"))?;
        Ok(self.admin.as_role(&role, password).url(service))
    }

    fn add_servers(&mut self, settings: &Settings, home: &Home, secrets: &Secrets) -> Result<()> {
        if settings.postgres.is_none() {
            let lodging = Lodging::of(home, &settings.servers)?;
            self.servers
                .push(postgres::part(home, &lodging, &self.admin));
            self.lodging = Some(lodging);
        }
        if settings.nats.is_none() {
            let part = nats::part(home, &settings.servers, secrets, self.ports.nats());
            self.servers.push(part);
        }
        Ok(())
    }

    fn add_others(&mut self, settings: &Settings, home: &Home, secrets: &Secrets) -> Result<()> {
        let own = own_program()?;
        let traces = traces::part(&own, &settings.servers, self.ports)
            .filter(|_| settings.collector.is_none());
        let collector = match (&settings.collector, &traces) {
            (Some(url), _) => Some(url.expose()),
            (None, Some(_)) => Some(format!("http://127.0.0.1:{}", self.ports.otlp())),
            (None, None) => None,
        };
        self.others.extend(traces);
        let surroundings = service::Surroundings {
            program: own,
            home,
            admin: &self.admin,
            secrets,
            nats: settings.nats.as_ref().map(|it| it.expose()),
            collector,
            ports: self.ports,
            replicas: &settings.replicas,
        };
        for served in &self.served {
            self.others.extend(service::parts(&surroundings, served)?);
        }
        Ok(())
    }
}

/// Every role that services have.
pub fn roles() -> Vec<String> {
    let owners = SPECS.iter().filter(|it| it.database);
    owners
        .flat_map(|it| ROLE_ENDINGS.map(|ending| format!("{}_{ending}", it.name)))
        .collect()
}

/// An address of the loopback.
pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Where this binary lies. The file may be replaced while we run; its place stays.
pub fn own_program() -> Result<PathBuf> {
    std::env::current_exe().context("find the place of this program")
}

#[cfg(test)]
mod tests {
    use crate::services::{SPECS, find};

    use super::Ports;

    #[test]
    fn no_two_processes_of_a_stack_share_a_port() {
        let ports = Ports { base: 17_400 };
        let mut all = vec![
            ports.otlp(),
            ports.nats(),
            ports.nats() + 1,
            ports.postgres(),
            ports.traces(),
        ];
        for spec in SPECS {
            all.extend((1..=9).map(|replica| ports.service(spec, replica)));
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        let catalog = find("catalog").unwrap();
        assert_eq!(ports.service(catalog, 1), 17_402);
        assert_eq!(ports.service(catalog, 2), 17_521);
    }
}
