//! Tells other programs where the stack listens: `endpoints.json`, `endpoints.env`.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::home::Home;
use crate::plan::Plan;
use crate::postgres::SUPERUSER;
use crate::traces::TRACES;

const JSON: &str = "endpoints.json";
const ENV: &str = "endpoints.env";
const GATEWAY: &str = "gateway";

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The one address for everything, once there is a gateway.
    pub gateway: Option<String>,
    /// The addresses of each service, one a replica.
    pub services: BTreeMap<String, Vec<String>>,
    /// Postgres, as the role that may do everything.
    pub postgres: String,
    /// NATS, as the user who makes streams.
    pub nats: String,
    /// The page with traces.
    pub traces: Option<String>,
    /// Where spans go.
    pub otlp: Option<String>,
}

impl Endpoints {
    /// Reads them, if a stack was started in this home.
    pub fn of(home: &Home) -> Option<Self> {
        serde_json::from_str(&home.read(JSON)?).ok()
    }

    /// The addresses that serve a service: the gateway, or its own, one a replica.
    pub fn addresses_of(&self, service: &str) -> Vec<&str> {
        let own = self.services.get(service).into_iter().flatten();
        match &self.gateway {
            Some(gateway) => vec![gateway],
            None => own.map(String::as_str).collect(),
        }
    }
}

/// Writes both files, readable by their owner alone, because they hold passwords.
pub fn write(home: &Home, plan: &Plan) -> Result<()> {
    let endpoints = endpoints(plan);
    home.write(JSON, &serde_json::to_string_pretty(&endpoints)?)?;
    home.write(ENV, &variables(&endpoints)?)
}

fn endpoints(plan: &Plan) -> Endpoints {
    let mut endpoints = Endpoints {
        postgres: plan.admin.url(SUPERUSER),
        nats: plan.provisioner.clone(),
        ..Endpoints::default()
    };
    for part in &plan.others {
        let address = format!("127.0.0.1:{}", part.port);
        match part.group() {
            TRACES => {
                endpoints.traces = Some(format!("http://{address}"));
                endpoints.otlp = Some(format!("http://127.0.0.1:{}", plan.ports.otlp()));
            }
            GATEWAY => endpoints.gateway = Some(address),
            service => {
                let addresses = endpoints.services.entry(service.to_owned());
                addresses.or_default().push(address);
            }
        }
    }
    endpoints
}

/// Lines for a shell: `. .run/endpoints.env`.
fn variables(endpoints: &Endpoints) -> Result<String> {
    let mut text = String::new();
    let optional = [
        ("RETAIL_GATEWAY", endpoints.gateway.as_ref()),
        ("RETAIL_TRACES", endpoints.traces.as_ref()),
        ("RETAIL_OTLP", endpoints.otlp.as_ref()),
        ("RETAIL_POSTGRES", Some(&endpoints.postgres)),
        ("RETAIL_NATS", Some(&endpoints.nats)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            writeln!(text, "export {name}='{value}'")?;
        }
    }
    for (service, addresses) in &endpoints.services {
        let name = service.to_uppercase();
        writeln!(
            text,
            "export RETAIL_ADDRESS_{name}='{}'",
            addresses.join(",")
        )?;
    }
    Ok(text)
}
