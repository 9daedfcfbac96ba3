//! Reads the operational contract out of the options of rpcs, messages, fields and enum values.

use prost_reflect::{
    DynamicMessage, EnumValueDescriptor, FieldDescriptor, MessageDescriptor, MethodDescriptor,
    OneofDescriptor, ReflectMessage, Value,
};

/// What `(retail.common.v1.rpc)` says of one rpc.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RpcContract {
    /// The act that a token must allow; empty when public.
    pub permission: String,
    /// Whether no token is needed.
    pub public: bool,
    /// Value name of the scope, for example `SCOPE_OWN`.
    pub scope: String,
    /// Path to the owner or location, `request.…` or `response.…`.
    pub scope_field: String,
    /// Value name of the priority.
    pub priority: String,
    /// Milliseconds allowed when the caller sent no deadline.
    pub deadline_ms: i32,
    /// The closed list of reasons.
    pub reasons: Vec<String>,
}

/// One way to reach an rpc by HTTP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpBinding {
    /// The verb in capitals.
    pub verb: String,
    /// The path template as written.
    pub path: String,
    /// The request field that the body fills: empty for none, `*` for the rest of the request.
    pub body: String,
    /// The response field that becomes the body; empty for the whole response.
    pub response_body: String,
}

/// How often an rpc may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// A read.
    NoSideEffects,
    /// A write that is safe to repeat with the same `request_id`.
    Idempotent,
    /// Nothing is promised.
    Unknown,
}

impl Idempotency {
    /// The name as protos write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSideEffects => "NO_SIDE_EFFECTS",
            Self::Idempotent => "IDEMPOTENT",
            Self::Unknown => "IDEMPOTENCY_UNKNOWN",
        }
    }
}

/// Reads an rpc's operational contract.
pub fn rpc_contract(method: &MethodDescriptor) -> Option<RpcContract> {
    let option = extension(&method.options(), "retail.common.v1.rpc")?;
    Some(RpcContract {
        permission: text(&option, "permission"),
        public: flag(&option, "public"),
        scope: enum_name(&option, "scope"),
        scope_field: text(&option, "scope_field"),
        priority: enum_name(&option, "priority"),
        deadline_ms: value(&option, "deadline_ms").as_i32().unwrap_or_default(),
        reasons: texts(&option, "reasons"),
    })
}

/// Reads an rpc's HTTP bindings, the main one first.
pub fn http_bindings(method: &MethodDescriptor) -> Vec<HttpBinding> {
    let Some(rule) = extension(&method.options(), "google.api.http") else {
        return Vec::new();
    };
    let mut bindings: Vec<_> = http_binding(&rule).into_iter().collect();
    for further in messages(&rule, "additional_bindings") {
        bindings.extend(http_binding(&further));
    }
    bindings
}

fn http_binding(rule: &DynamicMessage) -> Option<HttpBinding> {
    let verb = ["get", "put", "post", "delete", "patch"]
        .into_iter()
        .find(|verb| rule.has_field_by_name(verb))?;
    Some(HttpBinding {
        verb: verb.to_uppercase(),
        path: text(rule, verb),
        body: text(rule, "body"),
        response_body: text(rule, "response_body"),
    })
}

/// Reads an rpc's idempotency level.
pub fn idempotency(method: &MethodDescriptor) -> Idempotency {
    match enum_name(&method.options(), "idempotency_level").as_str() {
        "NO_SIDE_EFFECTS" => Idempotency::NoSideEffects,
        "IDEMPOTENT" => Idempotency::Idempotent,
        _ => Idempotency::Unknown,
    }
}

/// Reads the subject token of an event variant.
pub fn event_token(message: &MessageDescriptor) -> Option<String> {
    let option = extension(&message.options(), "retail.common.v1.event")?;
    Some(text(&option, "token"))
}

/// Reads the kind of fault that a reason stands for.
pub fn fault_kind(value: &EnumValueDescriptor) -> Option<String> {
    let options = value.options();
    let kind = options
        .extensions()
        .find(|(extension, _)| extension.full_name() == "retail.common.v1.fault")?;
    let number = kind.1.as_enum_number()?;
    Some(
        kind.0
            .kind()
            .as_enum()?
            .get_value(number)?
            .name()
            .to_owned(),
    )
}

/// Reads the field behaviours, for example `REQUIRED`.
pub fn behaviours(field: &FieldDescriptor) -> Vec<String> {
    let options = field.options();
    let Some((extension, values)) = options
        .extensions()
        .find(|(extension, _)| extension.full_name() == "google.api.field_behavior")
    else {
        return Vec::new();
    };
    let kind = extension.kind();
    let names = kind.as_enum();
    let numbers = values.as_list().unwrap_or_default();
    numbers
        .iter()
        .filter_map(|number| names?.get_value(number.as_enum_number()?))
        .map(|value| value.name().to_owned())
        .collect()
}

/// Whether a field is cleared on input.
pub fn is_output_only(field: &FieldDescriptor) -> bool {
    behaviours(field).iter().any(|name| name == "OUTPUT_ONLY")
}

/// Whether a field holds a secret or personal data.
pub fn is_redacted(field: &FieldDescriptor) -> bool {
    flag(&field.options(), "debug_redact")
}

/// Whether one member of a oneof must be set.
pub fn oneof_required(oneof: &OneofDescriptor) -> bool {
    extension(&oneof.options(), "buf.validate.oneof").is_some_and(|rules| flag(&rules, "required"))
}

/// Reads a message-typed extension by its full name.
pub fn extension(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let (_, value) = options
        .extensions()
        .find(|(extension, _)| extension.full_name() == name)?;
    value.as_message().cloned()
}

/// Reads a string field, empty where absent.
pub fn text(message: &DynamicMessage, name: &str) -> String {
    value(message, name).as_str().unwrap_or_default().to_owned()
}

/// Reads a bool field, false where absent.
pub fn flag(message: &DynamicMessage, name: &str) -> bool {
    value(message, name).as_bool().unwrap_or_default()
}

/// Reads a repeated string field.
pub fn texts(message: &DynamicMessage, name: &str) -> Vec<String> {
    let list = value(message, name);
    let items = list.as_list().unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// Reads a repeated message field.
pub fn messages(message: &DynamicMessage, name: &str) -> Vec<DynamicMessage> {
    let list = value(message, name);
    let items = list.as_list().unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item.as_message().cloned())
        .collect()
}

/// Reads an enum field as its value's name.
pub fn enum_name(message: &DynamicMessage, name: &str) -> String {
    let Some(field) = message.descriptor().get_field_by_name(name) else {
        return String::new();
    };
    let number = message
        .get_field(&field)
        .as_enum_number()
        .unwrap_or_default();
    let kind = field.kind();
    let known = kind.as_enum().and_then(|kind| kind.get_value(number));
    known
        .map(|value| value.name().to_owned())
        .unwrap_or_default()
}

fn value(message: &DynamicMessage, name: &str) -> Value {
    message
        .get_field_by_name(name)
        .map_or(Value::Bool(false), std::borrow::Cow::into_owned)
}
