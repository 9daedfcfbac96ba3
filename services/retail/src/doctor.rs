//! `retail doctor`: looks at the machine without changing it, and names all that is wrong at once,
//! each with the one command that mends it.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;
use rustix::process::geteuid;

use crate::home::Home;
use crate::machine::stack::{self, SUPERVISOR};
use crate::print::say;
use crate::programs;
use crate::settings::Settings;
use crate::up::BAD_MACHINE;

mod ports;

/// Less space than this fills within a day of trying things out.
const SPACE_MIN_GB: u64 = 2;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: &'static str,
    /// What was found.
    pub found: String,
    /// The command that mends it.
    pub mend: String,
}

/// Looks and tells; 2 if anything stops a start.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    let home = Home::find(&settings.home);
    let findings = findings(settings, home.as_ref());
    if findings.is_empty() {
        let base = settings.port_base;
        say("looked at: the system, Postgres, NATS, the home, disk space, ports; found nothing")?;
        say(&format!(
            "  home {} · ports from {base}",
            settings.home.display()
        ))?;
        left_running(home.as_ref())?;
        return Ok(ExitCode::SUCCESS);
    }
    print("found:", &findings);
    Ok(ExitCode::from(BAD_MACHINE))
}

/// All that stops a start.
pub fn findings(settings: &Settings, home: Option<&Home>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(system());
    if settings.postgres.is_none() {
        let program = programs::postgres(&settings.servers, "postgres");
        findings.extend(server("postgres", &program));
    }
    if settings.nats.is_none() {
        findings.extend(server("nats", &programs::nats(&settings.servers)));
    }
    findings.extend(space(settings));
    findings.extend(writable(settings));
    findings.extend(ports::findings(settings, home));
    findings
}

/// Prints findings in columns.
pub fn print(opening: &str, findings: &[Finding]) {
    let width = |of: fn(&Finding) -> &str| {
        let widths = findings.iter().map(|it| of(it).chars().count());
        widths.max().unwrap_or_default()
    };
    let (about, found) = (width(|it| it.about), width(|it| &it.found));
    // Who cannot read it has closed the output.
    say(&format!("  {opening}")).ok();
    for it in findings {
        say(&format!(
            "    {:<about$}   {:<found$}   {}",
            it.about, it.found, it.mend
        ))
        .ok();
    }
}

fn system() -> Option<Finding> {
    let readable = Path::new("/proc/self/stat").exists();
    (!readable).then(|| Finding {
        about: "system",
        found: "there is no /proc, from which processes are told apart".to_owned(),
        mend: "run it on Linux, or in a container of it".to_owned(),
    })
}

/// Starts a server for its version: that needs its libraries and the right processor.
fn server(about: &'static str, program: &Path) -> Option<Finding> {
    let found = if program.is_file() {
        let output = Command::new(program).env_clear().arg("--version").output();
        match output {
            Ok(output) if output.status.success() => return None,
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        }
    } else {
        format!("{} is missing", program.display())
    };
    Some(Finding {
        about,
        found,
        mend: "make tools".to_owned(),
    })
}

fn space(settings: &Settings) -> Option<Finding> {
    let existing = settings.home.ancestors().find(|it| it.exists())?;
    let disk = rustix::fs::statvfs(existing).ok()?;
    let free_gb = disk.f_bavail.saturating_mul(disk.f_frsize) >> 30;
    (free_gb < SPACE_MIN_GB).then(|| Finding {
        about: "disk",
        found: format!("{free_gb} GB are free, {SPACE_MIN_GB} are needed"),
        mend: "RETAIL_HOME=… make up    (a folder on another disk)".to_owned(),
    })
}

fn writable(settings: &Settings) -> Option<Finding> {
    let existing = settings.home.ancestors().find(|it| it.exists())?;
    let access = rustix::fs::access(existing, rustix::fs::Access::WRITE_OK);
    (access.is_err() && !geteuid().is_root()).then(|| Finding {
        about: "home",
        found: format!("{} cannot be written", existing.display()),
        mend: "RETAIL_HOME=… make up    (a folder of your own)".to_owned(),
    })
}

/// What a killed supervisor left behind stops no start: it is adopted.
fn left_running(home: Option<&Home>) -> Result<()> {
    let members = home.map(|it| stack::members(it.path())).unwrap_or_default();
    if members.is_empty() || members.iter().any(|it| it.part == SUPERVISOR) {
        return Ok(());
    }
    let parts: Vec<&str> = members.iter().map(|it| it.part.as_str()).collect();
    let parts = parts.join(", ");
    Ok(say(&format!(
        "  running without a supervisor: {parts} · `make up` takes over"
    ))?)
}
