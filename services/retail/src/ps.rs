//! `retail ps`: what runs, from living processes and real answers; the files only say what should.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::home::Home;
use crate::machine::stack::{self, Member, SUPERVISOR};
use crate::plan::Plan;
use crate::print::{lasting, say};
use crate::settings::Settings;
use crate::state::{PartState, State};

/// The exit code when something is down.
const DOWN: u8 = 3;

/// One part, as it is now.
#[derive(Debug, Serialize)]
struct Row {
    part: String,
    condition: Condition,
    pid: Option<u32>,
    port: Option<u16>,
    up_s: Option<u64>,
    restarts: u32,
    memory_kb: Option<u64>,
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Condition {
    Ready,
    NotReady,
    Down,
    CrashLoop,
}

impl Condition {
    fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not ready",
            Self::Down => "down",
            Self::CrashLoop => "crash loop",
        }
    }
}

/// Prints the table, or the same as JSON; 3 if anything is down.
pub async fn run(settings: &Settings, json: bool) -> Result<ExitCode> {
    let rows = match Home::find(&settings.home) {
        Some(home) => rows(settings, &home).await?,
        None => Vec::new(),
    };
    if json {
        say(&serde_json::to_string_pretty(&rows)?)?;
    } else {
        print(&rows)?;
    }
    let all_ready = !rows.is_empty() && rows.iter().all(|it| it.condition == Condition::Ready);
    Ok(if all_ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DOWN)
    })
}

async fn rows(settings: &Settings, home: &Home) -> Result<Vec<Row>> {
    let members = stack::members(home.path());
    let Some(state) = State::of(home) else {
        return Ok(members.iter().map(|it| of_member(it, None)).collect());
    };
    let settings = state.settings(settings);
    // Its secrets are there, so the plan changes nothing; without it nobody can be asked.
    let plan = Plan::of(&settings, home).ok();
    let mut rows = vec![supervisor(&members)];
    for part in &state.parts {
        let member = members.iter().find(|it| it.part == part.name);
        let mut row = match member {
            Some(member) => of_member(member, Some(part)),
            None => of_absent(part),
        };
        let parts = plan.iter().flat_map(Plan::parts);
        let planned = parts.into_iter().find(|it| it.name == part.name);
        if let (Some(planned), Condition::Ready) = (planned, row.condition)
            && let Err(error) = planned.probe.ask().await
        {
            row.condition = Condition::NotReady;
            row.note = Some(error.root_cause().to_string());
        }
        rows.push(row);
    }
    Ok(rows)
}

fn supervisor(members: &[Member]) -> Row {
    match members.iter().find(|it| it.part == SUPERVISOR) {
        Some(member) => of_member(member, None),
        None => Row {
            part: SUPERVISOR.to_owned(),
            condition: Condition::Down,
            pid: None,
            port: None,
            up_s: None,
            restarts: 0,
            memory_kb: None,
            note: Some("`make up` takes over what runs".to_owned()),
        },
    }
}

fn of_member(member: &Member, state: Option<&PartState>) -> Row {
    Row {
        part: member.part.clone(),
        condition: if state.is_some_and(|it| it.crash_loop) {
            Condition::CrashLoop
        } else {
            Condition::Ready
        },
        pid: Some(member.process.pid),
        port: state.map(|it| it.port),
        up_s: member.process.age_s(),
        restarts: state.map_or(0, |it| it.restarts),
        memory_kb: if member.part == SUPERVISOR {
            member.process.own_memory_kb()
        } else {
            member.process.memory_kb()
        },
        note: state.and_then(|it| {
            it.last_end
                .clone()
                .map(|how| format!("ended before: {how}"))
        }),
    }
}

fn of_absent(state: &PartState) -> Row {
    Row {
        part: state.name.clone(),
        condition: if state.crash_loop {
            Condition::CrashLoop
        } else {
            Condition::Down
        },
        pid: None,
        port: Some(state.port),
        up_s: None,
        restarts: state.restarts,
        memory_kb: None,
        note: state.last_end.clone(),
    }
}

fn print(rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        say("nothing runs here; `make up` starts the stack")?;
        return Ok(());
    }
    say("part            state        pid      port   up       restarts  memory")?;
    for row in rows {
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let up = text(row.up_s.map(|it| lasting(Duration::from_secs(it))));
        let memory = text(row.memory_kb.map(|it| format!("{} MB", it.div_ceil(1_024))));
        let line = format!(
            "{:<15} {:<12} {:<8} {:<6} {up:<8} {:<9} {memory:<7} {}",
            row.part,
            row.condition.word(),
            text(row.pid.map(|it| it.to_string())),
            text(row.port.map(|it| it.to_string())),
            row.restarts,
            row.note.as_deref().unwrap_or_default(),
        );
        say(line.trim_end())?;
    }
    let memory: u64 = rows.iter().filter_map(|it| it.memory_kb).sum();
    Ok(say(&format!("together {} MB", memory.div_ceil(1_024)))?)
}
