//! Three replicas of inventory as processes of the binary, on a Postgres of their own, and buyers.
//! What is started here ends with it.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::time::Duration;

use chassis::token::{Grant, MESH, Signer};
use contracts::inventory::inventory_service_client::InventoryServiceClient;
use sqlx::migrate::Migrator;
use testbed::{Database, Postgres, PostgresSettings, Schema, eventually};
use tokio::net::TcpStream;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use vocab::{Clock, Id, TenantId, UserId};

use crate::bed::RETAIL;

static TABLES: LazyLock<Migrator> = LazyLock::new(inventory::migrations);

/// A start with a cold cache on a busy machine takes the longest.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// How long a buyer waits for an answer before it asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// What buyers and the warehouse may do.
const PERMISSIONS: [&str; 4] = [
    "stock.receive",
    "stock.reserve",
    "stock.commit",
    "reservation.read",
];

/// The replicas and what they stand on.
pub struct Trio {
    pub database: Database,
    replicas: [Replica; 3],
    token: String,
    folder: PathBuf,
}

struct Replica {
    address: SocketAddr,
    process: Option<Child>,
}

/// Asks one replica.
#[derive(Clone)]
pub struct Asker {
    pub client: InventoryServiceClient<Channel>,
    token: String,
}

pub fn tenant() -> TenantId {
    Id::at(1_700_000_000_000, [1; 10])
}

impl Trio {
    pub async fn start() -> Self {
        let postgres = Postgres::start(&PostgresSettings::durable()).await.unwrap();
        let signer = Signer::for_development().unwrap();
        let folder = std::env::temp_dir().join(format!("retail-trio-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let keys = serde_json::to_vec(&signer.jwks()).unwrap();
        fs::write(folder.join("keys.json"), keys).unwrap();
        let mut trio = Self {
            database: postgres.database(&Schema::of(&TABLES)).await.unwrap(),
            replicas: free_addresses().map(|address| Replica {
                address,
                process: None,
            }),
            token: token(&signer),
            folder,
        };
        for number in 0..3 {
            trio.start_replica(number).await;
        }
        trio
    }

    /// Starts a replica and waits until it listens.
    pub async fn start_replica(&mut self, number: usize) {
        let log = self.folder.join(format!("replica-{number}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        let address = self.replicas[number].address;
        let mut command = Command::new(RETAIL);
        command
            .args(["serve", "inventory"])
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .env_remove("NATS_URL")
            .env("RETAIL_PROFILE", "dev")
            .env("RETAIL_TOKEN_KEYS_FILE", self.folder.join("keys.json"))
            .env("INVENTORY_LISTEN", address.to_string())
            .env("INVENTORY_CALLS_PER_CALLER", "100000")
            .env("INVENTORY_CALLS_PER_TENANT", "100000")
            .env("INVENTORY_DATABASE_URL", self.database.url())
            .env("INVENTORY_LOG_URL", self.database.log_url())
            .env("INVENTORY_SCAN_URL", self.database.scan_url())
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

    /// Who asks each replica.
    pub fn askers(&self) -> [Asker; 3] {
        [0, 1, 2].map(|number: usize| {
            let uri = format!("http://{}", self.replicas[number].address);
            let endpoint = Endpoint::from_shared(uri).unwrap();
            let endpoint = endpoint.connect_timeout(Duration::from_secs(1));
            Asker {
                client: InventoryServiceClient::new(endpoint.connect_lazy()),
                token: self.token.clone(),
            }
        })
    }
}

impl Asker {
    pub fn asking<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(ANSWER_WITHIN);
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }
}

impl Drop for Trio {
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
        tenant: tenant(),
        subject: UserId::at(1, [9; 10]).to_string(),
        permissions: PERMISSIONS.map(str::to_owned).into(),
        customer: None,
        locations: Vec::new(),
        session: "ses".to_owned(),
        audience: MESH.to_owned(),
        life: Duration::from_secs(600),
    };
    signer.sign(&grant, Clock::system().now()).unwrap()
}

/// Three addresses where nobody listens: all are held before one is let go.
fn free_addresses() -> [SocketAddr; 3] {
    let held = [0, 1, 2].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    [0, 1, 2].map(|number: usize| held[number].local_addr().unwrap())
}
