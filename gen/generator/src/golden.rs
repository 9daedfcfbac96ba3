//! Golden events: bytes and JSON of every event variant as it was first published.
//!
//! Written once and never again: a consumer must go on reading what lies in the event store.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, SerializeOptions, Value};
use serde_json::value::Serializer as ValueSerializer;

use crate::lint::event_messages;
use crate::sample::{Fill, Sampler};
use crate::schema::Schema;

/// Where golden files lie.
pub const FOLDER: &str = "tests/contract/golden";

/// One variant of one event.
pub struct Variant {
    /// The event that wraps it, for example `retail.order.v1.OrderEvent`.
    pub event: MessageDescriptor,
    /// The member of the oneof.
    pub field: FieldDescriptor,
}

impl Variant {
    /// Every variant, in the order of names.
    pub fn all(schema: &Schema) -> Vec<Self> {
        let events = event_messages(schema).into_iter();
        events
            .flat_map(|event| {
                let oneof = event.oneofs().find(|oneof| oneof.name() == "event");
                let fields: Vec<_> = oneof.iter().flat_map(|oneof| oneof.fields()).collect();
                fields.into_iter().map(move |field| Self {
                    event: event.clone(),
                    field,
                })
            })
            .collect()
    }

    /// Its file, without ending.
    pub fn path(&self, root: &Path) -> PathBuf {
        root.join(FOLDER)
            .join(self.event.full_name())
            .join(self.field.name())
    }

    /// An event of this variant with every field set; the same each time.
    pub fn sample(&self) -> DynamicMessage {
        let seed = self.field.full_name().bytes().fold(7, |seed: u64, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        let mut sampler = Sampler::new(seed, Fill::All);
        let mut event = DynamicMessage::new(self.event.clone());
        for field in self
            .event
            .fields()
            .filter(|field| field.name() == "metadata")
        {
            if let Some(metadata) = field.kind().as_message() {
                event.set_field(&field, Value::Message(sampler.message(metadata)));
            }
        }
        if let Some(variant) = self.field.kind().as_message() {
            event.set_field(&self.field, Value::Message(sampler.message(variant)));
        }
        event
    }
}

/// The canonical JSON of a message, indented, with its members in the order of names, so that maps
/// come out the same each time.
pub fn json(message: &DynamicMessage) -> Result<String> {
    let sorted = message.serialize_with_options(ValueSerializer, &SerializeOptions::new())?;
    Ok(serde_json::to_string_pretty(&sorted)? + "\n")
}

/// Writes the files of variants that have none.
pub fn write_missing(root: &Path, schema: &Schema) -> Result<usize> {
    let mut written = 0;
    for variant in Variant::all(schema) {
        let path = variant.path(root);
        if path.with_extension("binpb").exists() {
            continue;
        }
        let folder = path.parent().context("a golden file without a folder")?;
        std::fs::create_dir_all(folder)?;
        let event = variant.sample();
        std::fs::write(path.with_extension("binpb"), event.encode_to_vec())?;
        std::fs::write(path.with_extension("json"), json(&event)?)?;
        written += 1;
    }
    Ok(written)
}
