//! Reads protovalidate's rules out of field, oneof and message options into one typed form.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value};

use crate::contract::{enum_name, extension, flag, messages, text};

/// A rule written as a CEL expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cel {
    /// Names the rule; what a violation reports.
    pub id: String,
    /// The text of the violation.
    pub message: String,
    /// The expression.
    pub expression: String,
}

/// When a field's rules are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignore {
    /// Fields without presence are always judged, others when they are set.
    Unset,
    /// Left out when the value is zero.
    IfZero,
    /// Always left out.
    Always,
}

/// The rules of one kind of value, for example of strings.
#[derive(Debug, Clone)]
pub struct TypeRules {
    /// The kind, for example `string` or `repeated`.
    pub kind: String,
    /// Standard rules by name.
    pub standard: Vec<(String, Value)>,
    /// Predefined rules by the full name of their extension.
    pub predefined: Vec<Predefined>,
}

/// A use of a predefined rule.
#[derive(Debug, Clone)]
pub struct Predefined {
    /// Full name of the extension, for example `retail.common.v1.id_prefix`.
    pub name: String,
    /// The value that it was used with.
    pub value: Value,
    /// What it stands for.
    pub cel: Vec<Cel>,
}

/// All rules of a field, of the items of a list, or of the keys or values of a map.
#[derive(Debug, Clone)]
pub struct FieldRules {
    /// Whether it must be present.
    pub required: bool,
    /// When the rules are left out.
    pub ignore: Ignore,
    /// Rules written as CEL.
    pub cel: Vec<Cel>,
    /// Rules of its kind.
    pub kind: Option<TypeRules>,
    /// The options as they stand.
    pub raw: DynamicMessage,
}

impl FieldRules {
    /// Reads a field's rules; `None` when it has none.
    pub fn of(field: &FieldDescriptor) -> Option<Self> {
        extension(&field.options(), "buf.validate.field").map(Self::read)
    }

    fn read(raw: DynamicMessage) -> Self {
        let ignore = match enum_name(&raw, "ignore").as_str() {
            "IGNORE_ALWAYS" => Ignore::Always,
            "IGNORE_IF_ZERO_VALUE" => Ignore::IfZero,
            _ => Ignore::Unset,
        };
        let set = raw
            .fields()
            .find(|(field, _)| field.containing_oneof().is_some());
        let kind = set.and_then(|(field, value)| {
            value
                .as_message()
                .map(|rules| TypeRules::read(field.name(), rules))
        });
        Self {
            required: flag(&raw, "required"),
            ignore,
            cel: cels(&raw),
            kind,
            raw,
        }
    }

    /// A standard rule of the field's kind.
    pub fn standard(&self, name: &str) -> Option<&Value> {
        let kind = self.kind.as_ref()?;
        kind.standard
            .iter()
            .find(|(rule, _)| rule == name)
            .map(|(_, value)| value)
    }

    /// Whether the field uses a predefined rule, named without its package.
    pub fn predefined(&self, name: &str) -> Option<&Value> {
        let kind = self.kind.as_ref()?;
        let full = format!("retail.common.v1.{name}");
        kind.predefined
            .iter()
            .find(|rule| rule.name == full)
            .map(|rule| &rule.value)
    }

    /// The rules of a part: `items` of a list, `keys` or `values` of a map.
    pub fn part(&self, name: &str) -> Option<Self> {
        let raw = self.standard(name)?.as_message()?.clone();
        Some(Self::read(raw))
    }
}

impl TypeRules {
    fn read(kind: &str, rules: &DynamicMessage) -> Self {
        let standard = rules
            .fields()
            .map(|(field, value)| (field.name().to_owned(), value.clone()));
        let predefined = rules.extensions().map(|(extension, value)| Predefined {
            name: extension.full_name().to_owned(),
            value: value.clone(),
            cel: crate::contract::extension(&extension_options(&extension), PREDEFINED)
                .map(|rule| cels(&rule))
                .unwrap_or_default(),
        });
        let mut predefined: Vec<_> = predefined.collect();
        predefined.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            kind: kind.to_owned(),
            standard: standard.collect(),
            predefined,
        }
    }
}

const PREDEFINED: &str = "buf.validate.predefined";

fn extension_options(extension: &prost_reflect::ExtensionDescriptor) -> DynamicMessage {
    extension.options()
}

/// Reads the CEL rules of a whole message.
pub fn message_cels(message: &MessageDescriptor) -> Vec<Cel> {
    extension(&message.options(), "buf.validate.message")
        .map(|rules| cels(&rules))
        .unwrap_or_default()
}

fn cels(rules: &DynamicMessage) -> Vec<Cel> {
    if rules.descriptor().get_field_by_name("cel").is_none() {
        return Vec::new();
    }
    messages(rules, "cel")
        .iter()
        .map(|rule| Cel {
            id: text(rule, "id"),
            message: text(rule, "message"),
            expression: text(rule, "expression"),
        })
        .collect()
}
