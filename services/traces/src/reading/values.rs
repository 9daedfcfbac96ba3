//! Attributes of the wire as tags: simple values as they are, lists and maps as their JSON.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Sent;
pub(super) use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use serde_json::Value as Json;

use crate::span::{Tag, Value};

/// The longest text that is kept of a value; a statement or a stack fits.
const TEXT_BYTES_MAX: usize = 16 << 10;
const CUT: &str = "… (cut)";

pub(super) fn tags(attributes: Vec<KeyValue>) -> Vec<Tag> {
    attributes.into_iter().map(tag).collect()
}

pub(super) fn text(key: &str, value: String) -> Tag {
    Tag::new(key, Value::Text(cut(value)))
}

/// Shortens what is too long to keep, between two characters.
pub(super) fn cut(mut text: String) -> Box<str> {
    if text.len() > TEXT_BYTES_MAX {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text.push_str(CUT);
    }
    text.into_boxed_str()
}

fn tag(attribute: KeyValue) -> Tag {
    let sent = attribute.value.and_then(|it| it.value);
    Tag {
        key: cut(attribute.key),
        value: sent.map_or_else(|| Value::Text("".into()), value),
    }
}

fn value(sent: Sent) -> Value {
    match sent {
        Sent::StringValue(text) => Value::Text(cut(text)),
        Sent::BoolValue(value) => Value::Bool(value),
        Sent::IntValue(value) => Value::Int(value),
        Sent::DoubleValue(value) => Value::Float(value),
        Sent::BytesValue(bytes) => Value::Text(cut(hex(&bytes))),
        Sent::ArrayValue(_) | Sent::KvlistValue(_) => Value::Text(cut(json(sent).to_string())),
        // Speaks of a table that only profiles have.
        Sent::StringValueStrindex(_) => Value::Text("".into()),
    }
}

/// How deep it goes is bounded by the decoder, which refuses what is nested too deep.
fn json(sent: Sent) -> Json {
    let inner = |it: AnyValue| it.value.map_or(Json::Null, json);
    match sent {
        Sent::StringValue(text) => text.into(),
        Sent::BoolValue(value) => value.into(),
        Sent::IntValue(value) => value.into(),
        Sent::DoubleValue(value) => value.into(),
        Sent::BytesValue(bytes) => hex(&bytes).into(),
        Sent::ArrayValue(list) => list.values.into_iter().map(inner).collect(),
        Sent::KvlistValue(map) => {
            let entries = map.values.into_iter();
            let entries = entries.map(|it| (it.key, it.value.map_or(Json::Null, inner)));
            Json::Object(entries.collect())
        }
        Sent::StringValueStrindex(_) => Json::Null,
    }
}

fn hex(bytes: &[u8]) -> String {
    let kept = bytes.iter().take(TEXT_BYTES_MAX / 2 + 1);
    kept.map(|byte| format!("{byte:02x}")).collect()
}
