//! A published message as operators see it.

use contracts::common::EventRecord;
use prost_types::Any;

use crate::publish::Outgoing;

/// Shows a message.
pub(super) fn record(message: Outgoing) -> EventRecord {
    EventRecord {
        event_type: message.event_type.to_owned(),
        subject: message.subject,
        position: message.position,
        payload: Some(any(message.envelope, message.payload.to_vec())),
        metadata: Some(message.metadata),
    }
}

/// Names the type of some bytes.
pub(super) fn any(envelope: &str, value: Vec<u8>) -> Any {
    Any {
        type_url: format!("type.googleapis.com/{envelope}"),
        value,
    }
}
