//! Creates and repairs the streams at the broker: one a context, told here and nowhere else.
//!
//! Whoever may create streams could read and write foreign ones by way of `republish` and
//! `sources`, so services may not: the supervisor of a stack does it, a deployment of its own in a
//! cluster, and tests.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::CreateStreamError;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};

/// How long a message is kept. What is older comes from its owner.
pub const MAX_AGE: Duration = Duration::from_secs(7 * 86_400);
/// How long the broker remembers ids of messages; that only saves work.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// The space of a stream, reserved when it is created.
const MAX_BYTES: i64 = 512 * 1024 * 1024;
/// The largest message: what a fact may take, and its headers.
const MESSAGE_BYTES_MAX: i32 = 256 * 1024;

/// What the streams of an installation have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provision {
    /// On how many nodes each message lies: 1 on one machine, 3 in a cluster.
    pub replicas: usize,
    /// The space of each stream; their sum has to fit the broker's.
    pub max_bytes: i64,
}

impl Default for Provision {
    /// Settings for one machine.
    fn default() -> Self {
        Self {
            replicas: 1,
            max_bytes: MAX_BYTES,
        }
    }
}

/// The name of the stream that carries a context: `RETAIL_ORDER`.
pub fn stream_of(context: &str) -> String {
    format!("RETAIL_{}", context.to_ascii_uppercase())
}

/// The subjects of a context: `retail.v1.*.order.>`.
pub fn subjects_of(context: &str) -> String {
    format!("retail.v1.*.{context}.>")
}

impl Provision {
    /// What the stream of a context has to be like.
    pub fn config(&self, context: &str) -> Config {
        Config {
            name: stream_of(context),
            subjects: vec![subjects_of(context)],
            max_bytes: self.max_bytes,
            max_messages: -1,
            max_messages_per_subject: -1,
            max_age: MAX_AGE,
            max_message_size: MESSAGE_BYTES_MAX,
            storage: StorageType::File,
            num_replicas: self.replicas,
            retention: RetentionPolicy::Limits,
            // Full means refused, which the relay waits out; the other way loses the oldest.
            discard: DiscardPolicy::New,
            duplicate_window: DUPLICATE_WINDOW,
            deny_delete: true,
            deny_purge: false,
            allow_rollup: false,
            ..Config::default()
        }
    }

    /// Creates the streams of some contexts, or brings them back to what they have to be like.
    /// Streams that are right stay untouched.
    pub async fn apply(
        &self,
        jetstream: &Context,
        contexts: &[&str],
    ) -> Result<Vec<Info>, CreateStreamError> {
        let mut streams = Vec::new();
        for context in contexts {
            let config = self.config(context);
            streams.push(jetstream.create_or_update_stream(config).await?);
        }
        Ok(streams)
    }
}
