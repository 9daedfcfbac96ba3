//! The one binary of Retail Mesh: serves services, runs the whole stack on one machine, calls it.
//!
//! Exit codes: 0 done, 1 failed, 2 the machine is not ready for it, 3 something is down, 64 the
//! settings are wrong.

use std::process::ExitCode;

use anyhow::{Result, bail};
use chassis::settings::{EXIT_CODE, Environment};
use clap::Parser;
use tokio::runtime::Builder;

use command::{Command, Line};
use settings::Settings;

mod banner;
mod bring_up;
mod call;
mod command;
mod db;
mod doctor;
mod down;
mod ending;
mod endpoints;
mod home;
mod logs;
mod machine;
mod migrate;
mod nats;
mod part;
mod plan;
mod postgres;
mod print;
mod probe;
mod programs;
mod progress;
mod proof;
mod ps;
mod restart;
mod rotation;
#[cfg(test)]
mod scratch;
mod secrets;
mod serve;
mod served;
mod service;
mod services;
mod settings;
mod stand_in;
mod state;
mod streams;
mod supervisor;
mod token;
mod traced;
mod traces;
mod up;
mod verify;

fn main() -> ExitCode {
    let line = Line::parse();
    // Services use every processor; whoever only waits for other processes needs one thread.
    let mut runtime = match line.command {
        Command::Serve { .. } => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(line.command)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(code) => code,
        Err(error) if settings::is_mistake(&error) => {
            print::remark(&format!("{error}"));
            ExitCode::from(EXIT_CODE)
        }
        // Whoever read what we say has seen enough.
        Err(error) if print::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print::remark(&format!("retail: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    let environment = Environment::of_process();
    let mut settings = Settings::of(&environment)?;
    match command {
        Command::Up(up) => {
            if let Some(text) = &up.replicas {
                let Some(text) = text.strip_prefix("REPLICAS=") else {
                    bail!("{text}: must be like REPLICAS=catalog:2");
                };
                settings.replicas = settings::replicas(text)?;
            }
            up::run(&settings, up.foreground).await
        }
        Command::Down => down::run(&settings).await,
        Command::Ps { json } => ps::run(&settings, json).await,
        Command::Logs(logs) => {
            let wish = logs::Wish {
                part: logs.part,
                trace: logs.trace,
                follow: logs.follow,
            };
            logs::run(&settings, &wish)
                .await
                .map(|()| ExitCode::SUCCESS)
        }
        Command::Restart { part } => restart::run(&settings, &part).await,
        Command::Doctor => doctor::run(&settings),
        Command::Migrate { services } => {
            let run = migrate::run(&settings, &services).await;
            run.map(|()| ExitCode::SUCCESS)
        }
        Command::Serve { services } => serve::run(&environment, &services).await,
        Command::Call(call) => {
            let wish = call::Wish {
                method: call.method,
                data: call.data,
                address: call.address,
                token: call.token,
            };
            call::run(&settings, wish).await
        }
        Command::Token { role, tenant } => {
            let run = token::run(&settings, role, &tenant).await;
            run.map(|()| ExitCode::SUCCESS)
        }
        Command::Traces => traces::run(&settings),
        Command::Verify { service } => verify::run(&settings, service.as_deref()).await,
        Command::Supervise => supervisor::run(&settings).await,
    }
}
