//! The NATS of a stack: its configuration, its users, and how it is started.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Result;

use crate::home::{Home, folder};
use crate::part::{Part, Recipe};
use crate::probe::Probe;
use crate::programs;
use crate::secrets::Secrets;
use crate::services::SPECS;

/// The name of the part.
pub const NATS: &str = "nats";
/// The user who makes streams.
pub const PROVISIONER: &str = "provisioner";

/// The configuration that every way to run shares.
const CONFIG: &str = include_str!("../../../deploy/nats/nats.conf");
/// It is served by the port after that of the clients.
const HEALTH: &str = "/healthz?js-enabled-only=true";
/// Everybody who may connect.
pub fn users() -> Vec<String> {
    let owners = SPECS.iter().filter(|it| it.database).map(|it| it.name);
    let others = ["system", PROVISIONER];
    owners.chain(others).map(str::to_owned).collect()
}

/// Where a user connects.
pub fn url(secrets: &Secrets, user: &str, port: u16) -> Result<String> {
    Ok(format!(
        "nats://{user}:{}@127.0.0.1:{port}",
        secrets.nats(user)?
    ))
}

/// Returns the part.
pub fn part(home: &Home, servers: &Path, secrets: &Secrets, port: u16) -> Part {
    let monitor = SocketAddr::from((Ipv4Addr::LOCALHOST, port + 1));
    let place = |name: &str| home.join(NATS).join(name).display().to_string();
    let arguments = [
        ("-c", place("nats.conf")),
        ("-a", Ipv4Addr::LOCALHOST.to_string()),
        ("-p", port.to_string()),
        ("-m", monitor.port().to_string()),
        ("-sd", place("store")),
    ];
    let arguments = arguments
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value]);
    let named = |(user, password): (&str, &str)| {
        let name = format!("NATS_PASSWORD_{}", user.to_uppercase());
        (name, password.to_owned())
    };
    let recipe = Recipe {
        program: programs::nats(servers),
        arguments: arguments.collect(),
        variables: secrets.of_nats().map(named).collect::<BTreeMap<_, _>>(),
        inherits: false,
        user: None,
    };
    Part {
        name: NATS.to_owned(),
        recipe,
        port,
        probe: Probe::Page(monitor, HEALTH),
        about: format!("data in {NATS}"),
    }
}

/// Writes the configuration.
pub fn prepare(home: &Home) -> Result<()> {
    folder(&home.join(NATS), 0o700)?;
    home.write(&format!("{NATS}/nats.conf"), CONFIG)
}
