//! Two replicas of the catalog and a consumer as processes, on a Postgres and a NATS of their own,
//! and callers who write to them. What is started here ends with it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use bus::provision::Provision;
use bus::relay;
use chassis::token::{Grant, MESH, Signer};
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgPool;
use testbed::{Database, Nats, NatsSettings, Postgres, PostgresSettings, Schema, eventually};
use tokio::net::{TcpSocket, TcpStream};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use vocab::{Clock, Id, TenantId, UserId};

use crate::bed::RETAIL;
use crate::tallies;
use crate::twin::{Control, Twin};

static TABLES: LazyLock<Migrator> = LazyLock::new(catalog::migrations);

/// A start with a cold cache on a busy machine takes the longest.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// How long a caller waits for an answer before it asks again.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a token lives: longer than any run.
const TOKEN_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// How long batches of the second replica rest between their writes and their commit.
pub const PAUSE: Duration = Duration::from_millis(60);
/// How many writers the second replica has, so that more transactions than two meet.
const WRITERS: usize = 3;

/// The processes and what they stand on.
pub struct Fleet {
    pub database: Database,
    pub tallies: Database,
    pub nats: Nats,
    replicas: [Replica; 2],
    consumer: Option<Child>,
    control: Option<Control>,
    token: String,
    folder: PathBuf,
}

struct Replica {
    address: SocketAddr,
    process: Option<Child>,
    /// Bound and never listening, so that nobody else is given the port.
    _reserved: TcpSocket,
}

/// Calls one replica.
#[derive(Clone)]
pub struct Caller {
    client: CatalogServiceClient<Channel>,
    bearer: String,
}

impl Fleet {
    /// Starts everything: the first replica is the binary as it ships, unless something is turned
    /// off; the second one has pauses, so that transactions overlap.
    pub async fn start(control: Option<Control>) -> Self {
        let mut fleet = Self::of(control).await;
        fleet.provision().await;
        for number in 0..fleet.replicas.len() {
            fleet.start_replica(number).await;
        }
        fleet.start_consumer();
        fleet
    }

    /// Starts one replica alone, which tells its figures to a collector.
    pub async fn lone(collector: &str) -> Self {
        let mut fleet = Self::of(None).await;
        fleet.provision().await;
        let mut command = Command::new(RETAIL);
        command
            .args(["serve", "catalog"])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
        fleet.launch(0, command).await;
        fleet
    }

    /// Starts two replicas as they ship, and no consumer.
    pub async fn shipped() -> Self {
        let mut fleet = Self::of(None).await;
        fleet.provision().await;
        for number in 0..fleet.replicas.len() {
            let mut command = Command::new(RETAIL);
            command.args(["serve", "catalog"]);
            fleet.launch(number, command).await;
        }
        fleet
    }

    async fn of(control: Option<Control>) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        // Processes die here and never the machine, so that what the system was given stays: to
        // wait for the disk shows nothing, and makes each start after a kill take many seconds.
        let server = PostgresSettings::default()
            // A circle of waits is found before anybody gives up.
            .with("deadlock_timeout", "20ms")
            .with("track_activity_query_size", "4096");
        let postgres = Postgres::start(&server).await.unwrap();
        let nats = Nats::start(&NatsSettings::default()).await.unwrap();
        let signer = Signer::for_development().unwrap();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("retail-fleet-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let keys = serde_json::to_vec(&signer.jwks()).unwrap();
        fs::write(folder.join("keys.json"), keys).unwrap();
        Self {
            database: postgres.database(&Schema::of(&TABLES)).await.unwrap(),
            tallies: postgres
                .database(&Schema::of(&tallies::TABLES))
                .await
                .unwrap(),
            nats,
            replicas: [Replica::reserve(), Replica::reserve()],
            consumer: None,
            control,
            token: token(&signer),
            folder,
        }
    }

    /// Starts a replica and waits until it listens.
    pub async fn start_replica(&mut self, number: usize) {
        let twin = Twin {
            control: self.control,
            pause: if number == 0 { Duration::ZERO } else { PAUSE },
            writers: if number == 0 { 1 } else { WRITERS },
        };
        let command = if number == 0 && self.control.is_none() {
            let mut command = Command::new(RETAIL);
            command.args(["serve", "catalog"]);
            command
        } else {
            twin.command("catalog")
        };
        self.launch(number, command).await;
    }

    async fn launch(&mut self, number: usize, mut command: Command) {
        let address = self.replicas[number].address;
        self.tell_all(&mut command, &format!("replica-{number}.log"));
        command
            .env("CATALOG_LISTEN", address.to_string())
            .env("CATALOG_CALLS_PER_CALLER", "100000")
            .env("CATALOG_CALLS_PER_TENANT", "100000")
            .env("CATALOG_DATABASE_URL", self.database.url())
            .env("CATALOG_LOG_URL", self.database.log_url())
            .env("CATALOG_SCAN_URL", self.database.scan_url());
        self.replicas[number].process = Some(on_two_processors(|| command.spawn().unwrap()));
        let listens = async || TcpStream::connect(address).await.map(drop);
        let listens = eventually(UP_WITHIN, "the replica listens", listens).await;
        listens.unwrap();
    }

    /// Starts the consumer; it reads as soon as it can.
    pub fn start_consumer(&mut self) {
        let twin = Twin {
            control: self.control,
            // Its transactions are seen in the catalog's snapshots too: they share a server.
            pause: Duration::from_millis(5),
            writers: 1,
        };
        let mut command = twin.command("tallies");
        self.tell_all(&mut command, "tallies.log");
        let owners = [0, 1].map(|it: usize| self.uri(it)).join(",");
        command
            .env("TALLIES_LISTEN", "127.0.0.1:0")
            .env("TALLIES_DATABASE_URL", self.tallies.url())
            .env("TALLIES_SCAN_URL", self.tallies.scan_url())
            .env("TALLIES_OWNERS", owners)
            .env("TALLIES_TOKEN", &self.token);
        self.consumer = Some(command.spawn().unwrap());
    }

    fn tell_all(&self, command: &mut Command, log: &str) {
        let log = self.folder.join(log);
        let log = File::options().create(true).append(true).open(log).unwrap();
        if !command
            .get_envs()
            .any(|it| it.0 == "OTEL_EXPORTER_OTLP_ENDPOINT")
        {
            command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        }
        command
            .env("RETAIL_PROFILE", "dev")
            .env("RETAIL_TOKEN_KEYS_FILE", self.folder.join("keys.json"))
            .env("RETAIL_TOKEN_LIFE_MAX", "12h")
            .env("NATS_URL", self.nats.url())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
    }

    /// Ends a replica as `kill -9` does.
    pub fn kill_replica(&mut self, number: usize) {
        end(self.replicas[number].process.take().unwrap());
    }

    /// Ends the consumer as `kill -9` does.
    pub fn kill_consumer(&mut self) {
        end(self.consumer.take().unwrap());
    }

    /// The process of a replica.
    pub fn process(&mut self, number: usize) -> &mut Child {
        self.replicas[number].process.as_mut().unwrap()
    }

    /// Where a replica listens.
    pub fn address(&self, number: usize) -> SocketAddr {
        self.replicas[number].address
    }

    /// Finds the replica whose relay holds the lock now.
    pub async fn leader(&self) -> usize {
        let pool = PgPool::connect_lazy(&self.database.log_url()).unwrap();
        let leads = async || {
            let status = relay::status(&pool, "catalog").await.ok()?;
            let is_it = |it: &Replica| {
                let pid = it.process.as_ref().map(Child::id);
                pid.is_some_and(|pid| status.leader == format!("catalog-{pid}"))
            };
            let found = self.replicas.iter().position(is_it);
            found.filter(|_| status.led)
        };
        let found = eventually(UP_WITHIN, "one of the replicas leads", leads).await;
        pool.close().await;
        found.unwrap()
    }

    /// Expects that nothing ended by itself.
    pub fn assert_alive(&mut self) {
        let replicas = self.replicas.iter_mut().map(|it| it.process.as_mut());
        for process in replicas.chain([self.consumer.as_mut()]) {
            assert_eq!(process.unwrap().try_wait().unwrap(), None);
        }
        assert!(self.nats.pid().is_some() && self.database.postgres().pid().is_some());
    }

    /// Counts the lines in which writers tell that their batch was in a deadlock.
    pub fn deadlocks_told(&self) -> usize {
        let logs = ["replica-0.log", "replica-1.log", "tallies.log"];
        let texts = logs.map(|it| fs::read_to_string(self.folder.join(it)).unwrap());
        let lines = texts.iter().flat_map(|it| it.lines());
        lines.filter(|it| it.contains("deadlock detected")).count()
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
        [self.caller(0), self.caller(1)]
    }

    /// A caller with a connection of its own.
    pub fn caller(&self, number: usize) -> Caller {
        let endpoint = Endpoint::from_shared(self.uri(number)).unwrap();
        let endpoint = endpoint.connect_timeout(Duration::from_secs(1));
        Caller {
            client: CatalogServiceClient::new(endpoint.connect_lazy()),
            bearer: format!("Bearer {}", self.token),
        }
    }

    fn uri(&self, number: usize) -> String {
        format!("http://{}", self.address(number))
    }
}

impl Replica {
    fn reserve() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(any).unwrap();
        Self {
            address: socket.local_addr().unwrap(),
            process: None,
            _reserved: socket,
        }
    }
}

impl Caller {
    pub fn client(&self) -> CatalogServiceClient<Channel> {
        self.client.clone()
    }

    /// A message with all that the catalog wants to know about a call.
    pub fn asking<M>(&self, message: M, within: Duration) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(within);
        let bearer = self.bearer.parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let replicas = self.replicas.iter_mut().map(|it| &mut it.process);
        for process in replicas.chain([&mut self.consumer]) {
            if let Some(process) = process.take() {
                end(process);
            }
        }
        // What the processes said is of use only where something went wrong.
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
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

/// Whose products they are.
pub fn tenant() -> TenantId {
    Id::at(1_700_000_000_000, [1; 10])
}

/// Starts a process that may use two processors, however many there are, and so has one writer
/// unless it is told otherwise.
fn on_two_processors(start: impl FnOnce() -> Child) -> Child {
    let all = sched_getaffinity(None).unwrap();
    let mut two = CpuSet::new();
    let allowed = (0..CpuSet::MAX_CPU).filter(|it| all.is_set(*it));
    allowed.take(2).for_each(|it| two.set(it));
    sched_setaffinity(None, &two).unwrap();
    let started = start();
    sched_setaffinity(None, &all).unwrap();
    started
}

fn end(mut process: Child) {
    process.kill().ok();
    process.wait().ok();
}

fn token(signer: &Signer) -> String {
    let permissions = [
        "product.read",
        "product.write",
        "product.publish",
        "event.fetch",
    ];
    let grant = Grant {
        tenant: tenant(),
        subject: UserId::at(1, [9; 10]).to_string(),
        permissions: permissions.map(str::to_owned).into(),
        customer: None,
        locations: Vec::new(),
        session: "ses".to_owned(),
        audience: MESH.to_owned(),
        life: TOKEN_LIFE,
    };
    signer.sign(&grant, Clock::system().now()).unwrap()
}
