//! A real Postgres: one for all tests of a binary, or one of a test's own to break.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, geteuid};
use sqlx::{Connection, PgConnection};
use tokio::sync::{Mutex, OnceCell};

use crate::error::{Error, Trying};
use crate::parts::Parts;
use crate::port::Port;
use crate::process::{Plan, Process};
use crate::scratch::{self, NOBODY, Scratch};

mod database;
mod schema;
mod settings;

pub use database::Database;
pub use schema::Schema;
pub use settings::PostgresSettings;

/// The role that may do everything; services and migrations have roles of their own.
const SUPERUSER: &str = "postgres";

/// A running Postgres. Copies are the same server, which ends with the last of them.
#[derive(Clone)]
pub struct Postgres {
    server: Arc<Server>,
}

struct Server {
    process: Process,
    /// Of every role; it also tells our server from any other on the port.
    password: String,
    /// The templates that are ready, by name; locked while one is built.
    templates: Mutex<Vec<String>>,
    databases: AtomicU64,
}

impl Postgres {
    /// Returns the server that all tests of this binary share, started at the first call.
    ///
    /// It does not sync and ends with the process. Tests share it by databases, and break only
    /// servers of their own.
    pub async fn shared() -> Result<Self, Error> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        let start = async || Self::start(&PostgresSettings::default()).await;
        SHARED.get_or_try_init(start).await.cloned()
    }

    /// Starts a server on a fresh folder and a free port, and waits until it answers.
    pub async fn start(settings: &PostgresSettings) -> Result<Self, Error> {
        let parts = settings.parts.for_postgres()?;
        let scratch = Scratch::fresh("postgres")?;
        let password = scratch::random()?;
        make_cluster(&parts, scratch.path(), &password).await?;
        let port = Port::reserve()?;
        let mut arguments: Vec<OsString> = vec!["-D".into(), scratch.path().join("data").into()];
        for (name, value) in settings.of_server(port.address()) {
            arguments.extend(["-c".into(), format!("{name}={value}").into()]);
        }
        let plan = Plan {
            what: "postgres",
            program: parts.postgres("postgres")?,
            arguments,
            user: user(),
            end: Signal::INT,
        };
        let server = Server {
            process: Process::new(plan, scratch, port)?,
            password,
            templates: Mutex::default(),
            databases: AtomicU64::new(0),
        };
        let postgres = Self {
            server: Arc::new(server),
        };
        postgres.restart().await?;
        Ok(postgres)
    }

    /// Makes a database with the tables of a schema, for one test alone.
    pub async fn database(&self, schema: &Schema<'_>) -> Result<Database, Error> {
        let number = self.server.databases.fetch_add(1, Ordering::Relaxed);
        Database::make(self.clone(), schema, format!("test_{number}")).await
    }

    /// Returns where the server listens, the same after every restart.
    pub fn address(&self) -> SocketAddr {
        self.server.process.address()
    }

    /// Returns the URL of a database for the role that may do everything.
    pub fn admin_url(&self, database: &str) -> String {
        self.url(SUPERUSER, database, self.address())
    }

    /// Returns the process id of the server while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.process.pid()
    }

    /// Returns the folder of the server, with `data` and `log` in it.
    pub fn folder(&self) -> &Path {
        self.server.process.folder()
    }

    /// Returns what the server has logged so far.
    pub fn log(&self) -> String {
        self.server.process.log()
    }

    /// Kills the server with all its children, as `kill -9` does.
    ///
    /// What it had written stays in the memory of the kernel: this is no loss of power.
    pub fn kill(&self) -> Result<(), Error> {
        self.server.process.kill()
    }

    /// Stops the server where it is: connections stay open and nobody answers.
    pub fn pause(&self) -> Result<(), Error> {
        self.server.process.pause()
    }

    /// Lets a paused server run on.
    pub fn resume(&self) -> Result<(), Error> {
        self.server.process.resume()
    }

    /// Ends the server in good order: it breaks connections, and writes all it has.
    pub async fn stop(&self) -> Result<(), Error> {
        self.server.process.stop().await
    }

    /// Starts the server again on the same data and port, unless it runs, and waits until it
    /// answers.
    pub async fn restart(&self) -> Result<(), Error> {
        let url = self.admin_url(SUPERUSER);
        let ready = async || answers(&url).await.map_err(|error| error.to_string());
        self.server.process.start(ready).await
    }

    fn url(&self, role: &str, database: &str, address: SocketAddr) -> String {
        let password = &self.server.password;
        format!("postgres://{role}:{password}@{address}/{database}?sslmode=disable")
    }

    async fn connect(&self, database: &str) -> Result<PgConnection, Error> {
        Ok(PgConnection::connect(&self.admin_url(database)).await?)
    }
}

async fn answers(url: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query("SELECT 1").execute(&mut connection).await?;
    connection.close().await
}

/// The user that Postgres runs as: it refuses to be root.
fn user() -> Option<u32> {
    geteuid().is_root().then_some(NOBODY)
}

/// Makes the folder of data, which belongs to the user that Postgres runs as.
async fn make_cluster(parts: &Parts, folder: &Path, password: &str) -> Result<(), Error> {
    let (data, secret) = (folder.join("data"), folder.join("password"));
    let prepared = fs::create_dir(&data).and_then(|()| fs::write(&secret, password));
    let prepared = prepared.and_then(|()| chown(&data, user(), user()));
    let prepared = prepared.and_then(|()| chown(&secret, user(), user()));
    prepared.trying(|| format!("prepare {}", data.display()))?;
    let mut command = Command::new(parts.postgres("initdb")?);
    command.env_clear().env("LC_ALL", "C").current_dir(folder);
    command
        .arg("-D")
        .arg(&data)
        .arg("--pwfile")
        .arg(&secret)
        .args(["-U", SUPERUSER]);
    command.args([
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-sync",
        "--no-instructions",
    ]);
    command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
    if let Some(user) = user() {
        command.uid(user).gid(user);
    }
    let run = tokio::task::spawn_blocking(move || command.output());
    let output = run.await.map_err(std::io::Error::from).flatten();
    let output = output.trying(|| "run initdb".to_owned())?;
    if output.status.success() {
        return fs::remove_file(&secret).trying(|| format!("remove {}", secret.display()));
    }
    Err(Error::Ended {
        what: "initdb",
        how: output.status.to_string(),
        log: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
