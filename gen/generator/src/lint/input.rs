//! Rules for what callers fill: every field is bounded, typed and says whether it is needed.

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use super::{Findings, input_messages};
use crate::contract::{behaviours, is_output_only};
use crate::rules::{FieldRules, Ignore, message_cels};
use crate::schema::{Schema, is_own};

/// Judges every field that callers can fill.
pub fn check(schema: &Schema, found: &mut Findings) {
    for message in input_messages(schema) {
        for field in message.fields().filter(|field| !is_output_only(field)) {
            needed(&field, found);
            bounded(&field, found);
        }
        update(&message, found);
    }
    for message in schema.own_messages() {
        message.fields().for_each(|field| prefixed(&field, found));
    }
}

/// An Update request names its resource, leaves its judgement until after the merge, and says so.
fn update(message: &MessageDescriptor, found: &mut Findings) {
    let is_update = message.name().starts_with("Update") && message.name().ends_with("Request");
    if !is_update || message.get_field_by_name("update_mask").is_none() {
        return;
    }
    let resource = message
        .fields()
        .find(|field| FieldRules::of(field).is_some_and(|rules| rules.ignore == Ignore::Always));
    if resource.is_none() {
        found.add(
            message.full_name(),
            "update",
            "has a resource with ignore = IGNORE_ALWAYS",
        );
    }
    if !message_cels(message)
        .iter()
        .any(|cel| cel.id == "update.id_required")
    {
        found.add(
            message.full_name(),
            "update",
            "has the message rule update.id_required",
        );
    }
}

/// REQUIRED goes with a rule that refuses absence, and only with one.
fn needed(field: &FieldDescriptor, found: &mut Findings) {
    let behaviours = behaviours(field);
    if behaviours.is_empty() {
        found.add(
            field.full_name(),
            "behaviour",
            "names a google.api.field_behavior",
        );
        return;
    }
    let says = behaviours.iter().any(|name| name == "REQUIRED");
    let holds = FieldRules::of(field).is_some_and(|rules| refuses_absence(field, &rules));
    if says && !holds {
        found.add(
            field.full_name(),
            "behaviour",
            "is REQUIRED, but no rule refuses its absence",
        );
    }
    if !says && FieldRules::of(field).is_some_and(|rules| rules.required) {
        found.add(
            field.full_name(),
            "behaviour",
            "is required by a rule, but not REQUIRED",
        );
    }
}

/// Whether a request without this field is refused.
pub fn refuses_absence(field: &FieldDescriptor, rules: &FieldRules) -> bool {
    let at_least = |name: &str| rules.standard(name).and_then(prost_reflect::Value::as_u64);
    rules.required
        || rules.ignore == Ignore::Always
        || at_least("min_items").is_some_and(|least| least > 0)
        || at_least("min_pairs").is_some_and(|least| least > 0)
        || at_least("min_len").is_some_and(|least| least > 0)
        || (!field.supports_presence() && excludes_zero(rules))
}

/// Whether a number's rules refuse zero.
fn excludes_zero(rules: &FieldRules) -> bool {
    let bound = |name: &str| rules.standard(name).and_then(as_number);
    bound("gt").is_some_and(|low| low >= 0.0)
        || bound("gte").is_some_and(|low| low > 0.0)
        || bound("lt").is_some_and(|high| high <= 0.0)
        || bound("lte").is_some_and(|high| high < 0.0)
        || rules.standard("not_in").is_some_and(holds_zero)
}

fn holds_zero(list: &prost_reflect::Value) -> bool {
    list.as_list()
        .unwrap_or_default()
        .iter()
        .any(|item| as_number(item) == Some(0.0))
}

/// Any number as a double; exact enough to compare with zero.
fn as_number(value: &prost_reflect::Value) -> Option<f64> {
    use prost_reflect::Value as V;
    match value {
        V::I32(it) => Some(f64::from(*it)),
        V::U32(it) => Some(f64::from(*it)),
        V::F32(it) => Some(f64::from(*it)),
        V::F64(it) => Some(*it),
        V::I64(it) => it.to_string().parse().ok(),
        V::U64(it) => it.to_string().parse().ok(),
        _ => None,
    }
}

/// Ids carry a prefix rule, on input and elsewhere.
fn prefixed(field: &FieldDescriptor, found: &mut Findings) {
    const FREE: [&str; 10] = [
        "request_id",
        "reference_id",
        "actor_id",
        "correlation_id",
        "causation_id",
        "key_id",
        "subject_id",
        "aggregate_id",
        "trace_id",
        "client_id",
    ];
    let name = field.name();
    let is_id = name.ends_with("_id") || name.ends_with("_ids");
    if !is_id || FREE.contains(&name) || field.kind() != Kind::String {
        return;
    }
    let rules = FieldRules::of(field);
    let rules = if field.is_list() {
        rules.and_then(|it| it.part("items"))
    } else {
        rules
    };
    if rules.is_none_or(|rules| rules.predefined("id_prefix").is_none()) {
        found.add(field.full_name(), "id", "carries an id_prefix rule");
    }
}

fn bounded(field: &FieldDescriptor, found: &mut Findings) {
    let rules = FieldRules::of(field);
    if rules
        .as_ref()
        .is_some_and(|rules| rules.ignore == Ignore::Always)
    {
        return; // the resource of an Update request: judged after the merge, by its own type
    }
    let standard = |name: &str| rules.as_ref().is_some_and(|it| it.standard(name).is_some());
    let part = |name: &str| rules.as_ref().and_then(|it| it.part(name));
    let name = field.full_name();
    if field.is_map() {
        if !standard("max_pairs") {
            found.add(name, "bounds", "is a map without max_pairs");
        }
        let Kind::Message(entry) = field.kind() else {
            return;
        };
        single(
            &entry.map_entry_key_field(),
            part("keys").as_ref(),
            name,
            found,
        );
        single(
            &entry.map_entry_value_field(),
            part("values").as_ref(),
            name,
            found,
        );
    } else if field.is_list() {
        if !standard("max_items") {
            found.add(name, "bounds", "is a list without max_items");
        }
        single(field, part("items").as_ref(), name, found);
    } else {
        single(field, rules.as_ref(), name, found);
    }
}

/// The predefined rules that bound a string.
const STRING_RULES: [&str; 14] = [
    "id_prefix",
    "line",
    "text",
    "token",
    "key",
    "code",
    "currency",
    "region",
    "locale",
    "time_zone",
    "phone",
    "web_address",
    "clock_time",
    "reason",
];

fn single(field: &FieldDescriptor, rules: Option<&FieldRules>, name: &str, found: &mut Findings) {
    let standard = |rule: &str| rules.is_some_and(|it| it.standard(rule).is_some());
    let predefined = |rule: &str| rules.is_some_and(|it| it.predefined(rule).is_some());
    let cel = |id: &str| rules.is_some_and(|it| it.cel.iter().any(|cel| cel.id == id));
    match field.kind() {
        Kind::Bool => {}
        Kind::String => {
            let email = standard("email") && standard("max_len");
            let known = STRING_RULES.iter().any(|rule| predefined(rule));
            if !(known || email || standard("uuid") || standard("in") || standard("const")) {
                found.add(
                    name,
                    "bounds",
                    "is a string without one of the rules that bound it",
                );
            }
        }
        Kind::Bytes if !standard("max_len") => {
            found.add(name, "bounds", "is bytes without max_len");
        }
        Kind::Bytes => {}
        Kind::Enum(_) if !standard("defined_only") => {
            found.add(name, "bounds", "is an enum without defined_only");
        }
        Kind::Enum(_) => {}
        Kind::Message(message) => {
            let bound = match message.full_name() {
                "google.protobuf.Timestamp" => predefined("era"),
                "google.protobuf.FieldMask" => predefined("paths_max"),
                "google.protobuf.Struct" => cel("struct.size"),
                "google.api.HttpBody" => cel("http_body.size"),
                "google.protobuf.Duration" => range(rules),
                other => is_own(other),
            };
            if !bound {
                let text = format!("is a {} without a bound", message.full_name());
                found.add(name, "bounds", text);
            }
        }
        _ if !range(rules) => found.add(name, "bounds", "is a number without both bounds"),
        _ => {}
    }
    if field.cardinality() == Cardinality::Required {
        found.add(name, "bounds", "is required in the sense of proto2");
    }
}

fn range(rules: Option<&FieldRules>) -> bool {
    let standard = |rule: &str| rules.is_some_and(|it| it.standard(rule).is_some());
    let low = standard("gt") || standard("gte");
    let high = standard("lt") || standard("lte");
    (low && high) || standard("const") || standard("in")
}
