//! The broker's stream, asked for its state with our own patience.

use std::future::{Future, IntoFuture};
use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Info, Stream};
use async_nats::jetstream::{Context, ErrorCode};
use thiserror::Error;

use super::cursor::Mark;

/// How long the broker may take to tell of a stream.
const PATIENCE: Duration = Duration::from_secs(3);

/// Says why the stream cannot be seen.
#[derive(Debug, Error)]
pub(super) enum Unseen {
    /// There is no such stream; the provisioner creates it.
    #[error("the stream does not exist")]
    Missing,
    /// Nobody answers, or the stream has no leader now. It says nothing about what is stored.
    #[error("the broker does not answer: {0}")]
    Unreachable(String),
}

/// What was seen of the stream.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub info: Info,
    /// The name of the message that it ends with, if it holds that message.
    pub last_message: Option<String>,
}

impl Seen {
    /// What the cursor depends on.
    pub fn mark(&self) -> Mark {
        mark_of(&self.info)
    }
}

/// What the cursor depends on, of a stream's description.
pub(super) fn mark_of(info: &Info) -> Mark {
    let created_ns = info.created.unix_timestamp_nanos();
    Mark {
        created_ns: i64::try_from(created_ns).unwrap_or(i64::MAX),
        sequence: i64::try_from(info.state.last_sequence).unwrap_or(i64::MAX),
    }
}

/// Asks for the stream and the message that it ends with.
pub(super) async fn look(jetstream: &Context, name: &str) -> Result<Seen, Unseen> {
    let stream = find(jetstream, name).await?;
    let info = stream.cached_info().clone();
    let last_message = match info.state.messages {
        0 => None,
        _ => last(&stream, info.state.last_sequence).await?,
    };
    Ok(Seen { info, last_message })
}

/// Asks for the stream.
pub(super) async fn find(jetstream: &Context, name: &str) -> Result<Stream, Unseen> {
    match within(jetstream.get_stream(name)).await? {
        Ok(stream) => Ok(stream),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(it) if it.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Err(Unseen::Missing)
            }
            _ => Err(Unseen::Unreachable(error.to_string())),
        },
    }
}

async fn last(stream: &Stream, sequence: u64) -> Result<Option<String>, Unseen> {
    use async_nats::jetstream::stream::RawMessageErrorKind;
    match within(stream.get_raw_message(sequence)).await? {
        Ok(message) => {
            let id = message.headers.get("Nats-Msg-Id");
            Ok(id.map(|it| it.as_str().to_owned()))
        }
        Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(Unseen::Unreachable(error.to_string())),
    }
}

/// Waits for the broker, but not for ever.
pub(super) async fn within<F: Future>(
    asked: impl IntoFuture<IntoFuture = F>,
) -> Result<F::Output, Unseen> {
    let answer = tokio::time::timeout(PATIENCE, asked.into_future()).await;
    answer.map_err(|_| Unseen::Unreachable("no answer in time".to_owned()))
}
