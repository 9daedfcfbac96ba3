//! From a stored fact to what is published: the owner maps it, the bus adds what every event has.

use std::collections::BTreeMap;

use async_nats::HeaderMap;
use bytes::Bytes;
use contracts::common::{Actor, EventMetadata};
use contracts::convert::timestamp;
use journal::Recorded;
use prost::Message as _;
use thiserror::Error;

mod range;
#[cfg(test)]
mod tests;

pub use range::{Range, Streams};

/// The most messages that one fact may become.
const PARTS_MAX: usize = 1_000;
/// The field that every published envelope keeps for its metadata, as a length-delimited one.
const METADATA_TAG: u8 = 0x0a;

/// Maps stored facts to what is published. Pure: the same fact gives the same messages, for ever.
pub trait Publish: Send + Sync + 'static {
    /// The context, such as `order`: a part of subjects, types and the stream's name.
    fn context(&self) -> &'static str;

    /// What a fact is published as: at least one message, nearly always one.
    fn publish(&self, recorded: &Recorded) -> Result<Vec<Message>, Unpublishable>;

    /// The revision of each kind of message that this build writes, by its full name; what is not
    /// named is at 0.
    fn revisions(&self) -> BTreeMap<&'static str, i32> {
        BTreeMap::new()
    }
}

/// One message before the bus adds metadata and subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The full name of the variant, such as `retail.order.v1.OrderCreated`.
    pub event_type: &'static str,
    /// The full name of the envelope, such as `retail.order.v1.OrderEvent`.
    pub envelope: &'static str,
    /// The token of the contract, such as `order_created`.
    pub token: &'static str,
    /// Raised when a field gained meaning without a change of shape.
    pub schema_revision: i32,
    /// The envelope's bytes without its metadata.
    pub body: Vec<u8>,
}

impl Message {
    /// A message of an envelope whose `metadata` is left empty.
    pub fn new(
        event_type: &'static str,
        envelope: &'static str,
        token: &'static str,
        event: &impl prost::Message,
    ) -> Self {
        Self {
            event_type,
            envelope,
            token,
            schema_revision: 0,
            body: event.encode_to_vec(),
        }
    }
}

/// Says why a fact cannot be published. It is a defect: a stored fact can always be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unpublishable {
    /// The bytes are not the fact that its kind promises.
    #[error("the fact cannot be read: {0}")]
    Unreadable(String),
    /// This build does not know the kind.
    #[error("the kind {0} is not known")]
    KindUnknown(String),
    /// The mapping gave no message, or too many.
    #[error("a fact became {0} messages")]
    Parts(usize),
    /// The aggregate's id cannot stand in a subject.
    #[error("{0:?} cannot be part of a subject")]
    Subject(String),
}

/// A message as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where it goes.
    pub subject: String,
    /// Names it at the broker: the event's id, and its part where there are several.
    pub message_id: String,
    /// The full name of the variant.
    pub event_type: &'static str,
    /// The full name of the envelope.
    pub envelope: &'static str,
    /// Who, what, when, why.
    pub metadata: EventMetadata,
    /// The whole envelope.
    pub payload: Bytes,
    /// The position of its fact.
    pub position: i64,
}

/// Makes the messages of a fact.
pub fn outgoing(
    publish: &dyn Publish,
    recorded: &Recorded,
    history: i64,
) -> Result<Vec<Outgoing>, Unpublishable> {
    let messages = publish.publish(recorded)?;
    if messages.is_empty() || messages.len() > PARTS_MAX {
        return Err(Unpublishable::Parts(messages.len()));
    }
    let parts = i32::try_from(messages.len()).unwrap_or(i32::MAX);
    let numbered = (1..=parts).zip(messages);
    numbered
        .map(|(part, message)| {
            let mut metadata = metadata(recorded, history);
            metadata.part = part;
            metadata.parts = parts;
            metadata.schema_revision = message.schema_revision;
            Ok(Outgoing {
                subject: subject(publish.context(), recorded, message.token)?,
                message_id: message_id(&metadata),
                event_type: message.event_type,
                envelope: message.envelope,
                payload: envelope(&metadata, &message.body),
                metadata,
                position: recorded.position,
            })
        })
        .collect()
}

/// The name of a message at the broker. Parts need names of their own, or the second is dropped.
pub fn message_id(metadata: &EventMetadata) -> String {
    if metadata.parts > 1 {
        format!("{}.{}", metadata.event_id, metadata.part)
    } else {
        metadata.event_id.clone()
    }
}

/// Puts the metadata before the rest: protobuf does not mind the order of fields.
fn envelope(metadata: &EventMetadata, body: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(metadata.encoded_len() + body.len() + 6);
    bytes.push(METADATA_TAG);
    bytes.extend(metadata.encode_length_delimited_to_vec());
    bytes.extend(body);
    bytes.into()
}

fn subject(
    context: &str,
    recorded: &Recorded,
    token: &'static str,
) -> Result<String, Unpublishable> {
    let id = &recorded.stream_id;
    let fits = |it: char| it.is_ascii_graphic() && !matches!(it, '.' | '*' | '>');
    if id.is_empty() || !id.chars().all(fits) {
        return Err(Unpublishable::Subject(id.clone()));
    }
    Ok(format!(
        "retail.v1.{}.{context}.{token}.{id}",
        recorded.tenant
    ))
}

fn metadata(recorded: &Recorded, history: i64) -> EventMetadata {
    EventMetadata {
        event_id: recorded.event_id.to_string(),
        tenant_id: recorded.tenant.to_string(),
        aggregate_type: recorded.stream_kind.clone(),
        aggregate_id: recorded.stream_id.clone(),
        aggregate_version: recorded.version,
        effective_time: Some(timestamp(recorded.effective_at)),
        record_time: Some(timestamp(recorded.recorded_at)),
        actor: Some(Actor {
            r#type: recorded.actor.kind.into(),
            actor_id: recorded.actor.id.clone(),
        }),
        correlation_id: recorded.correlation_id.clone(),
        causation_id: recorded.causation_id.clone(),
        method: recorded.method.clone(),
        request_id: recorded
            .request_id
            .map(|it| it.to_string())
            .unwrap_or_default(),
        reason: recorded.reason.clone(),
        history,
        traceparent: recorded.traceparent.clone(),
        ..EventMetadata::default()
    }
}

/// The headers by which tools route without the schema: CloudEvents in binary mode, the trace, and
/// the chain that the broker keeps.
pub fn headers(outgoing: &Outgoing, context: &str, behind: Option<u64>) -> HeaderMap {
    let metadata = &outgoing.metadata;
    let time = metadata.record_time.map(rfc3339).unwrap_or_default();
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", outgoing.message_id.as_str());
    if let Some(behind) = behind {
        headers.insert("Nats-Expected-Last-Sequence", behind.to_string());
    }
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", metadata.event_id.as_str());
    headers.insert("ce-source", format!("/retail/{context}"));
    headers.insert("ce-type", outgoing.event_type);
    headers.insert("ce-time", time);
    headers.insert("content-type", "application/protobuf");
    if !metadata.traceparent.is_empty() {
        headers.insert("traceparent", metadata.traceparent.as_str());
    }
    headers
}

fn rfc3339(at: prost_types::Timestamp) -> String {
    contracts::convert::moment(&at).map_or_else(|_| String::new(), |it| it.to_string())
}
