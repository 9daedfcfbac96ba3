//! What a journey goes through: the catalog on a port and on its database, the broker with its
//! streams, a consumer on a database of its own, and the collector that all of them report to.

use std::io::sink;
use std::sync::LazyLock;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use bus::provision::Provision;
use chassis::client::{Addresses, Credentials, Door, NetworkSettings, Origin, Peer, Retries};
use chassis::contract::Contracts;
use chassis::service::{Host, Running, Service};
use chassis::settings::{Environment, Secret, Setting as _, Url};
use chassis::tasks::Tasks;
use chassis::telemetry::{Identity, Level, Telemetry, TelemetrySettings};
use chassis::token::{Grant, MESH, Signer};
use sqlx::migrate::Migrator;
use testbed::{Database, Nats, NatsSettings, Postgres, Schema};
use tonic::transport::{Channel, Endpoint};
use vocab::{Clock, Id, TenantId, UserId};

use crate::collector::Collector;
use crate::copies;

/// The service at the beginning of the journeys.
const CATALOG: &str = "catalog";

static TABLES: LazyLock<Migrator> = LazyLock::new(catalog::migrations);

/// Everything that a journey goes through.
pub struct Stack {
    /// The database of the catalog.
    pub catalog: Database,
    /// The database of the consumer.
    pub copies: Database,
    pub collector: Collector,
    /// What callers are watched by.
    pub caller: Telemetry,
    pub jetstream: Context,
    pub running: Running,
    signer: Signer,
    tasks: Tasks,
    _copying: Telemetry,
    _nats: Nats,
}

impl Stack {
    pub async fn start() -> Self {
        Self::with(|_| Vec::new(), &[]).await
    }

    /// The catalog in one process with other services, which know a member of the staff by its
    /// token, and what they are told.
    pub async fn with(
        others: impl FnOnce(String) -> Vec<Service>,
        told: &[(&'static str, &str)],
    ) -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let catalog = postgres.database(&Schema::of(&TABLES)).await.unwrap();
        let tables = Schema::of(&copies::TABLES);
        let copies = postgres.database(&tables).await.unwrap();
        // The stream bears the name that it has in every installation, so the broker is our own.
        let nats = Nats::start(&NatsSettings::default()).await.unwrap();
        let jetstream = jetstream::new(async_nats::connect(nats.url()).await.unwrap());
        let provision = Provision {
            max_bytes: 64 << 20,
            ..Provision::default()
        };
        provision.apply(&jetstream, &[CATALOG]).await.unwrap();
        let (collector, tasks) = (Collector::start().await, Tasks::default());
        let copying = telemetry(copies::NAME, &collector);
        tracing::dispatcher::with_default(&copying.dispatch(), || {
            copies::start(&copies, jetstream.clone(), &tasks);
        });
        let signer = Signer::for_development().unwrap();
        let own = environment(&catalog, &nats, &collector, &signer);
        let told = told
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let environment: Environment = own.into_iter().chain(told).collect();
        let services = [catalog::service()]
            .into_iter()
            .chain(others(token(&signer)));
        Self {
            caller: telemetry("caller", &collector),
            running: serve(services.collect(), &environment).await,
            catalog,
            copies,
            collector,
            jetstream,
            signer,
            tasks,
            _copying: copying,
            _nats: nats,
        }
    }

    /// The catalog as a peer behind its port.
    pub fn over_tcp(&self) -> Peer {
        self.peer(CATALOG)
    }

    /// A service as a peer behind its port.
    pub fn peer(&self, name: &'static str) -> Peer {
        let addresses = Addresses::fixed([self.running.address(name).unwrap()]);
        Peer::over_network(&self.origin(), name, addresses, NetworkSettings::default())
    }

    /// The catalog as a peer in the same process.
    pub fn in_memory(&self) -> Peer {
        let door = Door::to(self.running.edge(CATALOG).unwrap());
        Peer::in_memory(&self.origin(), CATALOG, &door)
    }

    /// Ends everything, and says whether all of it had been well.
    pub async fn end(self) {
        self.tasks.request_shutdown();
        assert!(self.tasks.fatal().is_none(), "{:?}", self.tasks.fatal());
        self.running.end().await.unwrap();
    }

    /// A member of the staff calls.
    fn origin(&self) -> Origin {
        let token = token(&self.signer);
        Origin {
            contracts: Contracts::built().unwrap(),
            credentials: Credentials::token(&Secret::new(token)).unwrap(),
            tasks: self.tasks.clone(),
            retries: Retries::Elsewhere,
        }
    }
}

/// What a member of the staff shows.
fn token(signer: &Signer) -> String {
    let permissions = [
        "product.read",
        "product.write",
        "product.publish",
        "dispute.read",
    ];
    let grant = Grant {
        tenant: tenant(),
        subject: UserId::at(1, [9; 10]).to_string(),
        permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
        customer: None,
        locations: Vec::new(),
        session: "ses".to_owned(),
        audience: MESH.to_owned(),
        life: Duration::from_secs(600),
    };
    signer.sign(&grant, Clock::system().now()).unwrap()
}

/// A connection to a service.
pub async fn channel(running: &Running, service: &str) -> Channel {
    let address = running.address(service).unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

/// Whose products travel.
pub fn tenant() -> TenantId {
    Id::at(1_700_000_000_000, [1; 10])
}

fn telemetry(name: &str, collector: &Collector) -> Telemetry {
    let identity = Identity {
        service: name.to_owned(),
        version: "1".to_owned(),
        instance: format!("{name}-1"),
    };
    let settings = TelemetrySettings {
        endpoint: Url::parse(&collector.otlp),
        sample_ratio: 1.0,
        level: Level::Warn,
    };
    Telemetry::start(&identity, &settings, Clock::system(), sink()).unwrap()
}

fn environment(
    database: &Database,
    nats: &Nats,
    collector: &Collector,
    signer: &Signer,
) -> Vec<(&'static str, String)> {
    let keys = nats.folder().join("keys.json");
    std::fs::write(&keys, serde_json::to_vec(&signer.jwks()).unwrap()).unwrap();
    vec![
        ("RETAIL_PROFILE", "dev".to_owned()),
        ("RETAIL_TOKEN_KEYS_FILE", keys.display().to_string()),
        ("CATALOG_LISTEN", "127.0.0.1:0".to_owned()),
        ("CATALOG_DATABASE_URL", database.url()),
        ("CATALOG_SCAN_URL", database.scan_url()),
        ("CATALOG_LOG_URL", database.log_url()),
        ("CATALOG_NATS_URL", nats.url()),
        ("NATS_URL", "nats://127.0.0.1:1".to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.otlp.clone()),
    ]
}

async fn serve(services: Vec<Service>, environment: &Environment) -> Running {
    let host = Host {
        environment,
        clock: Clock::system(),
        lines: &|| match std::env::var_os("SHOW_LINES") {
            Some(_) => Box::new(std::io::stderr()),
            None => Box::new(sink()),
        },
    };
    Running::start(services, &host).await.unwrap()
}
