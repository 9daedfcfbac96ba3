//! One part under supervision: its process, a child or adopted, and what became of it.

use std::fs;
use std::process::Child;

use anyhow::{Result, bail};
use tokio::time::Instant;

use super::restarts::Restarts;
use crate::home::Home;
use crate::machine::process::Process;
use crate::machine::stack::Member;
use crate::part::Part;
use crate::state::PartState;

/// A part and its process.
pub struct Watched {
    /// What it is.
    pub part: Part,
    running: Option<Running>,
    restarts: Restarts,
    start_at: Option<Instant>,
    last_end: Option<String>,
    is_loop: bool,
}

struct Running {
    process: Process,
    /// None if an earlier supervisor started it: then somebody else reaps it.
    child: Option<Child>,
}

impl Watched {
    /// Takes a part that does not run yet.
    pub fn new(part: Part) -> Self {
        Self {
            part,
            running: None,
            restarts: Restarts::default(),
            start_at: None,
            last_end: None,
            is_loop: false,
        }
    }

    /// Takes over a process that runs; false if it is not what this part is started with.
    pub fn adopt(&mut self, member: &Member) -> bool {
        let fits = member.part == self.part.name
            && member.arguments == self.part.arguments()
            && !member.process.is_outdated()
            && self.running.is_none();
        if fits {
            self.running = Some(Running {
                process: member.process,
                child: None,
            });
        }
        fits
    }

    /// Starts the part if it does not run and its pause is over. Says whether it runs.
    pub fn look(&mut self, home: &Home, now: Instant) -> Result<()> {
        self.is_loop = self.restarts.is_loop(now);
        if let Some(end) = self.ended() {
            self.note(home, now, end);
        }
        if self.running.is_some() {
            return Ok(());
        }
        if self.start_at.is_some_and(|at| now < at) {
            bail!("it ended: {}", self.last_end.as_deref().unwrap_or("?"));
        }
        match self.part.start(home) {
            Ok(child) => self.run(child, home, now),
            Err(error) => {
                self.note(home, now, format!("{error:#}"));
                Err(error)
            }
        }
    }

    /// Waits for a child that has ended, so that nothing is left of it.
    pub fn reap(&mut self) {
        if self.ended().is_some() {
            self.running = None;
        }
    }

    /// What is known of it.
    pub fn state(&self) -> PartState {
        PartState {
            name: self.part.name.clone(),
            port: self.part.port,
            about: self.part.about.clone(),
            process: self.running.as_ref().map(|it| it.process),
            restarts: self.restarts.count(),
            crash_loop: self.is_loop,
            last_end: self.last_end.clone(),
        }
    }

    fn run(&mut self, mut child: Child, home: &Home, now: Instant) -> Result<()> {
        let Some(process) = Process::of(child.id()) else {
            let status = child.wait()?;
            self.note(home, now, status.to_string());
            bail!("it ended at once: {status}");
        };
        let child = Some(child);
        self.running = Some(Running { process, child });
        self.start_at = None;
        Ok(())
    }

    /// Says how it ended, if it has.
    fn ended(&mut self) -> Option<String> {
        let running = self.running.as_mut()?;
        let Some(child) = running.child.as_mut() else {
            let gone = !running.process.is_alive();
            return gone.then(|| "it was adopted, so nobody knows how".to_owned());
        };
        let status = child.try_wait().ok()??;
        Some(status.to_string())
    }

    /// Notes an end. One that was asked for is followed by a start at once and counts for nothing.
    fn note(&mut self, home: &Home, now: Instant, how: String) {
        let process = self.running.take().map(|it| it.process);
        if process.is_some_and(|it| was_asked(home, &self.part.name, it)) {
            self.start_at = None;
            return;
        }
        self.start_at = Some(now + self.restarts.died(now));
        self.is_loop = self.restarts.is_loop(now);
        self.last_end = Some(how);
    }
}

/// Asks for a restart: the end of this process will be no death.
pub fn ask(home: &Home, part: &str, process: Process) -> Result<()> {
    home.write(&file(part), &serde_json::to_string(&process)?)
}

fn was_asked(home: &Home, part: &str, process: Process) -> bool {
    let asked = home.read(&file(part));
    let asked: Option<Process> = asked.and_then(|it| serde_json::from_str(&it).ok());
    let is_it = asked == Some(process);
    if is_it {
        // If it stays it names a process that never comes back.
        fs::remove_file(home.join(&file(part))).ok();
    }
    is_it
}

fn file(part: &str) -> String {
    format!("restart-{part}.json")
}

#[cfg(test)]
mod tests;
