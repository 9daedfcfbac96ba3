//! The service of the overload as a process of its own, so that what it needs is not what its
//! callers need. It is this program again; it hears what to serve on its standard input, says where
//! it listens, and ends with its input.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use chassis::token::Signer;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::doors::handlers::Product;
use crate::doors::{Doors, Watched};
use crate::order::World;

/// This program, whatever it is called.
const PROGRAM: &str = "/proc/self/exe";
/// How long it may take to serve, and to end.
const WITHIN: Duration = Duration::from_secs(30);
/// What it hears behind the last line of what to serve.
const ENOUGH: &str = "serve";

/// A service that runs beside this process. It ends with this value.
pub struct Apart {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub process: u32,
    /// It ends when this is closed.
    input: ChildStdin,
    child: Child,
}

impl Apart {
    /// Starts it on a database, believing one signer.
    pub async fn start(url: &str, signer: &Signer) -> anyhow::Result<Self> {
        let mut command = Command::new(PROGRAM);
        let command = command.arg("serve").stdin(Stdio::piped());
        let command = command.stdout(Stdio::piped());
        let mut child = command.spawn().context("the service does not start")?;
        let mut input = child.stdin.take().context("it has no input")?;
        let output = child.stdout.take().context("it has no output")?;
        let pem = signer.to_pem()?;
        let what = format!("{url}\n{}\n{ENOUGH}\n", pem.trim());
        input.write_all(what.as_bytes())?;
        let first = spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let line = timeout(WITHIN, first).await???;
        Ok(Self {
            address: line.trim().parse().context("it does not serve")?,
            process: child.id(),
            input,
            child,
        })
    }

    /// Ends it, and fails if it does not end well.
    pub async fn end(self) -> anyhow::Result<()> {
        let Self {
            input, mut child, ..
        } = self;
        drop(input);
        let ended = timeout(WITHIN, spawn_blocking(move || child.wait())).await;
        let status = ended.context("the service does not end")???;
        anyhow::ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }
}

/// Serves what the standard input says until it ends.
pub async fn serve() -> anyhow::Result<()> {
    let (url, pem) = spawn_blocking(told).await??;
    let signer = Signer::of_development_pem(&pem)?;
    let product = Product::of(&World::new());
    let doors = Doors::open(&url, &product, &signer, Watched::Off).await?;
    let mut output = io::stdout();
    writeln!(output, "{}", doors.address)?;
    output.flush()?;
    spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await??;
    doors.end().await
}

/// Reads the URL of the database and the key of the signer.
fn told() -> anyhow::Result<(String, String)> {
    let mut lines = io::stdin().lines();
    let url = lines.next().context("nothing to serve")??;
    let mut pem = String::new();
    for line in lines {
        let line = line?;
        if line == ENOUGH {
            return Ok((url, pem));
        }
        pem.push_str(&line);
        pem.push('\n');
    }
    anyhow::bail!("the input ended early")
}
