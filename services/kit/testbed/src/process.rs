//! A server as a process: started, made to fail in the ways that tests need, reaped and ended.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::{Error, Trying};
use crate::keeper::Keeper;
use crate::port::Port;
use crate::scratch::Scratch;
use crate::{eventually, kin};

/// How long a server may take until it answers. Recovery after a kill is the longest of it.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a server may take to end when it is asked to.
const END_WITHIN: Duration = Duration::from_secs(10);
/// How often a start is tried. One may fail where a killed server has not quite gone, or where
/// the port was taken after all.
const STARTS_MAX: u32 = 5;
/// The pause before the second start; the later ones are multiples of it.
const START_PAUSE: Duration = Duration::from_millis(100);
/// How much of its log a failed server shows.
const LOG_LINES: usize = 15;

/// How to start a server.
pub struct Plan {
    /// What it is called in messages.
    pub what: &'static str,
    /// Its program.
    pub program: PathBuf,
    /// What it is started with.
    pub arguments: Vec<OsString>,
    /// The user and group it runs as, if not as this process.
    pub user: Option<u32>,
    /// The signal that asks it to end in good order.
    pub end: Signal,
}

/// A server that runs, or could.
pub struct Process {
    plan: Plan,
    state: Mutex<State>,
    port: Port,
    scratch: Scratch,
}

struct State {
    child: Option<Child>,
    keeper: Keeper,
}

impl Process {
    /// Takes over a folder and a port for a server that is not started yet.
    pub fn new(plan: Plan, scratch: Scratch, port: Port) -> Result<Self, Error> {
        let keeper = Keeper::of(scratch.path())?;
        let state = Mutex::new(State {
            child: None,
            keeper,
        });
        Ok(Self {
            plan,
            state,
            port,
            scratch,
        })
    }

    /// Returns where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Returns the folder of the server.
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// Returns the process id of the server while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.state().child.as_ref().map(Child::id)
    }

    /// Returns what the server has written so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Starts the server if it does not run, and waits until it is ready.
    pub async fn start(&self, ready: impl AsyncFn() -> Result<(), String>) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            self.spawn()?;
            match self.until_ready(&ready).await {
                Err(Error::Ended { .. }) if tries < STARTS_MAX => tries += 1,
                outcome => return outcome,
            }
            tokio::time::sleep(START_PAUSE * tries).await;
        }
    }

    /// Asks the server to end in good order and waits for it.
    pub async fn stop(&self) -> Result<(), Error> {
        self.resume()?;
        self.signal(self.pid_alive()?, self.plan.end)?;
        let ended = eventually(END_WITHIN, "it has ended", async || self.exited().is_some());
        ended.await.map_err(|late| self.not_ready(late))
    }

    /// Kills the server and all its children, as `kill -9` does, and reaps it.
    pub fn kill(&self) -> Result<(), Error> {
        let parent = self.pid_alive()?;
        self.signal(parent, Signal::STOP)?;
        for kin in kin::descendants(parent) {
            // One that ended meanwhile stays its stopped parent's, so no other bears its pid.
            kill_process(kin, Signal::KILL).ok();
        }
        self.signal(parent, Signal::KILL)?;
        self.reap()
    }

    /// Stops the server and all its children where they are, with their connections open.
    pub fn pause(&self) -> Result<(), Error> {
        let parent = self.pid_alive()?;
        self.signal(parent, Signal::STOP)?;
        self.signal_kin(parent, Signal::STOP);
        Ok(())
    }

    /// Lets a paused server run on.
    pub fn resume(&self) -> Result<(), Error> {
        let parent = self.pid_alive()?;
        self.signal_kin(parent, Signal::CONT);
        self.signal(parent, Signal::CONT)
    }

    fn spawn(&self) -> Result<(), Error> {
        let mut state = self.state();
        if state.child.is_some() {
            return Ok(());
        }
        let child = self.command()?.spawn();
        let child = child.trying(|| format!("start {}", self.plan.program.display()))?;
        let pid = Pid::from_child(&child);
        state.child = Some(child);
        state.keeper.keep(pid)
    }

    fn command(&self) -> Result<Command, Error> {
        let path = self.log_path();
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let log = log.and_then(|log| Ok((log.try_clone()?, log)));
        let (output, errors): (File, File) = log.trying(|| format!("open {}", path.display()))?;
        let mut command = Command::new(&self.plan.program);
        command
            .args(&self.plan.arguments)
            .current_dir(self.folder())
            .process_group(0);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        if let Some(user) = self.plan.user {
            command.uid(user).gid(user);
        }
        Ok(command)
    }

    async fn until_ready(&self, ready: impl AsyncFn() -> Result<(), String>) -> Result<(), Error> {
        let is_ready = async || match self.exited() {
            Some(status) => Ok(Some(status)),
            None => ready().await.map(|()| None),
        };
        match eventually(READY_WITHIN, "it answers", is_ready).await {
            Ok(None) => Ok(()),
            Ok(Some(how)) => Err(Error::Ended {
                what: self.plan.what,
                how,
                log: self.log_end(),
            }),
            Err(late) => Err(self.not_ready(late)),
        }
    }

    /// Reaps the server if it has ended, and says how.
    fn exited(&self) -> Option<String> {
        let mut state = self.state();
        let Some(child) = state.child.as_mut() else {
            return Some("it was ended".to_owned());
        };
        let status: ExitStatus = child.try_wait().ok()??;
        state.child = None;
        // A keeper that is gone ends nobody.
        state.keeper.forget().ok();
        Some(status.to_string())
    }

    fn reap(&self) -> Result<(), Error> {
        let mut state = self.state();
        if let Some(mut child) = state.child.take() {
            child.wait().trying(|| format!("reap {}", self.plan.what))?;
        }
        state.keeper.forget()
    }

    fn pid_alive(&self) -> Result<Pid, Error> {
        let state = self.state();
        let child = state.child.as_ref();
        child
            .map(Pid::from_child)
            .ok_or(Error::NotRunning(self.plan.what))
    }

    fn signal(&self, pid: Pid, signal: Signal) -> Result<(), Error> {
        kill_process(pid, signal).trying(|| format!("signal {}", self.plan.what))
    }

    fn signal_kin(&self, parent: Pid, signal: Signal) {
        for kin in kin::descendants(parent) {
            // One that has ended meanwhile needs no signal.
            kill_process(kin, signal).ok();
        }
    }

    fn not_ready(&self, late: crate::TimedOut) -> Error {
        Error::NotReady {
            what: self.plan.what,
            log: self.log_end(),
            late,
        }
    }

    fn log_path(&self) -> PathBuf {
        self.folder().join("log")
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let skipped = lines.len().saturating_sub(LOG_LINES);
        lines
            .into_iter()
            .skip(skipped)
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.pid().is_some() {
            // If this fails the keeper, which is dropped next, does it again.
            self.kill().ok();
        }
    }
}
