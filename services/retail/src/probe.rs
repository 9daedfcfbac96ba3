//! Asks a part whether it is ready, by doing what its callers will do.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::db;

/// How long one question may take.
const ASKED_WITHIN: Duration = Duration::from_secs(2);
/// More of an answer is not read.
const ANSWER_MAX: u64 = 4_096;

/// What to ask.
#[derive(Clone, Debug)]
pub enum Probe {
    /// A query, as the role of this URL.
    Postgres(String),
    /// A page that answers 200.
    Page(SocketAddr, &'static str),
    /// The health service of gRPC.
    Health(SocketAddr),
}

impl Probe {
    /// Asks once.
    pub async fn ask(&self) -> Result<()> {
        let asked = tokio::time::timeout(ASKED_WITHIN, async {
            match self {
                Self::Postgres(url) => db::answers(url).await,
                Self::Page(address, path) => page(*address, path).await,
                Self::Health(address) => serves(*address).await,
            }
        });
        let late = || format!("no answer within {} s", ASKED_WITHIN.as_secs());
        asked.await.with_context(late)?
    }
}

/// Asks for a page. HTTP/1.0, so that the connection ends with the answer.
pub async fn page(address: SocketAddr, path: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let question = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    if answer.split_whitespace().nth(1) == Some("200") {
        return Ok(());
    }
    bail!("{}", answer.lines().next().unwrap_or("an empty answer"))
}

async fn serves(address: SocketAddr) -> Result<()> {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"))?;
    let mut client = HealthClient::new(endpoint.connect().await?);
    let answer = client.check(HealthCheckRequest::default()).await?;
    match answer.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        other => bail!("{}", other.as_str_name()),
    }
}
