//! Makes messages that obey the rules, and messages that break exactly one of them.
//!
//! Everything follows from a seed. Golden events and the proof of the validators are made of these.

pub mod breach;
mod random;
mod texts;
mod values;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, OneofDescriptor,
    ReflectMessage, Value,
};

pub use random::Random;

use crate::contract::oneof_required;
use crate::rules::{FieldRules, Ignore, message_cels};
use crate::schema::is_own;

/// How much of a message is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Every field.
    All,
    /// What is required, and about half of the rest.
    Some,
}

/// A source of messages that obey the rules.
pub struct Sampler {
    /// Where choices come from.
    pub random: Random,
    fill: Fill,
}

/// How deep optional messages are nested.
const DEPTH_MAX: u32 = 5;

impl Sampler {
    /// The same seed makes the same messages.
    pub fn new(seed: u64, fill: Fill) -> Self {
        Self {
            random: Random::new(seed),
            fill,
        }
    }

    /// A message that obeys its rules.
    pub fn message(&mut self, of: &MessageDescriptor) -> DynamicMessage {
        self.nested(of, 0)
    }

    fn nested(&mut self, of: &MessageDescriptor, depth: u32) -> DynamicMessage {
        if !is_own(of.package_name()) {
            return values::well_known(&mut self.random, of, None);
        }
        let mut message = DynamicMessage::new(of.clone());
        for oneof in of.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            self.one_of(&oneof, &mut message, depth);
        }
        for field in of.fields() {
            let free = field
                .containing_oneof()
                .is_none_or(|oneof| oneof.is_synthetic());
            if free && self.wants(&field, depth) {
                let value = self.field(&field, depth);
                message.set_field(&field, value);
            }
        }
        values::obey_message_rules(&mut message);
        message
    }

    /// Whether a field is filled.
    fn wants(&mut self, field: &FieldDescriptor, depth: u32) -> bool {
        let rules = FieldRules::of(field);
        let named = message_cels(field.parent_message()).iter().any(|it| {
            it.id == "update.id_required"
                && it.expression.contains(&format!("this.{})", field.name()))
        });
        let needed = named || rules.as_ref().is_some_and(|rules| is_needed(field, rules));
        let recursive = matches!(field.kind(), Kind::Message(_)) && depth >= DEPTH_MAX;
        needed || (!recursive && (self.fill == Fill::All || self.random.coin()))
    }

    fn one_of(&mut self, oneof: &OneofDescriptor, message: &mut DynamicMessage, depth: u32) {
        let members: Vec<_> = oneof.fields().collect();
        let leave = self.fill == Fill::Some && !oneof_required(oneof) && self.random.coin();
        let Some(member) = members.get(self.random.below(members.len())) else {
            return;
        };
        if !leave {
            let value = self.field(member, depth);
            message.set_field(member, value);
        }
    }

    /// A value for a field, of whatever cardinality.
    fn field(&mut self, field: &FieldDescriptor, depth: u32) -> Value {
        let rules = FieldRules::of(field);
        if field.is_map() {
            return self.map(field, rules.as_ref(), depth);
        }
        if field.is_list() {
            return self.list(field, rules.as_ref(), depth);
        }
        self.single(field, rules.as_ref(), depth)
    }

    fn list(&mut self, field: &FieldDescriptor, rules: Option<&FieldRules>, depth: u32) -> Value {
        let items = rules.and_then(|rules| rules.part("items"));
        let count = self.count(rules, "min_items", "max_items");
        let mut list: Vec<Value> = Vec::new();
        // Unique items are drawn again when they repeat; a few tries reach the least count.
        for _ in 0..count * 8 {
            let value = self.single(field, items.as_ref(), depth);
            let unique = rules.is_some_and(|rules| rules.standard("unique").is_some());
            if list.len() < count && !(unique && list.contains(&value)) {
                list.push(value);
            }
        }
        Value::List(list)
    }

    fn map(&mut self, field: &FieldDescriptor, rules: Option<&FieldRules>, depth: u32) -> Value {
        let Kind::Message(entry) = field.kind() else {
            return Value::Map(Default::default());
        };
        let part = |name: &str| rules.and_then(|rules| rules.part(name));
        let (of_keys, of_values) = (part("keys"), part("values"));
        let count = self.count(rules, "min_pairs", "max_pairs");
        let mut map = std::collections::HashMap::new();
        for _ in 0..count {
            let key = self.single(&entry.map_entry_key_field(), of_keys.as_ref(), depth);
            let value = self.single(&entry.map_entry_value_field(), of_values.as_ref(), depth);
            map.extend(map_key(key).map(|key| (key, value)));
        }
        Value::Map(map)
    }

    fn count(&mut self, rules: Option<&FieldRules>, least: &str, most: &str) -> usize {
        let bound = |name: &str| {
            rules
                .and_then(|it| it.standard(name))
                .and_then(Value::as_u64)
        };
        let required = rules.is_some_and(|rules| rules.required);
        let least = bound(least).unwrap_or(u64::from(required || self.fill == Fill::All));
        let most = bound(most).unwrap_or(u64::MAX).min(least.saturating_add(2));
        usize::try_from(self.random.between(least, most)).unwrap_or_default()
    }

    /// One value that obeys its rules: of a field, an item, a key or a value.
    fn single(&mut self, field: &FieldDescriptor, rules: Option<&FieldRules>, depth: u32) -> Value {
        if let Kind::Message(message) = field.kind() {
            if is_own(message.package_name()) {
                let mut nested = self.nested(&message, depth + 1);
                values::obey_field_rules(&mut nested, rules);
                return Value::Message(nested);
            }
            return Value::Message(values::well_known(&mut self.random, &message, rules));
        }
        values::scalar(&mut self.random, &field.kind(), rules)
    }
}

/// A map's key out of a value.
pub fn map_key(value: Value) -> Option<MapKey> {
    match value {
        Value::String(it) => Some(MapKey::String(it)),
        Value::I32(it) => Some(MapKey::I32(it)),
        Value::I64(it) => Some(MapKey::I64(it)),
        Value::U32(it) => Some(MapKey::U32(it)),
        Value::U64(it) => Some(MapKey::U64(it)),
        Value::Bool(it) => Some(MapKey::Bool(it)),
        _ => None,
    }
}

/// Whether leaving a field unset would break a rule.
fn is_needed(field: &FieldDescriptor, rules: &FieldRules) -> bool {
    let least = |name| {
        rules
            .standard(name)
            .and_then(Value::as_u64)
            .is_some_and(|it| it > 0)
    };
    if rules.ignore == Ignore::Always {
        return false;
    }
    // Without presence a rule judges the zero value too, so the field is given a good one.
    let judged = !field.supports_presence() && rules.ignore == Ignore::Unset;
    let plural = field.is_list() || field.is_map();
    rules.required || least("min_items") || least("min_pairs") || (judged && !plural)
}

/// The descriptor's own name, for messages.
pub fn name_of(message: &DynamicMessage) -> String {
    message.descriptor().full_name().to_owned()
}
