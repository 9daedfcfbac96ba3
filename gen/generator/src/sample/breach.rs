//! Every place where a rule can be broken, and a message that breaks it there.

mod bad;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::{Sampler, map_key, values};
use crate::contract::oneof_required;
use crate::rules::{FieldRules, Ignore, message_cels};

/// Which part of a field a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The whole message, or a oneof of it.
    Message,
    /// The field as a whole.
    Field,
    /// Each item of a list.
    Items,
    /// Each key of a map.
    Keys,
    /// Each value of a map.
    Values,
}

/// One rule at one place.
#[derive(Debug, Clone)]
pub struct Site {
    /// The message.
    pub message: MessageDescriptor,
    /// The field or oneof; empty for the message itself.
    pub field: String,
    /// What of the field is judged.
    pub part: Part,
    /// The rule's id, as a violation reports it.
    pub rule: String,
}

/// Every rule of one message that a value can break.
pub fn sites(message: &MessageDescriptor) -> Vec<Site> {
    let site = |field: &str, part, rule: &str| Site {
        message: message.clone(),
        field: field.to_owned(),
        part,
        rule: rule.to_owned(),
    };
    let mut sites = Vec::new();
    for rule in message_cels(message) {
        sites.push(site("", Part::Message, &rule.id));
    }
    for oneof in message.oneofs().filter(oneof_required) {
        sites.push(site(oneof.name(), Part::Message, "required"));
    }
    for field in message.fields() {
        let Some(rules) = FieldRules::of(&field) else {
            continue;
        };
        if rules.ignore == Ignore::Always {
            continue;
        }
        let parts = [
            (Part::Items, "items"),
            (Part::Keys, "keys"),
            (Part::Values, "values"),
        ];
        let whole = Judged {
            rules: &rules,
            presence: field.supports_presence(),
        };
        sites.extend(
            whole
                .ids()
                .iter()
                .map(|rule| site(field.name(), Part::Field, rule)),
        );
        for (part, name) in parts {
            let Some(rules) = rules.part(name) else {
                continue;
            };
            let judged = Judged {
                rules: &rules,
                presence: false,
            };
            sites.extend(
                judged
                    .ids()
                    .iter()
                    .map(|rule| site(field.name(), part, rule)),
            );
        }
    }
    sites
}

/// The rules of one part of a field.
struct Judged<'a> {
    rules: &'a FieldRules,
    presence: bool,
}

impl Judged<'_> {
    /// Whether a zero value gets as far as the rules of its kind.
    fn judges_zero(&self) -> bool {
        self.presence || !(self.rules.required || self.rules.ignore == Ignore::IfZero)
    }

    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.rules.cel.iter().map(|rule| rule.id.clone()).collect();
        if self.rules.required {
            ids.push("required".to_owned());
        }
        let Some(kind) = &self.rules.kind else {
            return ids;
        };
        for used in kind
            .predefined
            .iter()
            .filter(|used| used.value != Value::Bool(false))
        {
            ids.extend(used.cel.iter().map(|rule| rule.id.clone()));
        }
        for (rule, value) in &kind.standard {
            let id = format!("{}.{rule}", kind.kind);
            match rule.as_str() {
                "items" | "keys" | "values" | "gt" | "gte" | "lt" | "lte" => {}
                "min_len" | "min_bytes" | "min_items" | "min_pairs" => {
                    if self.judges_zero() || value.as_u64() > Some(1) {
                        ids.push(id);
                    }
                }
                "uuid" | "email" => {
                    if self.judges_zero() {
                        ids.push(format!("{id}_empty"));
                    }
                    ids.push(id);
                }
                _ => ids.push(id),
            }
        }
        ids.extend(self.range().map(|bounds| format!("{}.{bounds}", kind.kind)));
        ids
    }

    /// The bounds as one rule, for example `gte_lte`.
    fn range(&self) -> Option<String> {
        let bound = |names: [&'static str; 2]| {
            names
                .into_iter()
                .find_map(|name| Some((name, self.rules.standard(name)?)))
        };
        match (bound(["gt", "gte"]), bound(["lt", "lte"])) {
            (Some((low, from)), Some((high, to))) => {
                let exclusive = values::as_integer(to) < values::as_integer(from);
                let ending = if exclusive { "_exclusive" } else { "" };
                Some(format!("{low}_{high}{ending}"))
            }
            (Some((name, _)), None) | (None, Some((name, _))) => Some(name.to_owned()),
            (None, None) => None,
        }
    }
}

/// A message that breaks the rule at this place; `None` where no example is known.
pub fn example(sampler: &mut Sampler, site: &Site) -> Option<DynamicMessage> {
    let mut message = sampler.message(&site.message);
    break_in(sampler, &mut message, site)?;
    Some(message)
}

/// Breaks the rule within a message that obeyed its rules.
pub fn break_in(sampler: &mut Sampler, message: &mut DynamicMessage, site: &Site) -> Option<()> {
    if site.part == Part::Message {
        return whole(message, site);
    }
    let field = site.message.get_field_by_name(&site.field)?;
    let rules = FieldRules::of(&field)?;
    if site.part == Part::Field {
        if site.rule == "required" {
            message.clear_field(&field);
            return Some(());
        }
        let value = match field.is_list() || field.is_map() {
            true => bad::plural(sampler, &field, &rules, &site.rule)?,
            false => bad::value(sampler, &field.kind(), &rules, &site.rule)?,
        };
        message.set_field(&field, value);
        return Some(());
    }
    let (name, of) = match site.part {
        Part::Items => ("items", field.clone()),
        Part::Keys => ("keys", field.kind().as_message()?.map_entry_key_field()),
        _ => ("values", field.kind().as_message()?.map_entry_value_field()),
    };
    let rules = rules.part(name)?;
    let value = bad::value(sampler, &of.kind(), &rules, &site.rule)?;
    match (message.get_field(&field).into_owned(), site.part) {
        (Value::List(mut list), _) => {
            list.truncate(2);
            list.push(value);
            message.set_field(&field, Value::List(list));
        }
        (Value::Map(mut map), Part::Keys) => {
            let item = map
                .values()
                .next()
                .cloned()
                .or_else(|| sampled(sampler, &field))?;
            map.insert(map_key(value)?, item);
            message.set_field(&field, Value::Map(map));
        }
        (Value::Map(mut map), _) => {
            let keys = field.kind().as_message()?.map_entry_key_field();
            let of_keys = FieldRules::of(&field)?.part("keys");
            let key = values::scalar(&mut sampler.random, &keys.kind(), of_keys.as_ref());
            map.insert(map_key(key)?, value);
            message.set_field(&field, Value::Map(map));
        }
        _ => return None,
    }
    Some(())
}

/// A good value of a map whose values are scalars or messages.
fn sampled(sampler: &mut Sampler, field: &FieldDescriptor) -> Option<Value> {
    let of = field.kind().as_message()?.map_entry_value_field();
    let rules = FieldRules::of(field)?.part("values");
    if let Kind::Message(message) = of.kind() {
        return Some(Value::Message(sampler.message(&message)));
    }
    Some(values::scalar(
        &mut sampler.random,
        &of.kind(),
        rules.as_ref(),
    ))
}

fn whole(message: &mut DynamicMessage, site: &Site) -> Option<()> {
    match site.rule.as_str() {
        "required" => {
            let oneof = site
                .message
                .oneofs()
                .find(|oneof| oneof.name() == site.field)?;
            oneof.fields().for_each(|field| message.clear_field(&field));
        }
        "money.sign" => {
            message.set_field_by_name("units", Value::I64(1));
            message.set_field_by_name("nanos", Value::I32(-1));
        }
        "date.exists" => {
            message.set_field_by_name("month", Value::I32(2));
            message.set_field_by_name("day", Value::I32(30));
        }
        "period.order" => {
            let field = site.message.get_field_by_name("start_time")?;
            let instant = values::from_nanos(field.kind().as_message()?, 5_000_000_000);
            message.set_field_by_name("start_time", Value::Message(instant.clone()));
            message.set_field_by_name("end_time", Value::Message(instant));
        }
        "update.id_required" => {
            let field = site.message.fields().find(|field| {
                FieldRules::of(field).is_some_and(|rules| rules.ignore == Ignore::Always)
            })?;
            message.clear_field(&field);
        }
        _ => return None,
    }
    Some(())
}
