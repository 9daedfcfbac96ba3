//! Starts a Postgres and a NATS, says where they are, and then meets the end that its test wants.

use std::io::{BufRead, Write, stdin, stdout};
use std::process::ExitCode;

use testbed::{Error, Nats, NatsSettings, Postgres};

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    let postgres = Postgres::shared().await?;
    let nats = Nats::start(&NatsSettings::default()).await?;
    let servers = [
        (postgres.pid(), postgres.folder()),
        (nats.pid(), nats.folder()),
    ];
    for (pid, folder) in servers {
        let line = writeln!(stdout(), "{} {}", pid.unwrap_or_default(), folder.display());
        if line.is_err() {
            return Ok(ExitCode::FAILURE);
        }
    }
    let end = stdin().lock().lines().next();
    match end.and_then(Result::ok).as_deref() {
        Some("panic") => std::panic::resume_unwind(Box::new("as the test wished")),
        Some("pause") => {
            postgres.pause()?;
            nats.pause()?;
            std::process::abort()
        }
        Some("abort") => std::process::abort(),
        Some("exit") => std::process::exit(7),
        _ => Ok(ExitCode::SUCCESS),
    }
}
