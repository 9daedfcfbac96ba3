//! An example of a request: every field that must be there, with a value that its rules allow.

use anyhow::{Context, Result};
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    ReflectMessage, Value as Wire,
};
use serde_json::{Map, Value, json};
use vocab::Clock;

mod text;

/// Messages are nested no deeper in an example.
const DEPTH_MAX: usize = 6;
/// Values of `google.api.FieldBehavior`.
const REQUIRED: i32 = 2;
const OUTPUT_ONLY: i32 = 3;

/// Returns an example as JSON.
pub fn of(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<Value> {
    let rules = Rules::of(pool)?;
    Ok(rules.message(message, 0))
}

/// The options that say which fields are wanted and what they may hold.
struct Rules {
    behavior: ExtensionDescriptor,
    field: ExtensionDescriptor,
    oneof: ExtensionDescriptor,
    id_prefix: ExtensionDescriptor,
}

impl Rules {
    fn of(pool: &DescriptorPool) -> Result<Self> {
        let find = |name: &str| {
            let found = pool.get_extension_by_name(name);
            found.with_context(|| format!("the contracts know no option {name}"))
        };
        Ok(Self {
            behavior: find("google.api.field_behavior")?,
            field: find("buf.validate.field")?,
            oneof: find("buf.validate.oneof")?,
            id_prefix: find("retail.common.v1.id_prefix")?,
        })
    }

    fn message(&self, message: &MessageDescriptor, depth: usize) -> Value {
        if let Some(known) = well_known(message.full_name()) {
            return known;
        }
        let mut fields = Map::new();
        let first_choices: Vec<FieldDescriptor> = message
            .oneofs()
            .filter(|it| !it.is_synthetic() && self.is_required_choice(&it.options()))
            .filter_map(|it| it.fields().next())
            .collect();
        for field in message
            .fields()
            .filter(|it| depth < DEPTH_MAX && !self.is_output(it))
        {
            let in_oneof = field
                .containing_oneof()
                .is_some_and(|it| !it.is_synthetic());
            let wanted = if in_oneof {
                first_choices.contains(&field)
            } else {
                self.is_required(&field) || field.name() == "request_id"
            };
            if wanted {
                fields.insert(field.json_name().to_owned(), self.value(&field, depth));
            }
        }
        Value::Object(fields)
    }

    fn value(&self, field: &FieldDescriptor, depth: usize) -> Value {
        if field.is_map() {
            return json!({});
        }
        let one = match field.kind() {
            Kind::Message(message) => self.message(&message, depth + 1),
            Kind::Enum(values) => {
                let named = values.values().find(|it| it.number() != 0);
                json!(named.map(|it| it.name().to_owned()).unwrap_or_default())
            }
            Kind::String => json!(self.text(field)),
            Kind::Bytes => json!("AA=="),
            Kind::Bool => json!(true),
            Kind::Double | Kind::Float => json!(1.0),
            Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => {
                json!("1")
            }
            _ => json!(1),
        };
        if field.is_list() { json!([one]) } else { one }
    }

    fn text(&self, field: &FieldDescriptor) -> String {
        let rules = option(&field.options(), &self.field);
        let rules = rules.map(|it| if field.is_list() { items(it) } else { it });
        let strings = rules.and_then(|it| inner(&it, "string"));
        let Some(strings) = strings else {
            return text::of_name(field.name());
        };
        if strings.has_extension(&self.id_prefix)
            && let Wire::String(prefix) = strings.get_extension(&self.id_prefix).as_ref()
        {
            return text::id(prefix);
        }
        let is_true = |name: &str| {
            let value = strings.get_field_by_name(name);
            value.is_some_and(|it| it.as_bool() == Some(true))
        };
        if is_true("uuid") {
            return text::uuid(Clock::system().now());
        }
        let kinds = strings.extensions().map(|(it, _)| it.name().to_owned());
        let kinds: Vec<String> = kinds.collect();
        if is_true("email") {
            return text::of_kind("email").unwrap_or_default().to_owned();
        }
        let known = kinds.iter().find_map(|it| text::of_kind(it));
        known.map_or_else(|| text::of_name(field.name()), str::to_owned)
    }

    fn is_required(&self, field: &FieldDescriptor) -> bool {
        self.behaves(field, REQUIRED)
    }

    fn is_output(&self, field: &FieldDescriptor) -> bool {
        self.behaves(field, OUTPUT_ONLY)
    }

    fn behaves(&self, field: &FieldDescriptor, wanted: i32) -> bool {
        let options = field.options();
        let behaviors = options.get_extension(&self.behavior);
        let behaviors = behaviors.as_list().unwrap_or_default();
        behaviors
            .iter()
            .any(|it| it.as_enum_number() == Some(wanted))
    }

    fn is_required_choice(&self, options: &DynamicMessage) -> bool {
        let rules = option(options, &self.oneof);
        let required = rules.and_then(|it| it.get_field_by_name("required")?.as_bool());
        required == Some(true)
    }
}

fn option(options: &DynamicMessage, extension: &ExtensionDescriptor) -> Option<DynamicMessage> {
    let has = options.has_extension(extension);
    let value = has.then(|| options.get_extension(extension))?;
    value.as_message().cloned()
}

fn inner(message: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let field = message.descriptor().get_field_by_name(name)?;
    let has = message.has_field(&field);
    let value = has.then(|| message.get_field(&field))?;
    value.as_message().cloned()
}

/// The rules of the items of a list.
fn items(rules: DynamicMessage) -> DynamicMessage {
    let of_items = inner(&rules, "repeated").and_then(|it| inner(&it, "items"));
    of_items.unwrap_or(rules)
}

fn well_known(name: &str) -> Option<Value> {
    let value = match name {
        "google.protobuf.Timestamp" => json!(Clock::system().now().to_string()),
        "google.protobuf.Duration" => json!("3600s"),
        "google.protobuf.FieldMask" => json!("title"),
        "google.protobuf.Struct" => json!({}),
        "retail.common.v1.Money" => {
            json!({"currencyCode": "EUR", "units": "12", "nanos": 500_000_000})
        }
        _ => return None,
    };
    Some(value)
}
