//! A server of its own for each test, on ports of the kernel's choice, and a plain HTTP client.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;
use testbed::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use traces::{Limits, Server, Settings};

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(20);

/// A running server; it ends with the test.
pub struct Bed {
    pub otlp: SocketAddr,
    pub http: SocketAddr,
    _running: JoinSet<()>,
}

/// An answer, its header names in lower case.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Bed {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            otlp: "127.0.0.1:0".parse().unwrap(),
            http: "127.0.0.1:0".parse().unwrap(),
            ui: fetched_ui(),
            base: "/".parse().unwrap(),
            limits: Limits {
                traces: 1_000,
                bytes: 16 << 20,
            },
        };
        change(&mut settings);
        let server = Server::bind(settings).await.unwrap();
        let (otlp, http) = (server.otlp(), server.http());
        let mut running = JoinSet::new();
        running.spawn(async move { server.run(std::future::pending()).await.unwrap() });
        Self {
            otlp,
            http,
            _running: running,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).await
    }

    pub async fn ask(&self, method: &str, path: &str) -> Answer {
        let mut stream = TcpStream::connect(self.http).await.unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        let all = String::from_utf8_lossy(&all).into_owned();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Returns the data of an answer that went well, in the envelope that the UI expects.
    pub async fn data(&self, path: &str) -> Vec<Json> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let json = answer.json();
        assert_eq!((&json["errors"], &json["offset"]), (&Json::Null, &0.into()));
        let data = json["data"].as_array().unwrap().clone();
        assert_eq!(json["total"], data.len());
        data
    }

    /// Waits until so many traces arrived.
    pub async fn has(&self, traces: usize) {
        let arrived = async || {
            let counts = self.get("/api/counts").await.json();
            match counts["traces"] == traces {
                true => Ok(()),
                false => Err(counts),
            }
        };
        eventually(SOON, "the traces arrived", arrived)
            .await
            .unwrap();
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let mut headers = lines.filter_map(|line| line.split_once(": "));
        let found = headers.find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns what the UI would show of a refusal, which also has its code.
    pub fn problem(&self) -> String {
        let json = self.json();
        assert_eq!(json["data"], Json::Null);
        assert_eq!(json["errors"][0]["code"], self.status);
        json["errors"][0]["msg"].as_str().unwrap().to_owned()
    }
}

/// Where `make tools` puts the files of the UI.
fn fetched_ui() -> PathBuf {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let root = root.ancestors().nth(2).unwrap();
    root.join(".tools/jaeger-ui")
}
