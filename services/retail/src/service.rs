//! A service as parts of the stack: one process a replica, each with its own port.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use crate::db::Address;
use crate::home::Home;
use crate::nats;
use crate::part::{Part, Recipe};
use crate::plan::{Ports, local};
use crate::probe::Probe;
use crate::secrets::Secrets;
use crate::served::Served;
use crate::services::{self, SPECS, Spec};
use crate::settings::Replicas;
use crate::token;

/// What services are started in.
pub struct Surroundings<'a> {
    /// This binary.
    pub program: PathBuf,
    /// The folder of the stack.
    pub home: &'a Home,
    /// Where Postgres is.
    pub admin: &'a Address,
    /// The passwords.
    pub secrets: &'a Secrets,
    /// A NATS that runs elsewhere.
    pub nats: Option<String>,
    /// Where traces go, if anywhere.
    pub collector: Option<String>,
    /// The ports.
    pub ports: Ports,
    /// How many processes each service has.
    pub replicas: &'a Replicas,
}

/// Returns a part for each replica.
pub fn parts(around: &Surroundings<'_>, served: &Served) -> Result<Vec<Part>> {
    let count = replicas(around.replicas, served.spec);
    (1..=count)
        .map(|replica| part(around, served.spec, replica))
        .collect()
}

fn replicas(replicas: &Replicas, spec: &Spec) -> u16 {
    replicas.get(spec.name).copied().unwrap_or(1)
}

fn part(around: &Surroundings<'_>, spec: &Spec, replica: u16) -> Result<Part> {
    let port = around.ports.service(spec, replica);
    let name = match replica {
        1 => spec.name.to_owned(),
        _ => format!("{}.{replica}", spec.name),
    };
    let recipe = Recipe {
        program: around.program.clone(),
        arguments: vec!["serve".to_owned(), spec.name.to_owned()],
        variables: variables(around, spec, port)?,
        inherits: true,
        user: None,
    };
    Ok(Part {
        name,
        recipe,
        port,
        probe: Probe::Health(local(port)),
        about: "gRPC".to_owned(),
    })
}

/// Everything that a service is told by its environment.
fn variables(
    around: &Surroundings<'_>,
    spec: &Spec,
    port: u16,
) -> Result<BTreeMap<String, String>> {
    let own = spec.name.to_uppercase();
    let mut variables = BTreeMap::from([
        ("RETAIL_PROFILE".to_owned(), "dev".to_owned()),
        (format!("{own}_LISTEN"), local(port).to_string()),
    ]);
    variables.extend(trust(around, spec.name));
    if spec.database {
        for (ending, name) in [
            ("service", "DATABASE_URL"),
            ("log", "LOG_URL"),
            ("scan", "SCAN_URL"),
        ] {
            let role = format!("{}_{ending}", spec.name);
            let address = around.admin.as_role(&role, around.secrets.postgres(&role)?);
            variables.insert(format!("{own}_{name}"), address.url(spec.name));
        }
        let nats = match &around.nats {
            Some(url) => url.clone(),
            None => nats::url(around.secrets, spec.name, around.ports.nats())?,
        };
        variables.insert("NATS_URL".to_owned(), nats);
    }
    for peer in SPECS.iter().filter(|it| it.name != spec.name) {
        let count = replicas(around.replicas, peer);
        let address = |replica| local(around.ports.service(peer, replica));
        let urls: Vec<String> = (1..=count)
            .map(|it| format!("http://{}", address(it)))
            .collect();
        let name = format!("RETAIL_{}_URL", peer.name.to_uppercase());
        variables.insert(name, urls.join(","));
    }
    if let Some(url) = &around.collector {
        variables.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), url.clone());
    }
    Ok(variables)
}

/// What auth needs to know whom it serves, and every other service to prove itself there.
fn trust(around: &Surroundings<'_>, name: &str) -> Vec<(String, String)> {
    let place = |file: &str| around.home.join(file).display().to_string();
    if name != services::AUTH.name {
        let file = place(&token::service_key_file(name));
        return vec![(format!("{}_SERVICE_KEY_FILE", name.to_uppercase()), file)];
    }
    let files = [
        ("AUTH_KEY_ENCRYPTION_KEY_FILE", token::MASTER),
        ("AUTH_SERVICE_KEYS_FILE", token::SERVICE_KEYS),
        ("AUTH_SEEDS_FILE", token::ACCOUNTS),
    ];
    let files = files.map(|(variable, file)| (variable.to_owned(), place(file)));
    files.into()
}

#[cfg(test)]
mod tests;
