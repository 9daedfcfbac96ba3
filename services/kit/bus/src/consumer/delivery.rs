//! A message of the bus as a value: whose event it is, and where it stands in its stream.

use async_nats::jetstream;
use bytes::Bytes;
use contracts::common::EventMetadata;
use contracts::convert::moment;
use prost::Message as _;
use tracing::Span;
use vocab::{Clock, TenantId};

use super::Fetched;
use crate::cause::Cause;
use crate::consuming::{Followed, Place};

/// What every published envelope begins with.
#[derive(Clone, PartialEq, prost::Message)]
struct Head {
    #[prost(message, optional, tag = "1")]
    metadata: Option<EventMetadata>,
}

/// One event as it was published.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whose it is.
    pub tenant: TenantId,
    /// The aggregate.
    pub stream: String,
    /// Where it was published.
    pub subject: String,
    /// The full name of the variant.
    pub event_type: String,
    /// Who, what, when, why. Left empty where the bytes cannot be read.
    pub metadata: EventMetadata,
    /// The whole envelope.
    pub payload: Bytes,
    /// Where it stands in its stream; nothing where the bytes cannot be read.
    pub place: Option<Place>,
}

impl Delivery {
    /// Reads a message of the broker; nothing if not even its subject is one of ours.
    pub(super) fn of_message(message: &jetstream::Message) -> Option<Self> {
        let headers = message.headers.as_ref();
        let kind = headers.and_then(|it| it.get("ce-type"));
        let kind = kind.map(|it| it.as_str().to_owned()).unwrap_or_default();
        Self::read(message.subject.as_str(), kind, message.payload.clone())
    }

    /// Reads an event that its owner gave out again.
    pub(super) fn of_fetched(fetched: &Fetched) -> Option<Self> {
        let (kind, payload) = (fetched.event_type.clone(), fetched.payload.clone());
        Self::read(&fetched.subject, kind, payload)
    }

    /// The subject says whose event it is even where the bytes say nothing.
    fn read(subject: &str, event_type: String, payload: Bytes) -> Option<Self> {
        let mut tokens = subject.splitn(6, '.').skip(2);
        let tenant: TenantId = tokens.next()?.parse().ok()?;
        let stream = tokens.nth(2)?.to_owned();
        let head = Head::decode(payload.clone()).ok();
        let metadata = head.and_then(|it| it.metadata);
        let said = |it: &EventMetadata| {
            let sane = it.aggregate_version >= 1 && it.part >= 1 && it.parts >= it.part;
            sane && it.aggregate_id == stream && it.tenant_id == tenant.to_string()
        };
        let metadata = metadata.filter(said);
        Some(Self {
            tenant,
            subject: subject.to_owned(),
            event_type,
            place: metadata.as_ref().map(Place::of),
            metadata: metadata.unwrap_or_default(),
            stream,
            payload,
        })
    }

    /// What led to it.
    pub(super) fn cause(&self) -> Cause<'_> {
        let recorded_at = self.metadata.record_time.as_ref();
        Cause {
            traceparent: &self.metadata.traceparent,
            recorded_at: recorded_at.and_then(|it| moment(it).ok()),
        }
    }

    /// The span of what a consumer does with it, in the trace of its cause; none if that trace is
    /// not kept or does not grow any more.
    pub(super) fn span(&self, consumer: &str) -> Span {
        let Some(trace) = self.cause().live(Clock::system().now()) else {
            return Span::none();
        };
        let name = self.event_type.rsplit('.').next().unwrap_or_default();
        let span = tracing::info_span!(
            parent: None,
            "consume event",
            otel.name = format!("consume {name}"),
            otel.kind = "consumer",
            tenant.id = %self.tenant,
            consumer.name = consumer,
            event.id = self.metadata.event_id,
            event.stream = self.stream,
        );
        trace.continue_in(&span);
        span
    }

    /// The stream as one consumer knows it.
    pub(super) fn followed(&self, consumer: &str) -> Followed {
        Followed {
            consumer: consumer.to_owned(),
            stream: self.stream.clone(),
        }
    }
}
