//! Calls as bytes, the same over TCP and in memory, and everything that comes back.

use std::time::Duration;

use chassis::edge::Edge;
use chassis::fault::StatusView;
use http::header::{HeaderName, HeaderValue};
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::ServiceExt as _;

use crate::SOON;

/// How long a stream may say nothing before its answer counts as whole.
const QUIET: Duration = Duration::from_secs(1);
/// How often a call is sent whose connection ended: a server ends one that saw many refusals.
const TRIES_MAX: usize = 5;
/// Bytes before each message on the wire: a flag and a length.
const FRAME: usize = 5;

/// A way to a service.
#[derive(Clone)]
pub enum Way {
    Tcp(Channel),
    Memory(Edge),
}

/// What is sent with a call.
#[derive(Clone, Default)]
pub struct Shown(pub Vec<(String, Vec<u8>)>);

impl Shown {
    pub fn token(token: &str) -> Self {
        Self::default().and("authorization", format!("Bearer {token}"))
    }

    #[must_use]
    pub fn and(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub code: Code,
    /// The stable reason; empty for a good answer.
    pub reason: String,
    /// The permission that was missing.
    pub permission: Option<String>,
    /// Everything that was said, in clear: messages, texts, details, headers.
    pub said: Vec<u8>,
    /// The messages alone.
    pub messages: Vec<Vec<u8>>,
}

impl Answer {
    /// Whether some text was said anywhere.
    pub fn says(&self, text: &str) -> bool {
        let wanted = text.as_bytes();
        self.said.windows(wanted.len()).any(|it| it == wanted)
    }

    /// Code and reason, for people and for comparison.
    pub fn told(&self) -> String {
        format!("{:?} {}", self.code, self.reason)
    }
}

/// Puts a message into its frame.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], message].concat()
}

impl Way {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tcp(_) => "over TCP",
            Self::Memory(_) => "in memory",
        }
    }

    /// Calls with one message. Of a stream everything is read until it says nothing for a while.
    pub async fn ask(&self, path: &str, shown: &Shown, message: &[u8]) -> Answer {
        for _ in 0..TRIES_MAX {
            let request = request(path, shown, message);
            let asking = async {
                match self.clone() {
                    Self::Tcp(channel) => channel.oneshot(request).await.ok(),
                    Self::Memory(edge) => Some(edge.oneshot(request).await.unwrap()),
                }
            };
            let answer = timeout(SOON, asking).await;
            let answer = answer.unwrap_or_else(|_| panic!("{path} did not answer"));
            if let Some(answer) = answer {
                return read(answer).await;
            }
        }
        panic!("{path} is not answered, but the connection ended")
    }
}

fn request(path: &str, shown: &Shown, message: &[u8]) -> http::Request<Body> {
    let mut request = http::Request::post(format!("http://mesh{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(Full::new(Bytes::from(framed(message)))))
        .unwrap();
    for (name, value) in &shown.0 {
        let name: HeaderName = name.parse().unwrap();
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append(name, value);
    }
    request
}

async fn read(response: http::Response<Body>) -> Answer {
    let (parts, mut body) = response.into_parts();
    let mut said = Vec::new();
    for value in parts.headers.values() {
        said.extend_from_slice(value.as_bytes());
    }
    let mut status = Status::from_header_map(&parts.headers);
    let mut data = Vec::new();
    while let Ok(Some(frame)) = timeout(QUIET, body.frame()).await {
        let frame = frame.unwrap();
        if let Some(trailers) = frame.trailers_ref() {
            status = Status::from_header_map(trailers);
        }
        if let Ok(bytes) = frame.into_data() {
            data.extend_from_slice(&bytes);
        }
    }
    said.extend_from_slice(&data);
    // A stream that has not ended is a good answer so far.
    let status = status.unwrap_or_else(|| Status::ok(""));
    said.extend_from_slice(status.message().as_bytes());
    said.extend_from_slice(status.details());
    let view = StatusView::of(&status);
    Answer {
        code: status.code(),
        reason: view
            .as_ref()
            .map(|it| it.reason.clone())
            .unwrap_or_default(),
        permission: view.and_then(|it| it.metadata.get("permission").cloned()),
        messages: unframed(&data),
        said,
    }
}

fn unframed(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while data.len() >= FRAME {
        let length = u32::from_be_bytes(data[1..FRAME].try_into().unwrap());
        let end = (FRAME + usize::try_from(length).unwrap()).min(data.len());
        messages.push(data[FRAME..end].to_vec());
        data = &data[end..];
    }
    messages
}
