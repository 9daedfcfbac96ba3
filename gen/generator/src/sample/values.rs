//! Single values that obey their rules.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage, Value};

use super::{Random, texts};
use crate::rules::{FieldRules, message_cels};

/// A scalar or enum that obeys its rules.
pub fn scalar(random: &mut Random, kind: &Kind, rules: Option<&FieldRules>) -> Value {
    let rule = |name: &str| rules.and_then(|rules| rules.standard(name));
    let listed = rule("in").and_then(Value::as_list).unwrap_or_default();
    let given = rule("const").or_else(|| listed.get(random.below(listed.len())));
    if let Some(value) = given {
        // The rules of enums name numbers.
        return match (kind, value) {
            (Kind::Enum(_), Value::I32(number)) => Value::EnumNumber(*number),
            _ => value.clone(),
        };
    }
    match kind {
        Kind::String => Value::String(text(random, rules)),
        Kind::Bytes => Value::Bytes(octets(random, rules).into()),
        Kind::Bool => Value::Bool(random.coin()),
        Kind::Double => Value::F64(double(random, rules)),
        Kind::Float => Value::F32(
            double(random, rules)
                .to_string()
                .parse()
                .unwrap_or_default(),
        ),
        Kind::Enum(of) => {
            let mut numbers: Vec<i32> = of.values().map(|value| value.number()).collect();
            let banned = rule("not_in")
                .and_then(Value::as_list)
                .unwrap_or_default()
                .to_vec();
            let required = rules.is_some_and(|rules| rules.required);
            numbers.retain(|it| {
                let known = [Value::I32(*it), Value::EnumNumber(*it)];
                !(known.iter().any(|it| banned.contains(it)) || (required && *it == 0))
            });
            Value::EnumNumber(
                numbers
                    .get(random.below(numbers.len()))
                    .copied()
                    .unwrap_or_default(),
            )
        }
        _ => integer(random, kind, rules),
    }
}

fn text(random: &mut Random, rules: Option<&FieldRules>) -> String {
    let Some(rules) = rules else {
        return texts::words(random, 20);
    };
    let number = |name: &str| rules.standard(name).and_then(Value::as_u64);
    let part = |name: &str| {
        rules
            .standard(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if let Some(used) = rules.kind.iter().flat_map(|kind| &kind.predefined).next() {
        let rule = used.name.rsplit('.').next().unwrap_or_default();
        let bound = used.value.as_u64().unwrap_or_default();
        return match rule {
            "id_prefix" => texts::id(random, used.value.as_str().unwrap_or_default()),
            "line" | "text" => at_least(texts::words(random, bound), number("min_len")),
            "token" => TOKEN
                .chars()
                .take(usize::try_from(bound).unwrap_or_default())
                .collect(),
            other => texts::good(random, other).unwrap_or_default(),
        };
    }
    if rules.standard("uuid").is_some() {
        return texts::uuid(random);
    }
    if rules.standard("email").is_some() {
        return texts::good(random, "email").unwrap_or_default();
    }
    if let Some(bytes) = number("len_bytes") {
        return "b".repeat(usize::try_from(bytes).unwrap_or_default());
    }
    let least = number("len")
        .or(number("min_len"))
        .or(number("min_bytes"))
        .unwrap_or_default();
    let most = number("len")
        .or(number("max_len"))
        .or(number("max_bytes"))
        .unwrap_or(least + 4);
    let length = usize::try_from(random.between(least, most.min(least + 4))).unwrap_or_default();
    let middle = format!("{}{}", part("prefix"), part("contains"));
    format!(
        "{middle}{}{}",
        "w".repeat(length.saturating_sub(middle.len())),
        part("suffix")
    )
}

/// An opaque text that uses the ends of what is allowed.
const TOKEN: &str = "tok_Zz9~!";

fn at_least(text: String, least: Option<u64>) -> String {
    if text.is_empty() && least.is_some_and(|least| least > 0) {
        "x".to_owned()
    } else {
        text
    }
}

fn octets(random: &mut Random, rules: Option<&FieldRules>) -> Vec<u8> {
    let number = |name: &str| {
        rules
            .and_then(|it| it.standard(name))
            .and_then(Value::as_u64)
    };
    let part = |name: &str| {
        let value = rules
            .and_then(|it| it.standard(name))
            .and_then(Value::as_bytes);
        value.map(|bytes| bytes.to_vec()).unwrap_or_default()
    };
    let required = u64::from(rules.is_some_and(|rules| rules.required));
    let least = number("len").or(number("min_len")).unwrap_or(required);
    let most = number("len")
        .or(number("max_len"))
        .unwrap_or(least + 6)
        .min(least + 6);
    let length = usize::try_from(random.between(least, most)).unwrap_or_default();
    let (start, end) = (part("prefix"), part("suffix"));
    let rest = length.saturating_sub(start.len() + end.len());
    let middle: Vec<u8> = (0..rest).map(|_| random.draw().to_le_bytes()[0]).collect();
    [start, middle, end].concat()
}

fn double(random: &mut Random, rules: Option<&FieldRules>) -> f64 {
    let bound = |names: [&str; 2]| {
        names
            .into_iter()
            .find_map(|name| match rules?.standard(name)? {
                Value::F64(it) => Some(*it),
                Value::F32(it) => Some(f64::from(*it)),
                _ => None,
            })
    };
    let low = bound(["gt", "gte"]).unwrap_or(-1.0);
    let high = bound(["lt", "lte"]).unwrap_or(low + 2.0);
    let step = random.between(1, 63);
    low + (high - low) * f64::from(u32::try_from(step).unwrap_or_default()) / 64.0
}

/// The least and the greatest that a kind can hold.
pub fn limits(kind: &Kind) -> (i128, i128) {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => (i32::MIN.into(), i32::MAX.into()),
        Kind::Uint32 | Kind::Fixed32 => (0, u32::MAX.into()),
        Kind::Uint64 | Kind::Fixed64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// The lowest and highest integer that the rules admit; low above high excludes what is between.
pub fn bounds(kind: &Kind, rules: Option<&FieldRules>) -> (i128, i128) {
    let bound = |name: &str| rules.and_then(|it| it.standard(name)).and_then(as_integer);
    let (least, most) = limits(kind);
    let low = bound("gte")
        .or(bound("gt").map(|it| it + 1))
        .unwrap_or(least);
    let high = bound("lte")
        .or(bound("lt").map(|it| it - 1))
        .unwrap_or(most);
    (low, high)
}

fn integer(random: &mut Random, kind: &Kind, rules: Option<&FieldRules>) -> Value {
    let (low, high) = bounds(kind, rules);
    let required = rules.is_some_and(|rules| rules.required);
    let banned = rules
        .and_then(|rules| rules.standard("not_in"))
        .and_then(Value::as_list);
    for _ in 0..64 {
        let drawn = match low > high {
            true => random.within(low, low + 100),
            false => random.within(low, high),
        };
        let value = of_kind(kind, drawn);
        let is_banned = banned.is_some_and(|banned| banned.contains(&value));
        if !(is_banned || (required && drawn == 0)) {
            return value;
        }
    }
    of_kind(kind, low.max(1))
}

/// An integer as a value of a kind, cut to what the kind can hold.
pub fn of_kind(kind: &Kind, number: i128) -> Value {
    let (least, most) = limits(kind);
    let number = number.clamp(least, most);
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            Value::I32(i32::try_from(number).unwrap_or_default())
        }
        Kind::Uint32 | Kind::Fixed32 => Value::U32(u32::try_from(number).unwrap_or_default()),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(u64::try_from(number).unwrap_or_default()),
        _ => Value::I64(i64::try_from(number).unwrap_or_default()),
    }
}

/// Any integer value, or the nanoseconds of an instant or a span.
pub fn as_integer(value: &Value) -> Option<i128> {
    match value {
        Value::I32(it) => Some((*it).into()),
        Value::I64(it) => Some((*it).into()),
        Value::U32(it) => Some((*it).into()),
        Value::U64(it) => Some((*it).into()),
        Value::Message(it) => {
            let part = |name: &str| it.get_field_by_name(name).map(|it| it.into_owned());
            let seconds = part("seconds")?.as_i64()?;
            Some(i128::from(seconds) * NANOS + i128::from(part("nanos")?.as_i32()?))
        }
        _ => None,
    }
}

const NANOS: i128 = 1_000_000_000;
/// The end of the era of our contracts, the first instant of the year 2200.
const ERA_END: i128 = 7_258_118_400 * NANOS;

/// A message of another package, obeying the rules of the field that holds it.
pub fn well_known(
    random: &mut Random,
    of: &MessageDescriptor,
    rules: Option<&FieldRules>,
) -> DynamicMessage {
    let rule = |name: &str| rules.and_then(|rules| rules.standard(name));
    if let Some(Value::Message(value)) = rule("const") {
        return value.clone();
    }
    if let Some(list) = rule("in").and_then(Value::as_list)
        && let Some(Value::Message(value)) = list.get(random.below(list.len()))
    {
        return value.clone();
    }
    match of.full_name() {
        "google.protobuf.Timestamp" => span(random, of, rules, (0, ERA_END - 1)),
        "google.protobuf.Duration" => span(random, of, rules, (-NANOS, 1000 * NANOS)),
        "google.protobuf.FieldMask" => mask(random, of),
        "google.protobuf.Struct" => json_object(random, of),
        "google.api.HttpBody" => {
            let mut body = DynamicMessage::new(of.clone());
            body.set_field_by_name("content_type", Value::String("application/json".into()));
            body.set_field_by_name("data", Value::Bytes(b"{}".to_vec().into()));
            body
        }
        _ => DynamicMessage::new(of.clone()),
    }
}

fn span(
    random: &mut Random,
    of: &MessageDescriptor,
    rules: Option<&FieldRules>,
    (least, most): (i128, i128),
) -> DynamicMessage {
    let bound = |name: &str| rules.and_then(|it| it.standard(name)).and_then(as_integer);
    let low = bound("gte")
        .or(bound("gt").map(|it| it + 1))
        .unwrap_or(least);
    let high = bound("lte")
        .or(bound("lt").map(|it| it - 1))
        .unwrap_or(most.max(low));
    from_nanos(of, random.within(low, high))
}

/// An instant or a span of so many nanoseconds.
pub fn from_nanos(of: &MessageDescriptor, nanos: i128) -> DynamicMessage {
    // A span's parts have one sign; an instant's nanoseconds count forwards.
    let (seconds, rest) = match of.full_name() {
        "google.protobuf.Duration" => (nanos / NANOS, nanos % NANOS),
        _ => (nanos.div_euclid(NANOS), nanos.rem_euclid(NANOS)),
    };
    let mut message = DynamicMessage::new(of.clone());
    let seconds = Value::I64(i64::try_from(seconds).unwrap_or_default());
    message.set_field_by_name("seconds", seconds);
    message.set_field_by_name("nanos", Value::I32(i32::try_from(rest).unwrap_or_default()));
    message
}

fn mask(random: &mut Random, of: &MessageDescriptor) -> DynamicMessage {
    let paths = ["note", "title"].into_iter().take(random.below(3));
    let paths = paths.map(|path| Value::String(path.to_owned())).collect();
    let mut message = DynamicMessage::new(of.clone());
    message.set_field_by_name("paths", Value::List(paths));
    message
}

fn json_object(random: &mut Random, of: &MessageDescriptor) -> DynamicMessage {
    let text = random.pick(&[
        r#"{}"#,
        r#"{"colour": "blue"}"#,
        r#"{"size": 2.5, "fits": true, "tags": ["a", null], "inner": {"deep": "er"}}"#,
    ]);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    DynamicMessage::deserialize(of.clone(), &mut deserializer)
        .unwrap_or_else(|_| DynamicMessage::new(of.clone()))
}

/// Bends a message so that its own CEL rules hold.
pub fn obey_message_rules(message: &mut DynamicMessage) {
    for rule in message_cels(&message.descriptor()) {
        match rule.id.as_str() {
            "money.sign" => same_sign(message),
            "date.exists" => cap(message, "day", 28),
            "period.order" => {
                message.clear_field_by_name("start_time");
            }
            _ => {}
        }
    }
}

/// Bends a message so that the CEL rules of the field that holds it hold.
pub fn obey_field_rules(message: &mut DynamicMessage, rules: Option<&FieldRules>) {
    for rule in rules.iter().flat_map(|rules| &rules.cel) {
        if rule.id.starts_with("money.") {
            let part = |name: &str| message.get_field_by_name(name).map(|it| it.into_owned());
            let units = part("units").and_then(|it| it.as_i64()).unwrap_or_default();
            let nanos = part("nanos").and_then(|it| it.as_i32()).unwrap_or_default();
            let units = if rule.id == "money.positive" {
                units.abs().max(1)
            } else {
                units.abs()
            };
            message.set_field_by_name("units", Value::I64(units));
            message.set_field_by_name("nanos", Value::I32(nanos.abs()));
        }
    }
}

fn same_sign(message: &mut DynamicMessage) {
    let units = message
        .get_field_by_name("units")
        .and_then(|it| it.as_i64())
        .unwrap_or_default();
    let nanos = message
        .get_field_by_name("nanos")
        .and_then(|it| it.as_i32())
        .unwrap_or_default();
    let nanos = if units < 0 { -nanos.abs() } else { nanos.abs() };
    message.set_field_by_name("nanos", Value::I32(nanos));
}

fn cap(message: &mut DynamicMessage, field: &str, most: i32) {
    let value = message
        .get_field_by_name(field)
        .and_then(|it| it.as_i32())
        .unwrap_or_default();
    message.set_field_by_name(field, Value::I32(value.min(most)));
}
