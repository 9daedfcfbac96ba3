//! Values that break one rule, of every kind of value.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::rules::{FieldRules, Ignore};
use crate::sample::{Sampler, map_key, texts, values};

/// A list or map with too few, too many or equal items.
pub fn plural(
    sampler: &mut Sampler,
    field: &FieldDescriptor,
    rules: &FieldRules,
    rule: &str,
) -> Option<Value> {
    let (_, name) = rule.split_once('.')?;
    let bound = usize::try_from(rules.standard(name)?.as_u64().unwrap_or_default()).ok()?;
    let count = match name {
        "min_items" | "min_pairs" => bound.checked_sub(1)?,
        "max_items" | "max_pairs" => bound + 1,
        _ => 2,
    };
    if field.is_list() {
        let items = rules.part("items");
        let item = one(sampler, field, items.as_ref());
        return Some(Value::List(vec![item; count]));
    }
    let entry = field.kind().as_message()?.clone();
    let (keys, of_keys) = (entry.map_entry_key_field(), rules.part("keys"));
    let item = super::sampled(sampler, field)
        .or_else(|| Some(one(sampler, &entry.map_entry_value_field(), None)))?;
    let mut map = std::collections::HashMap::new();
    for number in 0..count * 50 {
        let key = match keys.kind() {
            Kind::String if of_keys.is_none() => Value::String(format!("k{number}")),
            Kind::String => distinct_text(sampler, of_keys.as_ref(), number),
            kind => values::scalar(&mut sampler.random, &kind, of_keys.as_ref()),
        };
        if map.len() < count {
            map.insert(map_key(key)?, item.clone());
        }
    }
    Some(Value::Map(map))
}

/// A key with a number in it where the rules are content with that, else any good one.
fn distinct_text(sampler: &mut Sampler, rules: Option<&FieldRules>, number: usize) -> Value {
    let predefined = |name: &str| rules.is_some_and(|rules| rules.predefined(name).is_some());
    if ["key", "line", "text", "token", "code"]
        .into_iter()
        .any(predefined)
    {
        return Value::String(format!("k{number}"));
    }
    if predefined("locale") {
        let letter = |place: usize| char::from(b'a' + u8::try_from(place % 26).unwrap_or_default());
        return Value::String([letter(number / 26), letter(number)].iter().collect());
    }
    values::scalar(&mut sampler.random, &Kind::String, rules)
}

fn one(sampler: &mut Sampler, field: &FieldDescriptor, rules: Option<&FieldRules>) -> Value {
    match field.kind() {
        Kind::Message(message) => {
            let mut item = sampler.message(&message);
            values::obey_field_rules(&mut item, rules);
            Value::Message(item)
        }
        kind => values::scalar(&mut sampler.random, &kind, rules),
    }
}

/// One value that breaks one rule.
pub fn value(sampler: &mut Sampler, kind: &Kind, rules: &FieldRules, rule: &str) -> Option<Value> {
    if let Some(cel) = rules.cel.iter().find(|cel| cel.id == rule) {
        return Some(Value::Message(breaks_cel(
            sampler,
            kind.as_message()?,
            &cel.id,
        )?));
    }
    let (_, name) = rule.split_once('.')?;
    match kind {
        Kind::String => bad_text(sampler, rules, name).map(Value::String),
        Kind::Bytes => bad_octets(rules, name).map(|bytes| Value::Bytes(bytes.into())),
        Kind::Bool => Some(Value::Bool(
            rules.standard("const")?.as_bool() != Some(true),
        )),
        Kind::Enum(_) => bad_number(kind, rules, name).map(|it| match it {
            Value::I32(number) => Value::EnumNumber(number),
            other => other,
        }),
        Kind::Double | Kind::Float => bad_double(sampler, kind, rules, name),
        Kind::Message(message) => bad_message(sampler, message, rules, name).map(Value::Message),
        _ => bad_integer(sampler, kind, rules, name),
    }
}

fn breaks_cel(sampler: &mut Sampler, of: &MessageDescriptor, id: &str) -> Option<DynamicMessage> {
    let mut message = sampler.message(of);
    match id {
        "money.not_negative" => {
            let by_nanos = sampler.random.coin();
            message.set_field_by_name("units", Value::I64(if by_nanos { 0 } else { -1 }));
            message.set_field_by_name("nanos", Value::I32(if by_nanos { -1 } else { 0 }));
        }
        "money.positive" => {
            message.set_field_by_name("units", Value::I64(0));
            message.set_field_by_name("nanos", Value::I32(0));
        }
        "struct.size" => {
            let number = |place: usize| (format!("k{place}"), serde_json::Value::from(place));
            let json: serde_json::Map<_, _> = (0..101).map(number).collect();
            message =
                DynamicMessage::deserialize(of.clone(), serde_json::Value::Object(json)).ok()?;
        }
        "http_body.size" => {
            message.set_field_by_name("data", Value::Bytes(vec![b' '; 262_145].into()));
        }
        _ => return None,
    }
    Some(message)
}

fn bad_text(sampler: &mut Sampler, rules: &FieldRules, name: &str) -> Option<String> {
    let random = &mut sampler.random;
    if let Some(value) = rules.predefined(name) {
        let bound = value.as_u64().unwrap_or_default();
        let judges_empty = !(rules.required || rules.ignore == Ignore::IfZero);
        for _ in 0..64 {
            let text = texts::bad(random, name, bound, value.as_str().unwrap_or_default())?;
            if judges_empty || !text.is_empty() {
                return Some(text);
            }
        }
        return None;
    }
    let bound = rules
        .standard(name)
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let bound = usize::try_from(bound).unwrap_or_default();
    let given = rules
        .standard(name)
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some(match name {
        "uuid_empty" | "email_empty" => String::new(),
        "uuid" => texts::bad(random, "uuid", 0, "")?,
        "email" => format!("{}@@", random.pick(&["a", "é", "a b"])),
        "len" | "max_len" | "len_bytes" | "max_bytes" => "w".repeat(bound + 1),
        "min_len" | "min_bytes" => "w".repeat(bound.checked_sub(1)?),
        "not_contains" => given.to_owned(),
        "not_in" => rules
            .standard(name)?
            .as_list()?
            .first()?
            .as_str()?
            .to_owned(),
        _ => "something else".to_owned(),
    })
}

fn bad_octets(rules: &FieldRules, name: &str) -> Option<Vec<u8>> {
    let bound = rules
        .standard(name)
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let bound = usize::try_from(bound).ok()?;
    Some(match name {
        "len" | "max_len" => vec![b'w'; bound + 1],
        "min_len" => vec![b'w'; bound.checked_sub(1)?],
        _ => b"something else".to_vec(),
    })
}

/// A number that is not the one, or not one of those; enums too.
fn bad_number(kind: &Kind, rules: &FieldRules, name: &str) -> Option<Value> {
    let number = |value: &Value| match value {
        Value::EnumNumber(it) => Some(i128::from(*it)),
        other => values::as_integer(other),
    };
    let of_kind = |wanted: i128| match kind {
        Kind::Enum(_) => Value::I32(i32::try_from(wanted).unwrap_or_default()),
        kind => values::of_kind(kind, wanted),
    };
    let given = rules.standard(name)?;
    let list = given.as_list().unwrap_or_default();
    match name {
        "const" => Some(of_kind(number(given)? + 1)),
        "defined_only" => Some(of_kind(9_999)),
        "in" => Some(of_kind(list.iter().filter_map(number).max()? + 1)),
        "not_in" => {
            let zero_is_judged = !rules.required;
            let mut listed = list.iter().filter_map(number);
            listed.find(|it| zero_is_judged || *it != 0).map(of_kind)
        }
        _ => None,
    }
}

fn bad_integer(
    sampler: &mut Sampler,
    kind: &Kind,
    rules: &FieldRules,
    name: &str,
) -> Option<Value> {
    if let Some(value) = bad_number(kind, rules, name) {
        return Some(value);
    }
    let (low, high) = values::bounds(kind, Some(rules));
    let (least, most) = values::limits(kind);
    Some(values::of_kind(
        kind,
        outside(sampler, (low, high), (least, most)),
    ))
}

/// A number outside bounds; inside them where low lies above high.
fn outside(sampler: &mut Sampler, (low, high): (i128, i128), (least, most): (i128, i128)) -> i128 {
    if low > high {
        return sampler.random.within(high + 1, low - 1);
    }
    let below = low > least && (high >= most || sampler.random.coin());
    match (below, sampler.random.coin()) {
        (true, true) => low - 1,
        (true, false) => least,
        (false, true) => high + 1,
        (false, false) => most,
    }
}

fn bad_double(sampler: &mut Sampler, kind: &Kind, rules: &FieldRules, name: &str) -> Option<Value> {
    let low = ["gt", "gte"].iter().find_map(|it| rules.standard(it));
    let low = low
        .and_then(|it| it.as_f64().or(it.as_f32().map(f64::from)))
        .unwrap_or_default();
    let value = match (name, sampler.random.below(3)) {
        ("finite", 0) | (_, 1) => f64::NAN,
        ("finite", _) => f64::INFINITY,
        _ => low - 1.0,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only made up examples pass here"
    )]
    let narrow = value as f32;
    Some(if matches!(kind, Kind::Float) {
        Value::F32(narrow)
    } else {
        Value::F64(value)
    })
}

fn bad_message(
    sampler: &mut Sampler,
    of: &MessageDescriptor,
    rules: &FieldRules,
    name: &str,
) -> Option<DynamicMessage> {
    const NANOS: i128 = 1_000_000_000;
    let bound = |name: &str| rules.standard(name).and_then(values::as_integer);
    match name {
        "paths_max" => {
            let most = rules.predefined("paths_max")?.as_u64()?;
            let paths = vec![Value::String("note".into()); usize::try_from(most).ok()? + 1];
            let mut mask = DynamicMessage::new(of.clone());
            mask.set_field_by_name("paths", Value::List(paths));
            Some(mask)
        }
        "era" => {
            let ends = [-1, 7_258_118_400 * NANOS];
            let at = ends
                .get(sampler.random.below(2))
                .copied()
                .unwrap_or_default();
            Some(values::from_nanos(of, at))
        }
        "const" | "in" => Some(values::from_nanos(of, 12_345 * NANOS)),
        _ => {
            let low = bound("gte").or(bound("gt").map(|it| it + 1));
            let high = bound("lte").or(bound("lt").map(|it| it - 1));
            // Instants before the year 1 and after 9999 are no instants at all: stay near.
            let near = (
                low.unwrap_or(-NANOS) - 9,
                high.unwrap_or(2_000_000 * NANOS) + 9,
            );
            let bounds = (low.unwrap_or(near.0), high.unwrap_or(near.1));
            Some(values::from_nanos(of, outside(sampler, bounds, near)))
        }
    }
}
