//! `retail up`: checks the machine, starts the supervisor, waits until the stack is ready.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::Instant;

use crate::doctor;
use crate::home::Home;
use crate::machine::stack::{self, HOME_MARK, Member, PART_MARK, SUPERVISOR};
use crate::plan::own_program;
use crate::print::{SILENCE_MAX, lasting, remark, say};
use crate::progress::Step;
use crate::settings::Settings;
use crate::{banner, logs, proof};

/// What comes before the services were ever there takes no longer than this.
const WAIT_MAX: Duration = Duration::from_secs(600);
/// Two of us wait for each other.
const LOCK: &str = "up.lock";

/// Exit codes besides 0 and 1.
pub const BAD_MACHINE: u8 = 2;

/// Starts the stack, or says that it runs.
pub async fn run(settings: &Settings, foreground: bool) -> Result<ExitCode> {
    let home = Home::open(&settings.home)?;
    let lock = home.lock_file(LOCK)?;
    lock.lock()
        .context("wait for another `retail up` in this home")?;
    say("Retail Mesh · development mode, not for production")?;
    if supervisor(&home).is_some() {
        say("  already running")?;
        banner::print(&home)?;
        return Ok(ExitCode::SUCCESS);
    }
    let findings = doctor::findings(settings, Some(&home));
    if !findings.is_empty() {
        doctor::print("cannot start:", &findings);
        return Ok(ExitCode::from(BAD_MACHINE));
    }
    let mut child = spawn(&home, settings).context("start the supervisor")?;
    let output = child.stdout.take().context("read from the supervisor")?;
    if !follow(&home, output)? {
        child.wait().context("wait for the supervisor")?;
        return Ok(ExitCode::FAILURE);
    }
    if let Err(error) = proof::run(&home).await {
        say(&format!(
            "  first write failed: {error:#}; `make logs` tells more"
        ))?;
        return Ok(ExitCode::FAILURE);
    }
    banner::print(&home)?;
    drop(lock);
    if foreground {
        return stay(settings).await;
    }
    Ok(ExitCode::SUCCESS)
}

/// The supervisor of a home, while it lives.
pub fn supervisor(home: &Home) -> Option<Member> {
    let members = stack::members(home.path());
    members.into_iter().find(|it| it.part == SUPERVISOR)
}

fn spawn(home: &Home, settings: &Settings) -> Result<std::process::Child> {
    let log = home.log(SUPERVISOR);
    let mut open = std::fs::OpenOptions::new();
    let errors = open.create(true).append(true).mode(0o600).open(&log)?;
    let replicas = settings.replicas.iter();
    let replicas: Vec<String> = replicas
        .map(|(name, count)| format!("{name}:{count}"))
        .collect();
    let mut command = Command::new(own_program()?);
    command
        .arg("supervise")
        .env(HOME_MARK, home.path())
        .env(PART_MARK, SUPERVISOR)
        .env("RETAIL_HOME", home.path())
        .env("RETAIL_PORT_BASE", settings.port_base.to_string())
        .env("RETAIL_SERVERS", &settings.servers)
        .env("REPLICAS", replicas.join(","));
    command.current_dir(home.path());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors);
    Ok(command.spawn()?)
}

/// Prints what the supervisor tells until it is done; false if it failed.
fn follow(home: &Home, output: ChildStdout) -> Result<bool> {
    let steps = read(output)?;
    let (begun, mut at, mut since) = (Instant::now(), String::new(), Instant::now());
    while begun.elapsed() < WAIT_MAX {
        let step = match steps.recv_timeout(SILENCE_MAX) {
            Ok(step) => step,
            Err(RecvTimeoutError::Timeout) => {
                say(&format!(
                    "  {at:<10} still at it after {}",
                    lasting(since.elapsed())
                ))?;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match step {
            Step::Begun { what } => (at, since) = (what, Instant::now()),
            Step::Done {
                what,
                about,
                seconds,
            } => {
                let time = lasting(Duration::from_secs_f64(seconds));
                say(&format!("  {what:<10} {about:<58} ready {time:>7}"))?;
            }
            Step::Failed { what, why, log } => {
                say(&format!("  {what:<10} failed: {why}"))?;
                for line in log {
                    remark(&format!("    {line}"));
                }
                return Ok(false);
            }
            Step::Ready => return Ok(true),
        }
    }
    let log = home.log(SUPERVISOR);
    say(&format!(
        "  the supervisor ended before the stack was ready; see {}",
        log.display()
    ))?;
    Ok(false)
}

/// Reads steps on a thread, so that waiting for one can have a limit.
fn read(output: ChildStdout) -> Result<Receiver<Step>> {
    let (tell, steps) = channel();
    let thread = std::thread::Builder::new().name("steps".to_owned());
    thread.spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        let told = lines.filter_map(|it| serde_json::from_str(&it).ok());
        for step in told {
            if tell.send(step).is_err() {
                break;
            }
        }
    })?;
    Ok(steps)
}

/// Shows the lines of all parts until it is interrupted, and takes the stack down then.
async fn stay(settings: &Settings) -> Result<ExitCode> {
    let wish = logs::Wish {
        follow: true,
        ..logs::Wish::default()
    };
    tokio::select! {
        shown = logs::run(settings, &wish) => { shown?; }
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    crate::down::run(settings).await
}
