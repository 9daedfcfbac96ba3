//! `retail restart`: ends the processes of one service one after the other, and waits each time
//! until the supervisor has started it again.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::ending;
use crate::home::Home;
use crate::machine::process::Process;
use crate::machine::stack::{self, Member, POSTGRES, SUPERVISOR};
use crate::part::group;
use crate::plan::Plan;
use crate::print::{aloud, say};
use crate::settings::Settings;
use crate::state::State;
use crate::supervisor::{READY_WITHIN, ask};
use crate::up;

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a part may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Restarts a service, a server, or one replica.
pub async fn run(settings: &Settings, wished: &str) -> Result<ExitCode> {
    let home = Home::find(&settings.home).context("nothing runs here; `make up` starts it")?;
    if up::supervisor(&home).is_none() {
        bail!("no supervisor runs here; `make up` starts it");
    }
    let members = stack::members(home.path()).into_iter();
    let members = members.filter(|it| it.part != SUPERVISOR);
    let members: Vec<Member> = members
        .filter(|it| it.part == wished || group(&it.part) == wished)
        .collect();
    if members.is_empty() {
        bail!("nothing that runs is called {wished}; `make ps` lists what does");
    }
    for member in &members {
        aloud(&member.part, one(settings, &home, member)).await?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn one(settings: &Settings, home: &Home, member: &Member) -> Result<()> {
    let begun = Instant::now();
    ask(home, &member.part, member.process)?;
    let signal = if member.part == POSTGRES {
        Signal::INT
    } else {
        Signal::TERM
    };
    member.process.signal(signal);
    ending::end_one(member.process, PATIENCE).await;
    let process = until_ready(settings, home, member).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let (part, pid) = (&member.part, process.pid);
    Ok(say(&format!(
        "  {part:<12} ready again after {seconds:.1} s (pid {pid})"
    ))?)
}

async fn until_ready(settings: &Settings, home: &Home, old: &Member) -> Result<Process> {
    let settings = State::of(home).map_or_else(|| settings.clone(), |it| it.settings(settings));
    let plan = Plan::of(&settings, home)?;
    let part = plan.parts().find(|it| it.name == old.part);
    let until = Instant::now() + READY_WITHIN;
    while Instant::now() < until {
        sleep(LOOK_EVERY).await;
        let members = stack::members(home.path()).into_iter();
        let mut new = members.filter(|it| it.part == old.part && it.process != old.process);
        let Some(member) = new.next() else { continue };
        match part {
            Some(part) if part.probe.ask().await.is_err() => (),
            _ => return Ok(member.process),
        }
    }
    bail!(
        "{} is not ready again; `make logs S={}` tells why",
        old.part,
        group(&old.part)
    )
}
