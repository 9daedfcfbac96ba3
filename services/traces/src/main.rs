//! `retail-traces`: the Jaeger UI and an OTLP receiver in one process, for one machine.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use traces::{BasePath, Limits, Server, Settings};

/// A Jaeger UI without a container. Traces are kept in memory and gone with the process.
#[derive(Debug, Parser)]
#[command(name = "retail-traces", version)]
struct Arguments {
    /// Where exporters send OTLP over gRPC; loopback only
    #[arg(long, default_value = "127.0.0.1:17417")]
    otlp: SocketAddr,
    /// Where the UI and its API are; loopback only
    #[arg(long, default_value = "127.0.0.1:17486")]
    http: SocketAddr,
    /// The folder with the files of the Jaeger UI, as `make tools` fetches them
    #[arg(long, default_value = ".tools/jaeger-ui")]
    ui: PathBuf,
    /// The path below which everything is served
    #[arg(long, default_value = "/")]
    base_path: BasePath,
    /// Traces that are kept at most
    #[arg(long, default_value_t = 5_000)]
    traces_max: usize,
    /// Memory that spans may take at most, in MiB; the process may come to take twice as much
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    memory_max: u16,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let base = arguments.base_path.as_str().to_owned();
    let settings = Settings {
        otlp: arguments.otlp,
        http: arguments.http,
        ui: arguments.ui,
        base: arguments.base_path,
        limits: Limits {
            traces: arguments.traces_max,
            bytes: usize::from(arguments.memory_max) << 20,
        },
    };
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let server = Server::bind(settings).await?;
    let (otlp, http) = (server.otlp(), server.http());
    writeln!(
        std::io::stdout(),
        "traces: OTLP on http://{otlp}, Jaeger UI on http://{http}{base}"
    )?;
    let told = async {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    server.run(told).await?;
    Ok(())
}
