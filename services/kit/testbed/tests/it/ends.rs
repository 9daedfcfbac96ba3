//! However a process ends, its servers end too; what survives even that, the next run cleans.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use testbed::eventually;

use crate::SOON;

/// A process with two servers, and what it said of them.
struct Doomed {
    process: Child,
    servers: Vec<(String, PathBuf)>,
    /// The children of the servers: a Postgres is many processes.
    kin: Vec<String>,
}

impl Doomed {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doomed"));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let servers = lines.take(2).map(|line| {
            let line = line.unwrap();
            let (pid, folder) = line.split_once(' ').unwrap();
            (pid.to_owned(), PathBuf::from(folder))
        });
        let servers: Vec<_> = servers.collect();
        assert_eq!(servers.len(), 2);
        assert!(
            servers
                .iter()
                .all(|(pid, folder)| runs(pid) && folder.is_dir())
        );
        let kin = servers.iter().flat_map(|(pid, _)| children_of(pid));
        let kin = kin.collect();
        Self {
            process,
            servers,
            kin,
        }
    }

    fn meet(&mut self, end: &str) {
        let mut stdin = self.process.stdin.take().unwrap();
        writeln!(stdin, "{end}").unwrap();
        self.process.wait().unwrap();
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn is_gone(&self) -> Result<(), String> {
        let folders = self.servers.iter().filter(|(_, folder)| folder.exists());
        let pids = self.servers.iter().map(|(pid, _)| pid).chain(&self.kin);
        let left: Vec<_> = pids.filter(|pid| runs(pid)).collect();
        if folders.count() == 0 && left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?} of {:?} are left", self.servers))
        }
    }
}

/// Says whether a process runs; one that has ended and is not reaped has no command line.
fn runs(pid: &str) -> bool {
    let proc = Path::new("/proc");
    if proc.join("self").exists() {
        return std::fs::read(proc.join(pid).join("cmdline")).is_ok_and(|it| !it.is_empty());
    }
    Command::new("ps")
        .args(["-p", pid])
        .output()
        .unwrap()
        .status
        .success()
}

#[tokio::test]
async fn no_server_outlives_the_process_that_started_it() {
    let ends = ["return", "exit", "panic", "abort", "pause", "kill -9"];
    let mut doomed = ends.map(|end| (end, Doomed::start()));
    for (end, doomed) in &mut doomed {
        if *end == "kill -9" {
            doomed.kill();
        } else {
            doomed.meet(end);
        }
    }
    for (end, doomed) in &doomed {
        let gone = async || doomed.is_gone();
        let what = format!("servers end after {end}");
        eventually(SOON, &what, gone).await.unwrap();
    }
}

/// The keepers are killed with their process, as by a system that kills a whole session.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_next_run_cleans_what_a_killed_one_and_its_keepers_left() {
    let mut doomed = Doomed::start();
    let alive = Doomed::start();
    for keeper in keepers_of(&doomed) {
        let kill = Command::new("kill")
            .args(["-KILL", &keeper])
            .status()
            .unwrap();
        assert!(kill.success());
    }
    doomed.kill();
    assert!(
        doomed
            .servers
            .iter()
            .all(|(pid, folder)| runs(pid) && folder.is_dir())
    );
    let next = Doomed::start();
    let gone = async || doomed.is_gone();
    eventually(SOON, "the leftovers are cleaned", gone)
        .await
        .unwrap();
    for mut other in [alive, next] {
        assert!(
            other
                .servers
                .iter()
                .all(|(pid, folder)| runs(pid) && folder.is_dir())
        );
        other.meet("return");
    }
}

/// Returns the children of a process that are none of its servers.
#[cfg(target_os = "linux")]
fn keepers_of(doomed: &Doomed) -> Vec<String> {
    let mut keepers = children_of(&doomed.process.id().to_string());
    keepers.retain(|pid| doomed.servers.iter().all(|(server, _)| server != pid));
    assert_eq!(keepers.len(), 2);
    keepers
}

/// Returns the children of a process; none where there is no `/proc`.
fn children_of(parent: &str) -> Vec<String> {
    let folders = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = folders.filter_map(|it| it.file_name().into_string().ok());
    let children = pids.filter(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.rsplit(')').next().unwrap_or_default();
        rest.split_whitespace().nth(1) == Some(parent)
    });
    children.collect()
}
