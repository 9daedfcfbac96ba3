//! CEL rules, each by its id, as a call of one small named predicate.
//!
//! The expression is compared too: a rule that changes in a proto without its predicate changing
//! here stops generation.

use anyhow::{Result, bail};
use proc_macro2::TokenStream;
use prost_reflect::{MessageDescriptor, Value};
use quote::quote;

use super::names;
use crate::rules::{Cel, FieldRules, Predefined};

/// One condition that must hold, and what is said when it does not.
pub struct Check {
    holds: TokenStream,
    id: String,
    text: String,
    empty_apart: bool,
}

impl Check {
    /// A condition on `value` or `self`.
    pub fn new(holds: TokenStream, id: &str, text: &str) -> Self {
        Self {
            holds,
            id: id.to_owned(),
            text: text.to_owned(),
            empty_apart: false,
        }
    }

    /// The same, reporting an empty value under the id with `_empty` behind it.
    pub fn empty_apart(self) -> Self {
        Self {
            empty_apart: true,
            ..self
        }
    }

    /// The code that reports the violation at a path.
    pub fn failing(&self, path: &TokenStream) -> TokenStream {
        let Self {
            holds,
            id,
            text,
            empty_apart,
        } = self;
        let judged = quote!(if !(#holds) { found.add(#path, #id, #text); });
        if !empty_apart {
            return judged;
        }
        let empty = format!("{id}_empty");
        quote!(if value.is_empty() { found.add(#path, #empty, #text); } else #judged)
    }
}

/// Predefined rules: id, expression, and the predicate, which takes the value and the rule.
const PREDEFINED: [(&str, &str, &str); 16] = [
    (
        "string.id_prefix",
        "this.matches('^' + rule + '_[0-7][0-9a-hjkmnp-tv-z]{25}$')",
        "id_prefix",
    ),
    (
        "string.line",
        r"uint(size(this)) <= rule && !this.matches('[\\x00-\\x1f\\x7f]')",
        "line",
    ),
    (
        "string.text",
        r"uint(size(this)) <= rule && !this.matches('[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]')",
        "text",
    ),
    (
        "string.token",
        "uint(size(this)) <= rule && this.matches('^[!-~]*$')",
        "token",
    ),
    (
        "string.key",
        "!rule || this.matches('^[a-z][a-z0-9_.-]{0,63}$')",
        "key",
    ),
    (
        "string.code",
        "!rule || this.matches('^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$')",
        "code",
    ),
    (
        "string.currency",
        "!rule || this.matches('^[A-Z]{3}$')",
        "currency",
    ),
    (
        "string.region",
        "!rule || this.matches('^[A-Z]{2}$')",
        "region",
    ),
    (
        "string.locale",
        "!rule || this.matches('^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$')",
        "locale",
    ),
    (
        "string.time_zone",
        "!rule || (size(this) <= 64 && \
         this.matches('^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$'))",
        "time_zone",
    ),
    (
        "string.phone",
        "!rule || this.matches('^[+][1-9][0-9]{6,14}$')",
        "phone",
    ),
    (
        "string.web_address",
        "!rule || (size(this) <= 2048 && this.matches('^https?://[!-~]+$'))",
        "web_address",
    ),
    (
        "string.clock_time",
        "!rule || this.matches('^([01][0-9]|2[0-3]):[0-5][0-9]$')",
        "clock_time",
    ),
    (
        "string.reason",
        "!rule || this.matches('^[A-Z][A-Z0-9_]{0,63}$')",
        "reason",
    ),
    (
        "timestamp.era",
        "!rule || (this >= timestamp('1970-01-01T00:00:00Z') && \
         this < timestamp('2200-01-01T00:00:00Z'))",
        "era",
    ),
    (
        "field_mask.paths_max",
        "uint(size(this.paths)) <= rule",
        "paths_max",
    ),
];

/// Rules on one field: id, expression, and the predicate, which takes the value.
const ON_FIELD: [(&str, &str, &str); 4] = [
    (
        "money.not_negative",
        "this.units >= 0 && this.nanos >= 0",
        "money_not_negative",
    ),
    (
        "money.positive",
        "this.units > 0 || this.nanos > 0",
        "money_positive",
    ),
    ("struct.size", "size(this) <= 100", "struct_size"),
    (
        "http_body.size",
        "size(this.data) <= 262144",
        "http_body_size",
    ),
];

/// Rules on a whole message: id, expression, and the predicate, which takes the message.
const ON_MESSAGE: [(&str, &str, &str); 3] = [
    (
        "money.sign",
        "this.units == 0 || this.nanos == 0 || ((this.units > 0) == (this.nanos > 0))",
        "money_sign",
    ),
    (
        "date.exists",
        "this.day <= (this.month == 2 ? ((this.year % 4 == 0 && (this.year % 100 != 0 || \
         this.year % 400 == 0)) ? 29 : 28) : (this.month in [4, 6, 9, 11] ? 30 : 31))",
        "date_exists",
    ),
    (
        "period.order",
        "!has(this.start_time) || !has(this.end_time) || this.start_time < this.end_time",
        "period_order",
    ),
];

/// The rule of every Update request: the resource that it changes must be named.
const ID_REQUIRED: &str = "update.id_required";

fn predicate(table: &[(&str, &str, &str)], rule: &Cel) -> Result<TokenStream> {
    let known = table.iter().find(|(id, _, _)| *id == rule.id);
    let Some((_, expression, name)) = known else {
        bail!("CEL rule {} has no predicate", rule.id);
    };
    if *expression != rule.expression {
        bail!(
            "CEL rule {} is written otherwise than its predicate expects",
            rule.id
        );
    }
    let name = names::ident(name);
    Ok(quote!(crate::validate::predicate::#name))
}

/// The check of a CEL rule on one field.
pub fn of_field(rule: &Cel) -> Result<Check> {
    let predicate = predicate(&ON_FIELD, rule)?;
    Ok(Check::new(
        quote!(#predicate(value)),
        &rule.id,
        &rule.message,
    ))
}

/// The check of a CEL rule on a whole message.
pub fn of_message(message: &MessageDescriptor, rule: &Cel) -> Result<Check> {
    if rule.id == ID_REQUIRED {
        return id_required(message, rule);
    }
    let predicate = predicate(&ON_MESSAGE, rule)?;
    Ok(Check::new(
        quote!(#predicate(self)),
        &rule.id,
        &rule.message,
    ))
}

/// `has(this.order) && this.order.order_id != ''`, for one or several ids of one resource.
fn id_required(message: &MessageDescriptor, rule: &Cel) -> Result<Check> {
    let mut clauses = rule.expression.split(" && ");
    let resource = clauses
        .next()
        .and_then(|clause| clause.strip_prefix("has(this.")?.strip_suffix(')'))
        .filter(|name| message.get_field_by_name(name).is_some());
    let Some(resource) = resource else {
        bail!("{ID_REQUIRED} does not name a resource")
    };
    let prefix = format!("this.{resource}.");
    let mut ids = Vec::new();
    for clause in clauses {
        let id = clause
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_suffix(" != ''"));
        let Some(id) = id else {
            bail!("{ID_REQUIRED} holds the clause {clause}")
        };
        ids.push(names::ident(id));
    }
    let resource = names::ident(resource);
    let holds = quote!(self.#resource.as_ref().is_some_and(|it| #(!it.#ids.is_empty())&&*));
    Ok(Check::new(holds, &rule.id, &rule.message))
}

/// The checks of the predefined rules that a field uses.
pub fn predefined(rules: &FieldRules) -> Result<Vec<Check>> {
    let used = rules.kind.iter().flat_map(|kind| &kind.predefined);
    let spoken = used.filter(|used| used.value != Value::Bool(false));
    spoken.map(one_predefined).collect()
}

fn one_predefined(used: &Predefined) -> Result<Check> {
    let [rule] = used.cel.as_slice() else {
        bail!("{} is not one CEL rule", used.name)
    };
    let predicate = predicate(&PREDEFINED, rule)?;
    let holds = match &used.value {
        Value::Bool(true) => quote!(#predicate(value)),
        Value::U64(bound) => quote!(#predicate(value, #bound)),
        Value::String(text) => quote!(#predicate(value, #text)),
        other => bail!("{} with {other:?} is not known to the generator", used.name),
    };
    Ok(Check::new(holds, &rule.id, &text(rule, &used.value)))
}

/// The text of a violation, with the bound where the rule has one.
fn text(rule: &Cel, value: &Value) -> String {
    match value {
        Value::U64(bound) => {
            let said = rule.message.replace("longer than documented", "");
            match said.len() == rule.message.len() {
                true => rule
                    .message
                    .replace("than documented", &format!("than {bound}")),
                false => format!("{said}longer than {bound} characters"),
            }
        }
        Value::String(prefix) => format!("must be an identifier like {prefix}_…"),
        _ => rule.message.clone(),
    }
}
