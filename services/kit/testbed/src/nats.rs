//! A real NATS server with JetStream, its store in a folder of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

use crate::error::{Error, Trying};
use crate::eventually;
use crate::parts::Parts;
use crate::port::Port;
use crate::process::{Plan, Process};
use crate::scratch::Scratch;

/// A running server may write into the folder while it is removed, so it is tried for this long.
const REMOVE_WITHIN: Duration = Duration::from_secs(5);

/// How a broker of a test is set.
#[derive(Clone, Debug, Default)]
pub struct NatsSettings {
    parts: Parts,
    sync_always: bool,
    config: String,
}

impl NatsSettings {
    /// Syncs every message before it is acknowledged; otherwise that is done every two minutes.
    #[must_use]
    pub fn sync_always(self) -> Self {
        Self {
            sync_always: true,
            ..self
        }
    }

    /// Adds to the configuration, in the server's own language: users, limits, clusters.
    #[must_use]
    pub fn config(mut self, more: &str) -> Self {
        self.config.push_str(more);
        self.config.push('\n');
        self
    }

    /// Takes the program from elsewhere.
    #[must_use]
    pub fn parts(self, parts: Parts) -> Self {
        Self { parts, ..self }
    }

    fn of_server(&self, address: SocketAddr, monitor: SocketAddr, store: &Path) -> String {
        let sync = if self.sync_always {
            "sync_interval: always"
        } else {
            ""
        };
        format!(
            "listen: \"{address}\"\nhttp: \"{monitor}\"\n\
             jetstream {{\n  store_dir: \"{}\"\n  {sync}\n}}\n{}",
            store.display(),
            self.config
        )
    }
}

/// A running broker. Copies are the same server, which ends with the last of them.
#[derive(Clone)]
pub struct Nats {
    server: Arc<Server>,
}

struct Server {
    process: Process,
    monitor: Port,
}

impl Nats {
    /// Returns the broker that all tests of this binary share, started at the first call.
    ///
    /// Tests share it by names of streams and subjects, and break only brokers of their own.
    pub async fn shared() -> Result<Self, Error> {
        static SHARED: OnceCell<Nats> = OnceCell::const_new();
        let start = async || Self::start(&NatsSettings::default()).await;
        SHARED.get_or_try_init(start).await.cloned()
    }

    /// Starts a broker on a fresh folder and a free port, and waits until JetStream answers.
    pub async fn start(settings: &NatsSettings) -> Result<Self, Error> {
        let program = settings.parts.nats_server()?;
        let scratch = Scratch::fresh("nats")?;
        let (port, monitor) = (Port::reserve()?, Port::reserve()?);
        let config = scratch.path().join("nats.conf");
        let store = scratch.path().join("store");
        let text = settings.of_server(port.address(), monitor.address(), &store);
        fs::write(&config, text).trying(|| format!("write {}", config.display()))?;
        let plan = Plan {
            what: "nats-server",
            program,
            arguments: vec!["-c".into(), config.into()],
            user: None,
            end: Signal::TERM,
        };
        let process = Process::new(plan, scratch, port)?;
        let nats = Self {
            server: Arc::new(Server { process, monitor }),
        };
        nats.restart().await?;
        Ok(nats)
    }

    /// Returns where the broker listens, the same after every restart.
    pub fn address(&self) -> SocketAddr {
        self.server.process.address()
    }

    /// Returns where the broker tells of itself by HTTP: `/varz`, `/jsz`, `/healthz`.
    pub fn monitor(&self) -> SocketAddr {
        self.server.monitor.address()
    }

    /// Returns the URL for clients, without a user.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// Returns the process id of the broker while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.process.pid()
    }

    /// Returns the folder of the broker, with `nats.conf`, `store` and `log` in it.
    pub fn folder(&self) -> &Path {
        self.server.process.folder()
    }

    /// Returns what the broker has logged so far.
    pub fn log(&self) -> String {
        self.server.process.log()
    }

    /// Kills the broker as `kill -9` does.
    ///
    /// What it had written stays in the memory of the kernel: this is no loss of power.
    pub fn kill(&self) -> Result<(), Error> {
        self.server.process.kill()
    }

    /// Stops the broker where it is: connections stay open and nobody answers.
    pub fn pause(&self) -> Result<(), Error> {
        self.server.process.pause()
    }

    /// Lets a paused broker run on.
    pub fn resume(&self) -> Result<(), Error> {
        self.server.process.resume()
    }

    /// Ends the broker in good order.
    pub async fn stop(&self) -> Result<(), Error> {
        self.server.process.stop().await
    }

    /// Starts the broker again on the same store and port, unless it runs, and waits until
    /// JetStream answers.
    pub async fn restart(&self) -> Result<(), Error> {
        let monitor = self.monitor();
        self.server
            .process
            .start(async || healthy(monitor).await)
            .await
    }

    /// Deletes all that JetStream has stored, whether the broker runs or not.
    ///
    /// A broker that runs keeps what it holds open and in memory until it is restarted.
    pub async fn drop_disk(&self) -> Result<(), Error> {
        let store = self.store();
        let remove = async || match fs::remove_dir_all(&store) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        let removed = eventually(REMOVE_WITHIN, "the store is removed", remove).await;
        let removed = removed.map_err(std::io::Error::other);
        removed.trying(|| format!("remove {}", store.display()))
    }

    fn store(&self) -> PathBuf {
        self.folder().join("store")
    }
}

/// Asks the broker whether JetStream is ready. It closes the connection after one answer.
async fn healthy(monitor: SocketAddr) -> Result<(), String> {
    let ask = async || {
        let mut stream = TcpStream::connect(monitor).await?;
        let question = "GET /healthz?js-enabled-only=true HTTP/1.0\r\n\r\n";
        stream.write_all(question.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    };
    let answer = ask()
        .await
        .map_err(|error: std::io::Error| error.to_string())?;
    let status = answer.split_whitespace().nth(1);
    if status == Some("200") {
        Ok(())
    } else {
        Err(answer)
    }
}
