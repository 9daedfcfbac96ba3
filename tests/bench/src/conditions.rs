//! Under which conditions a run was made: without them its numbers say nothing.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use sqlx::{Connection, PgConnection, Row};
use tokio::time::Instant;

/// Syncs of one probe.
const SYNCS: usize = 200;
/// The longest that one probe takes, on a disk that hardly answers.
const PROBE_MAX: Duration = Duration::from_secs(2);
/// What is written before each sync: one page of the write-ahead log.
const PAGE: [u8; 8192] = [7; 8192];
/// Settings of the server that a durable run depends on, and those that shape it.
const SETTINGS: [&str; 10] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "autovacuum",
    "max_connections",
];

/// How long one sync of the disk takes, the median of a probe.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Sync(pub Duration);

impl Sync {
    /// Writes and syncs a file beside the data of the server, as the server does at a commit.
    pub async fn probe(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("probe");
        let probe = tokio::task::spawn_blocking(move || {
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            let began = Instant::now();
            let mut times = Vec::with_capacity(SYNCS);
            while times.len() < SYNCS && began.elapsed() < PROBE_MAX {
                let began = Instant::now();
                file.write_all(&PAGE)?;
                rustix::fs::fdatasync(&file)?;
                times.push(began.elapsed());
            }
            fs::remove_file(&path)?;
            times.sort_unstable();
            anyhow::Ok(times.get(times.len() / 2).copied().unwrap_or_default())
        });
        Ok(Self(probe.await??))
    }
}

/// Describes the machine.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|it| it.strip_prefix("model name"));
    let model = model
        .and_then(|it| it.split_once(':'))
        .map_or("?", |it| it.1.trim());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    let kernel = kernel.trim();
    let load = load.join(" ");
    format!("{cores} processors ({model}), Linux {kernel}, load before the run {load}")
}

/// Describes the settings of the server.
pub async fn server(url: &str) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(url).await?;
    let mut settings = Vec::new();
    for name in SETTINGS {
        let query = sqlx::query("SELECT current_setting($1)").bind(name);
        let value: String = query.fetch_one(&mut connection).await?.try_get(0)?;
        settings.push(format!("{name}={value}"));
    }
    connection.close().await?;
    Ok(settings.join(" "))
}
