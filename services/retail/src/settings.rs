//! What the person who starts a stack may choose, by variables.
//!
//! | variable | form | default |
//! |---|---|---|
//! | `RETAIL_HOME` | folder for data, logs and secrets | `.run` |
//! | `RETAIL_PORT_BASE` | first port of the block | 17400 |
//! | `RETAIL_SERVERS` | folder with Postgres and NATS | `.tools/servers` of the checkout |
//! | `REPLICAS` | `catalog:2,order:3` | one of each |
//! | `DATABASE_URL`, `NATS_URL` | parts that run elsewhere | started here |
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | the same, for traces | started here |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chassis::settings::{Environment, Mistakes, Reader, Url, read};

use crate::services;

/// The first port, below those that Linux gives away and off the well-known ones.
const PORT_BASE: u16 = 17_400;
/// The last base whose whole block fits below the highest port.
pub const PORT_BASE_MAX: u16 = 65_000;
/// More replicas of a service than this have no ports on one machine.
const REPLICAS_MAX: u16 = 9;

/// What was chosen.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the stack.
    pub home: PathBuf,
    /// The first port.
    pub port_base: u16,
    /// The folder with the programs of Postgres and NATS.
    pub servers: PathBuf,
    /// How many processes of a service there are, where it is not one.
    pub replicas: Replicas,
    /// A Postgres that runs elsewhere, with a role that may make roles and databases.
    pub postgres: Option<Url>,
    /// A NATS that runs elsewhere.
    pub nats: Option<Url>,
    /// A collector that runs elsewhere.
    pub collector: Option<Url>,
}

/// Numbers of processes, by service.
pub type Replicas = BTreeMap<String, u16>;

impl Settings {
    /// Reads them.
    pub fn of(environment: &Environment) -> Result<Self> {
        let raw = read(environment, "RETAIL_UP", Raw::read).map_err(anyhow::Error::from)?;
        let folder = std::env::current_dir().context("find the folder we are in")?;
        Ok(Self {
            home: folder.join(raw.home),
            port_base: raw.port_base,
            servers: raw.servers.map_or_else(of_checkout, PathBuf::from),
            replicas: replicas(&raw.replicas)?,
            postgres: raw.postgres,
            nats: raw.nats,
            collector: raw.collector,
        })
    }
}

struct Raw {
    home: String,
    port_base: u16,
    servers: Option<String>,
    replicas: String,
    postgres: Option<Url>,
    nats: Option<Url>,
    collector: Option<Url>,
}

impl Raw {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let home = reader.shared("RETAIL_HOME", Some(".run".to_owned()));
        let port_base = reader.shared("RETAIL_PORT_BASE", Some(PORT_BASE));
        let servers = reader.shared_maybe("RETAIL_SERVERS");
        let replicas = reader.shared("REPLICAS", Some(String::new()));
        let postgres = reader.shared_maybe("DATABASE_URL");
        let nats = reader.shared_maybe("NATS_URL");
        let collector = reader.shared_maybe("OTEL_EXPORTER_OTLP_ENDPOINT");
        let port_base = port_base.filter(|it| (1_024..=PORT_BASE_MAX).contains(it));
        Some(Self {
            home: home?,
            port_base: port_base?,
            servers: servers?,
            replicas: replicas?,
            postgres: postgres?,
            nats: nats?,
            collector: collector?,
        })
    }
}

/// Reads `catalog:2,order:3`.
pub fn replicas(text: &str) -> Result<Replicas> {
    let items = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    items.map(of_one).collect()
}

fn of_one(item: &str) -> Result<(String, u16)> {
    let count = |text: &str| {
        text.parse()
            .ok()
            .filter(|it| (1..=REPLICAS_MAX).contains(it))
    };
    let parsed = item
        .split_once(':')
        .and_then(|(name, text)| Some((name, count(text)?)));
    let Some((name, count)) = parsed else {
        bail!("REPLICAS: `{item}` must be like catalog:2, from 1 to {REPLICAS_MAX}");
    };
    Ok((services::find(name)?.name.to_owned(), count))
}

/// Where `make tools` puts the servers: in the checkout around the current folder, else in the
/// one that this binary was built from.
fn of_checkout() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf();
    let here = std::env::current_dir().unwrap_or_default();
    let around = here.ancestors().chain(built.ancestors());
    let mut folders = around.map(|it| it.join(".tools/servers"));
    let found = folders.find(|it| it.is_dir());
    found.unwrap_or_else(|| here.join(".tools/servers"))
}

/// All settings of a process are mistaken together or not at all.
pub fn is_mistake(error: &anyhow::Error) -> bool {
    error.is::<Mistakes>()
}

#[cfg(test)]
mod tests {
    use chassis::settings::Environment;

    use super::{Settings, replicas};

    #[test]
    fn replicas_are_counted_by_service() {
        let read = replicas("catalog:2, order:3").unwrap();
        assert_eq!((read["catalog"], read["order"], read.len()), (2, 3, 2));
        assert!(replicas("").unwrap().is_empty());
        for wrong in ["catalog", "catalog:0", "catalog:99", "shop:2", "catalog:x"] {
            assert!(replicas(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let settings = Settings::of(&Environment::default()).unwrap();
        assert_eq!(settings.port_base, 17_400);
        assert!(settings.home.ends_with(".run"));
        assert!(settings.servers.ends_with(".tools/servers"));
        let high = Environment::from_iter([("RETAIL_PORT_BASE", "65500")]);
        assert!(Settings::of(&high).is_err());
    }
}
