//! Two replicas of the catalog as processes of the binary, on a Postgres and a NATS of their own,
//! and callers who write to them. What is started here ends with it.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use bus::provision::Provision;
use chassis::token::{Grant, MESH, Signer};
use contracts::catalog as pb;
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use sqlx::migrate::Migrator;
use testbed::{Database, Nats, NatsSettings, Postgres, PostgresSettings, Schema, eventually};
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use vocab::{Clock, Id, UserId};

use crate::bed::RETAIL;

static TABLES: LazyLock<Migrator> = LazyLock::new(catalog::migrations);

/// A start with a cold cache on a busy machine takes the longest.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// How long a caller waits for an answer before it asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The replicas and what they stand on.
pub struct Pair {
    pub database: Database,
    pub nats: Nats,
    replicas: [Replica; 2],
    token: String,
    folder: PathBuf,
}

struct Replica {
    address: SocketAddr,
    process: Option<Child>,
}

/// Writes to one replica.
pub struct Caller {
    client: CatalogServiceClient<Channel>,
    token: String,
}

impl Pair {
    pub async fn start() -> Self {
        let postgres = Postgres::start(&PostgresSettings::durable()).await.unwrap();
        let nats = Nats::start(&NatsSettings::default()).await.unwrap();
        let signer = Signer::for_development().unwrap();
        let folder = std::env::temp_dir().join(format!("retail-pair-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let keys = serde_json::to_vec(&signer.jwks()).unwrap();
        fs::write(folder.join("keys.json"), keys).unwrap();
        let mut pair = Self {
            database: postgres.database(&Schema::of(&TABLES)).await.unwrap(),
            nats,
            replicas: free_addresses().map(|address| Replica {
                address,
                process: None,
            }),
            token: token(&signer),
            folder,
        };
        pair.provision().await;
        pair.start_replica(0).await;
        pair.start_replica(1).await;
        pair
    }

    /// Starts a replica and waits until it listens.
    pub async fn start_replica(&mut self, number: usize) {
        let log = self.folder.join(format!("replica-{number}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        let address = self.replicas[number].address;
        let mut command = Command::new(RETAIL);
        command
            .args(["serve", "catalog"])
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .env("RETAIL_PROFILE", "dev")
            .env("RETAIL_TOKEN_KEYS_FILE", self.folder.join("keys.json"))
            .env("CATALOG_LISTEN", address.to_string())
            .env("CATALOG_CALLS_PER_CALLER", "100000")
            .env("CATALOG_CALLS_PER_TENANT", "100000")
            .env("CATALOG_DATABASE_URL", self.database.url())
            .env("CATALOG_LOG_URL", self.database.log_url())
            .env("CATALOG_SCAN_URL", self.database.scan_url())
            .env("NATS_URL", self.nats.url())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.replicas[number].process = Some(command.spawn().unwrap());
        let listens = async || TcpStream::connect(address).await.map(drop);
        eventually(UP_WITHIN, "the replica listens", listens)
            .await
            .unwrap();
    }

    /// Ends a replica as `kill -9` does.
    pub fn kill_replica(&mut self, number: usize) {
        let mut process = self.replicas[number].process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Expects that nothing ended by itself.
    pub fn assert_alive(&mut self) {
        for replica in &mut self.replicas {
            let process = replica.process.as_mut().unwrap();
            assert_eq!(process.try_wait().unwrap(), None);
        }
        assert!(self.nats.pid().is_some() && self.database.postgres().pid().is_some());
    }

    /// Makes the stream of the catalog, as a deployment does.
    pub async fn provision(&self) {
        let jetstream = self.jetstream().await;
        let provision = Provision::default();
        provision.apply(&jetstream, &["catalog"]).await.unwrap();
    }

    pub async fn jetstream(&self) -> Context {
        jetstream::new(async_nats::connect(self.nats.url()).await.unwrap())
    }

    /// A caller of each replica.
    pub fn callers(&self) -> [Caller; 2] {
        [0, 1].map(|number| {
            let uri = format!("http://{}", self.replicas[number].address);
            let endpoint = Endpoint::from_shared(uri).unwrap();
            let endpoint = endpoint.connect_timeout(Duration::from_secs(1));
            Caller {
                client: CatalogServiceClient::new(endpoint.connect_lazy()),
                token: self.token.clone(),
            }
        })
    }

    /// Whether what was answered says nothing about the write itself, so that it is asked again.
    pub fn may_pass(status: &Status) -> bool {
        let passing = [
            Code::Unavailable,
            Code::DeadlineExceeded,
            Code::Cancelled,
            Code::Aborted,
            Code::ResourceExhausted,
            Code::Unknown,
            Code::Internal,
        ];
        passing.contains(&status.code())
    }
}

impl Caller {
    pub async fn create(&self, message: pb::CreateProductRequest) -> Result<pb::Product, Status> {
        let request = self.asking(message);
        let answered = self.client.clone().create_product(request).await?;
        Ok(answered.into_inner().product.unwrap())
    }

    pub async fn update(&self, message: pb::UpdateProductRequest) -> Result<pb::Product, Status> {
        let request = self.asking(message);
        let answered = self.client.clone().update_product(request).await?;
        Ok(answered.into_inner().product.unwrap())
    }

    fn asking<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(ANSWER_WITHIN);
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for replica in &mut self.replicas {
            if let Some(mut process) = replica.process.take() {
                process.kill().ok();
                process.wait().ok();
            }
        }
        // What the replicas said is of use only where something went wrong.
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

fn token(signer: &Signer) -> String {
    let grant = Grant {
        tenant: Id::at(1_700_000_000_000, [1; 10]),
        subject: UserId::at(1, [9; 10]).to_string(),
        permissions: ["product.read", "product.write"].map(str::to_owned).into(),
        customer: None,
        locations: Vec::new(),
        session: "ses".to_owned(),
        audience: MESH.to_owned(),
        life: Duration::from_secs(600),
    };
    signer.sign(&grant, Clock::system().now()).unwrap()
}

/// Two addresses where nobody listens: both are held before one is let go.
fn free_addresses() -> [SocketAddr; 2] {
    let held = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    [0, 1].map(|number: usize| held[number].local_addr().unwrap())
}
