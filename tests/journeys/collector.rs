//! The collector that ships with the mesh, and its spans as values of a test.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use traces::{Limits, Server, Settings};

/// A collector; it ends with the test.
pub struct Collector {
    pub otlp: String,
    http: SocketAddr,
    _running: JoinSet<()>,
}

/// Names one span of one trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub trace: String,
    pub span: String,
}

/// One span as it arrived.
#[derive(Clone, Debug)]
pub struct Span {
    pub name: Name,
    pub service: String,
    /// Of the replica.
    pub instance: String,
    pub operation: String,
    pub kind: String,
    pub parent: Option<Name>,
    pub links: Vec<Name>,
}

#[derive(Deserialize)]
struct Trace {
    spans: Vec<Told>,
    processes: BTreeMap<String, Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(rename = "traceID")]
    trace: String,
    #[serde(rename = "spanID")]
    span: String,
    operation_name: String,
    #[serde(rename = "processID")]
    process: String,
    references: Vec<Reference>,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: String,
    #[serde(rename = "traceID")]
    trace: String,
    #[serde(rename = "spanID")]
    span: String,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Linked {
    #[serde(rename = "traceID")]
    trace: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Vec<T>,
}

impl Collector {
    pub async fn start() -> Self {
        let settings = Settings {
            otlp: "127.0.0.1:0".parse().unwrap(),
            http: "127.0.0.1:0".parse().unwrap(),
            ui: PathBuf::from("no pages are asked for"),
            base: "/".parse().unwrap(),
            limits: Limits {
                traces: 10_000,
                bytes: 64 << 20,
            },
        };
        let server = Server::bind(settings).await.unwrap();
        let (otlp, http) = (format!("http://{}", server.otlp()), server.http());
        let mut running = JoinSet::new();
        running.spawn(async move { server.run(std::future::pending()).await.unwrap() });
        Self {
            otlp,
            http,
            _running: running,
        }
    }

    /// The spans of a trace, of those that hang on it by a link, and of those that hang on them.
    pub async fn around(&self, trace: &str) -> Vec<Span> {
        let mut known = BTreeSet::from([trace.to_owned()]);
        for _ in 0..2 {
            for one in known.clone() {
                let path = format!("/api/traces/{one}/linked");
                let linked = self.ask::<Linked>(&path).await;
                known.extend(linked.into_iter().map(|it| it.trace));
            }
        }
        let mut spans = Vec::new();
        for one in known {
            spans.extend(self.spans(&one).await);
        }
        spans
    }

    /// The spans of a trace that arrived so far.
    async fn spans(&self, trace: &str) -> Vec<Span> {
        let traces: Vec<Trace> = self.ask(&format!("/api/traces/{trace}")).await;
        let spans = traces.into_iter().flat_map(|it| {
            let processes = it.processes;
            let spans = it.spans.into_iter();
            spans.map(move |told| Span::of(told, &processes))
        });
        spans.collect()
    }

    /// What the API answers; nothing where it has nothing yet.
    async fn ask<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Vec<T> {
        let mut stream = TcpStream::connect(self.http).await.unwrap();
        let head = format!("GET {path} HTTP/1.0\r\nHost: here\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        match head.split(' ').nth(1).unwrap() {
            "200" => serde_json::from_str::<Answer<T>>(body).unwrap().data,
            "404" => Vec::new(),
            other => panic!("{path} answers {other}: {body}"),
        }
    }
}

impl Span {
    fn of(told: Told, processes: &BTreeMap<String, Process>) -> Self {
        let process = &processes[&told.process];
        let instance = process
            .tags
            .iter()
            .find(|it| it.key == "service.instance.id");
        let kind = told.tags.iter().find(|it| it.key == "span.kind");
        let kind = kind.and_then(|it| it.value.as_str()).unwrap_or("internal");
        let mut span = Self {
            kind: kind.to_owned(),
            service: process.service_name.clone(),
            instance: instance
                .and_then(|it| it.value.as_str())
                .unwrap_or_default()
                .to_owned(),
            operation: told.operation_name,
            parent: None,
            links: Vec::new(),
            name: Name {
                trace: told.trace,
                span: told.span,
            },
        };
        for it in told.references {
            let name = Name {
                trace: it.trace,
                span: it.span,
            };
            match it.ref_type.as_str() {
                "CHILD_OF" => span.parent = Some(name),
                _ => span.links.push(name),
            }
        }
        span
    }

    /// Who did what, in short.
    pub fn title(&self) -> String {
        let operation = self.operation.rsplit('/').next().unwrap();
        format!("{} {} {operation}", self.service, self.kind)
    }
}

impl Name {
    /// The text that travels.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.span)
    }
}
