//! Requests that the rules of the contracts allow, made from the descriptors, with ids where they
//! are wanted.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    ReflectMessage as _, Value as Wire,
};
use serde_json::{Map, Value, json};
use vocab::Clock;

use super::surface::Rpc;

/// How deep messages are nested in an example.
const DEPTH_MAX: usize = 4;
/// Values of `google.api.FieldBehavior`.
const REQUIRED: i32 = 2;
const OUTPUT_ONLY: i32 = 3;
const IDENTIFIER: i32 = 8;

/// Ids by prefix; by the full name of a field, where it needs another one.
pub type Ids = BTreeMap<String, String>;
/// The value of one field, named in full, where an example has no good one.
pub type Fixed = (&'static str, fn(&Ids, &str) -> Value);

/// What stands in requests.
pub struct Values<'a> {
    /// The service that is asked.
    pub service: &'a str,
    pub ids: &'a Ids,
    /// A word that stands in every text of the tenant whose ids these are.
    pub mark: &'a str,
    pub fixed: &'a [Fixed],
    /// Whether something is created: then it has no id yet.
    pub creates: bool,
}

/// A field that holds an id, and what must be in the request for it to be there.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub field: String,
    pub prefix: String,
    /// The fields to add to a request, by full name; empty for one that is always there.
    pub with: Vec<String>,
}

/// The options that say what fields may hold.
pub struct Examples {
    behavior: ExtensionDescriptor,
    field: ExtensionDescriptor,
    oneof: ExtensionDescriptor,
    id_prefix: ExtensionDescriptor,
}

impl Examples {
    pub fn of(pool: &DescriptorPool) -> Self {
        let find = |name: &str| pool.get_extension_by_name(name).unwrap();
        Self {
            behavior: find("google.api.field_behavior"),
            field: find("buf.validate.field"),
            oneof: find("buf.validate.oneof"),
            id_prefix: find("retail.common.v1.id_prefix"),
        }
    }

    /// A request with what must be there, and some fields more.
    pub fn request(&self, rpc: &Rpc, values: &Values<'_>, with: &[String]) -> Vec<u8> {
        let input = rpc.method.input();
        let json = self.message(&input, values, with, 0);
        let text = json.to_string();
        let mut reader = serde_json::Deserializer::from_str(&text);
        let message = DynamicMessage::deserialize(input, &mut reader);
        let message = message.unwrap_or_else(|error| panic!("{}: {error}: {text}", rpc.name));
        message.encode_to_vec()
    }

    /// Every field of an rpc's request that holds ids.
    pub fn ids(&self, rpc: &Rpc) -> Vec<Named> {
        let mut found = Vec::new();
        self.ids_of(rpc, &rpc.method.input(), &[], &mut found);
        found
    }

    fn ids_of(
        &self,
        rpc: &Rpc,
        message: &MessageDescriptor,
        with: &[String],
        found: &mut Vec<Named>,
    ) {
        for field in message.fields().filter(|it| !self.behaves(it, OUTPUT_ONLY)) {
            let own = self.behaves(&field, IDENTIFIER);
            if own && rpc.creates() || field.is_map() {
                continue;
            }
            let mut with = with.to_vec();
            if !self.is_there(&field, rpc.creates()) {
                with.push(field.full_name().to_owned());
            }
            match field.kind() {
                Kind::Message(inner) if with.len() + 1 < DEPTH_MAX && ours(&inner) => {
                    self.ids_of(rpc, &inner, &with, found);
                }
                Kind::String => {
                    let prefix = self.prefix(&field);
                    let field = field.name().to_owned();
                    found.extend(prefix.map(|prefix| Named {
                        field,
                        prefix,
                        with,
                    }));
                }
                _ => {}
            }
        }
    }

    fn message(
        &self,
        message: &MessageDescriptor,
        values: &Values<'_>,
        with: &[String],
        depth: usize,
    ) -> Value {
        if let Some(known) = well_known(message.full_name()) {
            return known;
        }
        let mut fields = Map::new();
        let asked = |it: &FieldDescriptor| {
            let named = with.iter().any(|name| name == it.full_name());
            named || values.fixed.iter().any(|(name, _)| *name == it.full_name())
        };
        // Of fields that exclude each other, one that was asked for is there, or else the first.
        let excluded = |it: &FieldDescriptor| {
            let choice = it.containing_oneof().filter(|it| !it.is_synthetic());
            choice.is_some_and(|choice| choice.fields().any(|other| other != *it && asked(&other)))
        };
        let wanted = |it: &FieldDescriptor| {
            asked(it) || (self.is_there(it, values.creates) && !excluded(it))
        };
        for field in message.fields().filter(|_| depth < DEPTH_MAX) {
            if wanted(&field) && !self.behaves(&field, OUTPUT_ONLY) {
                let name = field.json_name().to_owned();
                fields.insert(name, self.value(&field, values, with, depth));
            }
        }
        Value::Object(fields)
    }

    fn value(
        &self,
        field: &FieldDescriptor,
        values: &Values<'_>,
        with: &[String],
        depth: usize,
    ) -> Value {
        let fixed = values.fixed.iter();
        if let Some((_, value)) = fixed.clone().find(|(name, _)| *name == field.full_name()) {
            return value(values.ids, values.mark);
        }
        if field.is_map() {
            return json!({});
        }
        let one = match field.kind() {
            Kind::Message(inner) => self.message(&inner, values, with, depth + 1),
            Kind::Enum(list) => {
                let named = list.values().find(|it| it.number() != 0);
                json!(named.unwrap().name())
            }
            Kind::String => json!(self.text(field, values)),
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

    fn text(&self, field: &FieldDescriptor, values: &Values<'_>) -> String {
        if let Some(prefix) = self.prefix(field) {
            let own = values.ids.get(field.full_name());
            let known = own.or_else(|| values.ids.get(&prefix)).cloned();
            return known.unwrap_or_else(|| format!("{prefix}_01h455vb4pex5vsknk084sn02q"));
        }
        let Some(rules) = self.strings(field) else {
            return "Something".to_owned();
        };
        let allowed = rules.get_field_by_name("in");
        let allowed = allowed
            .as_deref()
            .and_then(Wire::as_list)
            .unwrap_or_default();
        let mut allowed = allowed.iter().filter_map(Wire::as_str);
        if let Some(first) = allowed.clone().next() {
            let own = allowed.find(|it| *it == values.service);
            return own.unwrap_or(first).to_owned();
        }
        let is_true = |name: &str| {
            let value = rules.get_field_by_name(name);
            value.is_some_and(|it| it.as_bool() == Some(true))
        };
        if is_true("uuid") {
            return fresh();
        }
        if is_true("email") {
            return format!("{}@example.org", word());
        }
        let mut kinds = rules.extensions().map(|(it, _)| it.name().to_owned());
        kinds
            .find_map(|it| of_kind(&it))
            .unwrap_or_else(|| "Something".to_owned())
    }

    /// The prefix of the ids that a field holds.
    fn prefix(&self, field: &FieldDescriptor) -> Option<String> {
        let rules = self.strings(field)?;
        let has = rules.has_extension(&self.id_prefix);
        let value = has.then(|| rules.get_extension(&self.id_prefix))?;
        value.as_str().map(str::to_owned)
    }

    /// The rules of a text, or of the texts of a list.
    fn strings(&self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        let rules = option(&field.options(), &self.field)?;
        let rules = match inner(&rules, "repeated") {
            Some(repeated) if field.is_list() => inner(&repeated, "items")?,
            _ => rules,
        };
        inner(&rules, "string")
    }

    /// Whether an example holds a field whatever else it holds.
    fn is_there(&self, field: &FieldDescriptor, creates: bool) -> bool {
        let choice = field.containing_oneof().filter(|it| !it.is_synthetic());
        match choice {
            Some(choice) => {
                let rules = option(&choice.options(), &self.oneof);
                let required = rules.and_then(|it| it.get_field_by_name("required")?.as_bool());
                required == Some(true) && choice.fields().next().as_ref() == Some(field)
            }
            None => {
                let named = self.behaves(field, IDENTIFIER) && !creates;
                named || self.behaves(field, REQUIRED) || field.name() == "request_id"
            }
        }
    }

    fn behaves(&self, field: &FieldDescriptor, wanted: i32) -> bool {
        let options = field.options();
        let behaviors = options.get_extension(&self.behavior);
        let behaviors = behaviors.as_list().unwrap_or_default();
        behaviors
            .iter()
            .any(|it| it.as_enum_number() == Some(wanted))
    }
}

fn ours(message: &MessageDescriptor) -> bool {
    well_known(message.full_name()).is_none()
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

fn well_known(name: &str) -> Option<Value> {
    let value = match name {
        "google.protobuf.Timestamp" => json!(Clock::system().now().to_string()),
        "google.protobuf.Duration" => json!("3600s"),
        "google.protobuf.FieldMask" => json!("title"),
        "google.protobuf.Struct" => json!({"colour": "red"}),
        "retail.common.v1.Money" => json!({"currencyCode": "EUR", "units": "12"}),
        _ => return None,
    };
    Some(value)
}

fn of_kind(kind: &str) -> Option<String> {
    let text = match kind {
        "code" | "key" | "line" | "text" | "token" => return Some(word()),
        "currency" => "EUR",
        "region" => "CH",
        "locale" => "en",
        "time_zone" => "Europe/Zurich",
        "phone" => "+41446681800",
        "web_address" => "https://example.org/",
        "clock_time" => "07:30",
        "reason" => "MISTAKE",
        _ => return None,
    };
    Some(text.to_owned())
}

/// A word that nobody has used, fit for keys and codes.
pub fn word() -> String {
    format!("w{}", fresh().replace('-', ""))
}

/// A request id that nobody has used.
pub fn fresh() -> String {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    uuid::Builder::from_random_bytes(random)
        .into_uuid()
        .to_string()
}
