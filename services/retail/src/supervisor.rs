//! Starts the parts of a stack, keeps them running, and ends them.
//!
//! It adopts what a killed supervisor has left running, if it is what the plan wants, and ends the
//! rest of it before it starts anything.

use std::fs::TryLockError;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::home::Home;
use crate::machine::stack::{self, Member, SUPERVISOR};
use crate::part::log_end;
use crate::plan::Plan;
use crate::progress::{Step, Teller};
use crate::settings::Settings;
use crate::state::State;
use crate::{bring_up, ending, rotation, token};

mod restarts;
mod watched;

pub use watched::{Watched, ask};

/// Held by the supervisor as long as it lives, so that there is only one.
pub const LOCK: &str = "supervisor.lock";
/// How often the parts are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often the sizes of logs are looked at.
const ROTATE_EVERY: Duration = Duration::from_secs(5);
/// How long a part may take until it is ready.
pub const READY_WITHIN: Duration = Duration::from_secs(30);
/// How much of its log a failed part shows.
const LOG_LINES: usize = 15;

/// Runs a stack until it is asked to end.
pub async fn run(settings: &Settings) -> Result<ExitCode> {
    // A session of its own: a closed terminal is no reason to end.
    rustix::process::setsid().ok();
    let home = Home::open(&settings.home)?;
    let lock = home.lock_file(LOCK)?;
    match lock.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => bail!("a supervisor of this home runs already"),
        Err(TryLockError::Error(error)) => return Err(error).context("lock this home"),
    }
    let mut teller = Teller::to(std::io::stdout());
    let mut supervisor = Supervisor {
        home,
        settings: settings.clone(),
        watched: Vec::new(),
        at: String::new(),
    };
    let mut asked = Asked::listen()?;
    let begun = tokio::select! {
        begun = supervisor.begin(settings, &mut teller) => begun,
        () = asked.end() => Err(anyhow::anyhow!("it was asked to end")),
    };
    if let Err(error) = begun {
        teller.tell(&supervisor.failure(&error));
        supervisor.end().await;
        return Ok(ExitCode::FAILURE);
    }
    teller.tell(&Step::Ready);
    let home = supervisor.home.clone();
    tokio::select! {
        () = supervisor.keep() => (),
        () = token::keep_young(&home) => (),
        () = asked.end() => (),
    }
    supervisor.end().await;
    Ok(ExitCode::SUCCESS)
}

/// The parts of one stack, and what the supervisor does with them.
pub struct Supervisor {
    /// The folder of the stack.
    pub home: Home,
    settings: Settings,
    /// The parts, in the order of their start.
    pub watched: Vec<Watched>,
    /// What it is at while it starts.
    at: String,
}

impl Supervisor {
    async fn begin(&mut self, settings: &Settings, teller: &mut Teller) -> Result<()> {
        "plan".clone_into(&mut self.at);
        let plan = Plan::of(settings, &self.home)?;
        self.adopt(&plan).await;
        bring_up::all(self, &plan, teller).await
    }

    /// Takes over what runs as the plan wants it, and ends what is left of an earlier stack.
    async fn adopt(&mut self, plan: &Plan) {
        let mut left = Vec::new();
        let mut parts: Vec<Watched> = plan.parts().cloned().map(Watched::new).collect();
        for member in stack::members(self.home.path()) {
            if member.part == SUPERVISOR || parts.iter_mut().any(|it| it.adopt(&member)) {
                continue;
            }
            left.push(member);
        }
        ending::end(&left, |_| ()).await;
        self.watched = parts;
    }

    /// Starts one part if it does not run, and waits until it is ready.
    pub async fn start(&mut self, name: &str) -> Result<()> {
        name.clone_into(&mut self.at);
        let until = Instant::now() + READY_WITHIN;
        loop {
            let ready = self.look_at(name).await;
            self.keep_state();
            match ready {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() >= until => {
                    let seconds = READY_WITHIN.as_secs();
                    return Err(error.context(format!("{name} is not ready after {seconds} s")));
                }
                Err(_) => sleep(LOOK_EVERY / 4).await,
            }
        }
    }

    /// Starts some parts without waiting for any of them.
    pub fn begin_all(&mut self, names: &[String]) {
        let now = Instant::now();
        for watched in self
            .watched
            .iter_mut()
            .filter(|it| names.contains(&it.part.name))
        {
            // Whoever waits for it next tries again and tells why.
            watched.look(&self.home, now).ok();
        }
    }

    /// Names what is begun next, for the case that it fails.
    pub fn at(&mut self, what: &str) {
        what.clone_into(&mut self.at);
    }

    async fn look_at(&mut self, name: &str) -> Result<()> {
        let found = self.watched.iter_mut().find(|it| it.part.name == name);
        let watched = found.with_context(|| format!("{name} is no part of this stack"))?;
        watched.look(&self.home, Instant::now())?;
        watched.part.probe.ask().await
    }

    /// Starts again what dies, until it is dropped.
    async fn keep(&mut self) {
        let mut rotated = Instant::now();
        loop {
            sleep(LOOK_EVERY).await;
            let mut changed = false;
            for watched in &mut self.watched {
                let before = watched.state();
                // One that cannot be started is tried again later, and `ps` tells why.
                watched.look(&self.home, Instant::now()).ok();
                changed |= watched.state() != before;
            }
            if changed {
                self.keep_state();
            }
            if rotated.elapsed() >= ROTATE_EVERY {
                rotated = Instant::now();
                rotation::rotate(&self.home);
            }
        }
    }

    /// Ends all parts, whether they were started here or adopted.
    async fn end(&mut self) {
        let members: Vec<Member> = stack::members(self.home.path());
        ending::end(&members, |_| ()).await;
        for watched in &mut self.watched {
            watched.reap();
        }
        self.keep_state();
    }

    fn keep_state(&self) {
        let state = State {
            port_base: self.settings.port_base,
            replicas: self.settings.replicas.clone(),
            parts: self.watched.iter().map(Watched::state).collect(),
        };
        // A full disk must not end what runs: the next change is kept again.
        state.keep(&self.home).ok();
    }

    fn failure(&self, error: &anyhow::Error) -> Step {
        Step::Failed {
            what: self.at.clone(),
            why: format!("{error:#}"),
            log: log_end(&self.home, &self.at, LOG_LINES),
        }
    }
}

/// The signals that ask a process to end.
struct Asked {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Asked {
    fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}
