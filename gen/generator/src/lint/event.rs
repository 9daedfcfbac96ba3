//! Rules for published events: their envelope, their tokens, and no personal data in clear.

use std::collections::BTreeMap;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{Findings, event_messages, reachable};
use crate::contract::{event_token, is_redacted, oneof_required};
use crate::rules::FieldRules;
use crate::schema::Schema;

/// Judges every event.
pub fn check(schema: &Schema, found: &mut Findings) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for event in event_messages(schema) {
        envelope(&event, found);
        for variant in variants(&event) {
            let Kind::Message(message) = variant.kind() else {
                continue;
            };
            token(&message, found);
            let owner = event.full_name().to_owned();
            if let Some(other) = owners.insert(message.full_name().to_owned(), owner) {
                found.add(
                    message.full_name(),
                    "event",
                    format!("is a variant of {other} too"),
                );
            }
        }
    }
    for message in schema.own_messages() {
        if event_token(&message).is_some() && !owners.contains_key(message.full_name()) {
            found.add(
                message.full_name(),
                "event",
                "has a token, but is no variant of an event",
            );
        }
    }
    clear_text(schema, found);
    telling_names(schema, found);
}

/// The variants of an event.
pub fn variants(event: &MessageDescriptor) -> Vec<FieldDescriptor> {
    let Some(oneof) = event.oneofs().find(|oneof| oneof.name() == "event") else {
        return Vec::new();
    };
    oneof.fields().collect()
}

fn envelope(event: &MessageDescriptor, found: &mut Findings) {
    let metadata = event.get_field_by_name("metadata");
    let right = metadata.is_some_and(|field| {
        let metadata = field
            .kind()
            .as_message()
            .map(|it| it.full_name().to_owned());
        metadata.as_deref() == Some("retail.common.v1.EventMetadata")
            && field.number() == 1
            && FieldRules::of(&field).is_some_and(|rules| rules.required)
    });
    if !right {
        found.add(
            event.full_name(),
            "event",
            "has required EventMetadata metadata = 1",
        );
    }
    if !event
        .oneofs()
        .any(|oneof| oneof.name() == "event" && oneof_required(&oneof))
    {
        found.add(event.full_name(), "event", "requires one of its variants");
    }
    if variants(event).iter().any(|variant| variant.number() < 10) {
        found.add(event.full_name(), "event", "numbers its variants from 10");
    }
}

fn token(message: &MessageDescriptor, found: &mut Findings) {
    let expected = super::rpc::screaming(message.name()).to_lowercase();
    if event_token(message).as_deref() != Some(expected.as_str()) {
        found.add(
            message.full_name(),
            "event",
            format!("has the token {expected}"),
        );
    }
}

/// Nothing that an event can carry is secret or personal.
fn clear_text(schema: &Schema, found: &mut Findings) {
    for message in reachable(event_messages(schema), |_| true) {
        for field in message.fields().filter(is_redacted) {
            found.add(
                field.full_name(),
                "personal",
                "is personal or secret, and part of an event",
            );
        }
    }
}

/// Fields whose names tell that they hold personal data or secrets are marked as such.
fn telling_names(schema: &Schema, found: &mut Findings) {
    for message in schema.own_messages() {
        for field in message
            .fields()
            .filter(|field| tells(field) && !is_redacted(field))
        {
            found.add(field.full_name(), "personal", "carries debug_redact = true");
        }
    }
}

fn tells(field: &FieldDescriptor) -> bool {
    const WHOLE: [&str; 12] = [
        "email",
        "password",
        "recipient",
        "phone_number",
        "access_token",
        "refresh_token",
        "device_token",
        "secret",
        "api_key",
        "client_secret",
        "provider_token",
        "first_name",
    ];
    const ENDINGS: [&str; 4] = ["_email", "_password", "_secret", "_phone"];
    let name = field.name();
    let scalar = matches!(field.kind(), Kind::String | Kind::Bytes);
    let person = field
        .kind()
        .as_message()
        .is_some_and(|message| message.full_name() == "retail.common.v1.ContactAddress");
    (scalar && (WHOLE.contains(&name) || ENDINGS.iter().any(|it| name.ends_with(it)))) || person
}
