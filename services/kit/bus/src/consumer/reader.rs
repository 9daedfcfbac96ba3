//! The durable at the broker: created at each connect, read in ready chunks, left at any error.

use std::future::Future;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer as Durable, DeliverPolicy, Info, pull};
use async_nats::jetstream::{Context, Message};
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, timeout};

use super::{ConsumerSettings, Ended};
use crate::provision::stream_of;

/// How long the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the broker has to show that it still serves the reader.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long a request for messages stays open.
const EXPIRES: Duration = Duration::from_secs(10);
/// How long messages may wait without any being delivered.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// An open reader.
pub(super) struct Reader {
    durable: Durable<pull::Config>,
    messages: pull::Stream,
    chunk: usize,
    delivered: Instant,
}

impl Reader {
    /// Creates the durable, which is idempotent, and begins to read.
    pub async fn open(
        jetstream: &Context,
        name: &str,
        source: &str,
        settings: &ConsumerSettings,
    ) -> Result<Self, Ended> {
        let config = pull::Config {
            durable_name: Some(name.to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: settings.ack_wait,
            max_ack_pending: settings.ack_pending,
            max_deliver: -1,
            ..pull::Config::default()
        };
        let stream = stream_of(source);
        let create = jetstream.create_consumer_on_stream(config, stream);
        let durable = within(create).await?;
        let messages = durable
            .stream()
            .max_messages_per_batch(settings.chunk)
            .heartbeat(HEARTBEAT)
            .expires(EXPIRES)
            .messages();
        let messages = within(messages).await?;
        Ok(Self {
            durable,
            messages,
            chunk: settings.chunk,
            delivered: Instant::now(),
        })
    }

    /// The durable when it was opened.
    pub fn opened(&self) -> &Info {
        self.durable.cached_info()
    }

    /// Waits so long for a message, and takes with it what is there already.
    pub async fn chunk(&mut self, patience: Duration) -> Result<Vec<Message>, Ended> {
        let Ok(first) = timeout(patience, self.messages.next()).await else {
            return Ok(Vec::new());
        };
        let mut chunk = vec![taken(first)?];
        while chunk.len() < self.chunk {
            match self.messages.next().now_or_never() {
                Some(more) => chunk.push(taken(more)?),
                None => break,
            }
        }
        self.delivered = Instant::now();
        Ok(chunk)
    }

    /// Asks the broker how far the durable is; an error where it does not serve it any more.
    pub async fn info(&mut self) -> Result<Info, Ended> {
        let info = within(self.durable.get_info()).await?;
        if info.num_pending > 0 && self.delivered.elapsed() > STUCK_AFTER {
            return Err(Ended::Reader("messages wait and none comes".to_owned()));
        }
        Ok(info)
    }
}

fn taken<E: std::fmt::Display>(next: Option<Result<Message, E>>) -> Result<Message, Ended> {
    match next {
        Some(Ok(message)) => Ok(message),
        Some(Err(error)) => Err(Ended::Reader(error.to_string())),
        None => Err(Ended::Reader("the messages ended".to_owned())),
    }
}

async fn within<T, E: std::fmt::Display>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, Ended> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Ended::Reader(error.to_string())),
        Err(_) => Err(Ended::Reader("no answer in time".to_owned())),
    }
}
