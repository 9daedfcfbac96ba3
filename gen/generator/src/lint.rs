//! Judges the protos by the rules that buf does not know.
//!
//! Each finding names the element, the rule and what to do. The list must stay empty; there is no
//! way to silence a rule from within a proto.

mod event;
mod input;
mod rpc;
mod text;

use std::collections::BTreeSet;
use std::fmt;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

pub use input::refuses_absence;
pub use rpc::values_without_prefix;

use crate::contract::is_output_only;
use crate::schema::{Schema, is_own};

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Full name of the element.
    pub element: String,
    /// Short name of the rule.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}", self.element, self.rule, self.message)
    }
}

/// Collects findings.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, element: &str, rule: &'static str, message: impl Into<String>) {
        self.0.push(Finding {
            element: element.to_owned(),
            rule,
            message: message.into(),
        });
    }
}

/// Judges every contract; sorted, empty when all is well.
pub fn findings(schema: &Schema) -> Vec<Finding> {
    let mut found = Findings::default();
    rpc::check(schema, &mut found);
    input::check(schema, &mut found);
    event::check(schema, &mut found);
    text::check(schema, &mut found);
    found.0.sort();
    found.0.dedup();
    found.0
}

/// All messages of ours that are reached from these, through the fields that `follow` admits.
pub fn reachable(
    from: impl IntoIterator<Item = MessageDescriptor>,
    follow: impl Fn(&FieldDescriptor) -> bool,
) -> Vec<MessageDescriptor> {
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    let mut waiting: Vec<_> = from.into_iter().collect();
    while let Some(message) = waiting.pop() {
        if !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields().filter(|field| follow(field)) {
            waiting.extend(target(&field).filter(|next| is_own(next.package_name())));
        }
        order.push(message);
    }
    order.sort_by(|a, b| a.full_name().cmp(b.full_name()));
    order
}

/// The message that a field holds, looking through lists and maps.
pub fn target(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    let Kind::Message(message) = field.kind() else {
        return None;
    };
    if message.is_map_entry() {
        let value = message.map_entry_value_field();
        return value.kind().as_message().cloned();
    }
    Some(message)
}

/// The messages that callers fill: requests and all that they hold but for OUTPUT_ONLY fields.
pub fn input_messages(schema: &Schema) -> Vec<MessageDescriptor> {
    let requests = schema
        .own_methods()
        .into_iter()
        .map(|method| method.input());
    reachable(requests, |field| !is_output_only(field))
}

/// The messages that wrap published events: `metadata` and a oneof named `event`.
pub fn event_messages(schema: &Schema) -> Vec<MessageDescriptor> {
    let is_event = |message: &MessageDescriptor| message.oneofs().any(|it| it.name() == "event");
    schema.own_messages().into_iter().filter(is_event).collect()
}
