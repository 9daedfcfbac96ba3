//! `retail down`: ends exactly what `up` started, and keeps the data.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::ending;
use crate::home::Home;
use crate::machine::process::Process;
use crate::machine::stack::{self, Member, SUPERVISOR};
use crate::print::{SILENCE_MAX, lasting, say};
use crate::settings::Settings;

/// Longer than all parts may take one after the other.
const ENDED_WITHIN: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Ends the stack of this home, if there is one.
pub async fn run(settings: &Settings) -> Result<ExitCode> {
    let Some(home) = Home::find(&settings.home) else {
        say("nothing runs here")?;
        return Ok(ExitCode::SUCCESS);
    };
    let members = stack::members(home.path());
    if members.is_empty() {
        say("nothing runs here")?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(supervisor) = members.iter().find(|it| it.part == SUPERVISOR) {
        supervisor.process.signal(Signal::TERM);
        watch(&home, supervisor.process).await?;
    }
    // Nobody is left to do it if the supervisor was killed.
    let left = stack::members(home.path());
    ending::end(&left, |part| drop(say(&format!("  {part:<12} ended")))).await;
    let left = stack::members(home.path());
    if left.is_empty() {
        say(&format!(
            "down; the data stays in {}",
            home.path().display()
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("still running: {}", names(&left)))?;
    Ok(ExitCode::FAILURE)
}

/// Tells what the supervisor ends until it has ended itself.
async fn watch(home: &Home, supervisor: Process) -> Result<()> {
    let until = Instant::now() + ENDED_WITHIN;
    let (mut known, mut told) = (stack::members(home.path()), Instant::now());
    while supervisor.is_alive() && Instant::now() < until {
        sleep(LOOK_EVERY).await;
        let now = stack::members(home.path());
        for gone in known.iter().filter(|it| !now.contains(it)) {
            if gone.part != SUPERVISOR {
                say(&format!("  {:<12} ended", gone.part))?;
                told = Instant::now();
            }
        }
        if told.elapsed() >= SILENCE_MAX {
            let left = until.duration_since(Instant::now());
            say(&format!(
                "  waiting for {} ({} at most)",
                names(&now),
                lasting(left)
            ))?;
            told = Instant::now();
        }
        known = now;
    }
    for gone in known
        .iter()
        .filter(|it| it.part != SUPERVISOR && !it.process.is_alive())
    {
        say(&format!("  {:<12} ended", gone.part))?;
    }
    Ok(())
}

fn names(members: &[Member]) -> String {
    let parts = members.iter().map(|it| it.part.as_str());
    let parts: Vec<&str> = parts.filter(|it| *it != SUPERVISOR).collect();
    parts.join(", ")
}
