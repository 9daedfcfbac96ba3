//! The doors of the benchmark: real contracts behind the real edge, over TCP and in this process;
//! and the same answers from a bare tonic server, to see what the edge costs.

pub mod client;
pub mod handlers;
pub mod line;
pub mod unary;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chassis::contract::Contracts;
use chassis::edge::{Edge, EdgeSettings, Parts};
use chassis::server::{Server, ServerSettings};
use chassis::settings::Setting;
use chassis::tasks::Tasks;
use chassis::telemetry::{Identity, Level, Telemetry, TelemetrySettings};
use chassis::token::{Grant, ISSUER, KeySource, MESH, Signer, TokenSettings, Verifier};
use tokio::task::JoinSet;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use vocab::{Clock, UserId};

use handlers::{Bare, CATALOG, INVENTORY, Product, Reserve};
use unary::One;

use crate::order::World;
use crate::process::Process;

/// A port of the kernel's choice.
const ANYWHERE: &str = "127.0.0.1:0";
/// How long telemetry may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// Longer than a run takes.
const LIFE: Duration = Duration::from_secs(3_600);

/// A service that serves, and what clients need of it. It ends with this value.
pub struct Doors {
    /// The layers around the handlers, for callers in this process.
    pub edge: Edge,
    /// Where it listens.
    pub address: std::net::SocketAddr,
    telemetry: Telemetry,
    process: Process,
    tasks: Tasks,
    serving: JoinSet<()>,
}

/// How closely a service is watched.
#[derive(Clone, Copy, Debug)]
pub enum Watched<'a> {
    /// Not at all beyond its own process.
    Off,
    /// One trace in a hundred is sent to a collector at this URL, metrics too.
    Sampled(&'a str),
}

/// A bare tonic server. It ends with this value.
pub struct Echo {
    /// Where it listens.
    pub address: std::net::SocketAddr,
    _serving: JoinSet<()>,
}

impl Doors {
    /// Opens a journal and its doors.
    pub async fn open(
        url: &str,
        product: &Product,
        signer: &Signer,
        watched: Watched<'_>,
    ) -> anyhow::Result<Self> {
        let telemetry = telemetry(watched)?;
        let process = Process::watched(url, &telemetry)?;
        let keys = KeySource::Fixed(signer.jwks());
        let verifier = Verifier::new("inventory", &tokens(), keys, Clock::system());
        let routes = Routes::new(One(Reserve(process.clone())));
        let edge = Edge::new(Parts {
            service: "inventory",
            routes: routes.add_service(One(product.clone())),
            names: &[INVENTORY, CATALOG],
            bulk: &[],
            contracts: &Contracts::built()?,
            verifier: Arc::new(verifier),
            telemetry: &telemetry,
            settings: &edge_settings(),
            pressure: Some(process.journal.pressure()),
        })?;
        let server = Server::bind(&server_settings()?).await?;
        let (address, tasks) = (server.address(), Tasks::default());
        let mut serving = JoinSet::new();
        serving.spawn(server.run(edge.clone(), tasks.shutdown()));
        Ok(Self {
            edge,
            address,
            telemetry,
            process,
            tasks,
            serving,
        })
    }

    /// Closes the doors, ends the journal, and sends what is left of traces.
    pub async fn end(mut self) -> anyhow::Result<()> {
        self.tasks.request_shutdown();
        while self.serving.join_next().await.is_some() {}
        self.process.end().await?;
        let ended = self.telemetry.end(GRACE).await;
        anyhow::ensure!(ended, "the telemetry did not end in time");
        Ok(())
    }
}

impl Echo {
    /// Serves the same product from a bare tonic server, without any layer of ours.
    pub async fn open(product: &Product) -> anyhow::Result<Self> {
        let incoming = TcpIncoming::bind(ANYWHERE.parse()?)?.with_nodelay(Some(true));
        let address = incoming.local_addr()?;
        let server = tonic::transport::Server::builder();
        let server = { server }.add_service(One(Bare(product.clone())));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            // It ends with the benchmark; a client would see an earlier end.
            server.serve_with_incoming(incoming).await.ok();
        });
        Ok(Self {
            address,
            _serving: serving,
        })
    }
}

/// A token for each shop, in the form of the header.
pub fn shop_tokens(signer: &Signer, world: &World) -> anyhow::Result<Vec<MetadataValue<Ascii>>> {
    let permissions = ["stock.reserve", "product.read"];
    let tokens = world.shops.iter().map(|shop| {
        let grant = Grant {
            tenant: shop.tenant,
            subject: UserId::derive(None, &[shop.tenant.uuid().as_bytes()]).to_string(),
            permissions: permissions.map(str::to_owned).to_vec(),
            customer: None,
            locations: Vec::new(),
            session: "bench".to_owned(),
            audience: MESH.to_owned(),
            life: LIFE,
        };
        let token = signer.sign(&grant, Clock::system().now())?;
        Ok(format!("Bearer {token}").parse()?)
    });
    tokens.collect()
}

fn telemetry(watched: Watched<'_>) -> anyhow::Result<Telemetry> {
    let identity = Identity {
        service: "inventory".to_owned(),
        version: "0".to_owned(),
        instance: "bench".to_owned(),
    };
    let (endpoint, sample_ratio) = match watched {
        Watched::Off => (None, 0.0),
        Watched::Sampled(url) => (Setting::parse(url), 0.01),
    };
    let settings = TelemetrySettings {
        endpoint,
        sample_ratio,
        level: Level::Info,
    };
    Ok(Telemetry::start(
        &identity,
        &settings,
        Clock::system(),
        io::sink(),
    )?)
}

fn tokens() -> TokenSettings {
    TokenSettings {
        issuers: vec![ISSUER.to_owned()],
        keys_file: None,
        life_max: LIFE,
        development: true,
    }
}

/// The usual settings, but for the rates: they protect from a caller like this one.
fn edge_settings() -> EdgeSettings {
    EdgeSettings {
        calls_per_caller: 1_000_000,
        calls_per_tenant: 10_000_000,
        reads_in_flight: 64,
        writes_in_flight: 1_024,
        waiting_max: 64,
        wait_max: Duration::from_millis(50),
        write_wait_max: Duration::from_millis(300),
        strict: true,
    }
}

fn server_settings() -> anyhow::Result<ServerSettings> {
    Ok(ServerSettings {
        listen: ANYWHERE.parse()?,
        connections_max: 1_024,
        connections_per_peer: 1_024,
        streams_max: 2_000,
        age_max: LIFE,
        tls: None,
    })
}
