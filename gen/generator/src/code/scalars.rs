//! The standard rules of strings, bytes, numbers, enums, durations and timestamps.

use anyhow::{Result, bail};
use proc_macro2::{Literal, TokenStream};
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use quote::quote;

use super::cel::Check;
use super::names;
use crate::rules::FieldRules;

/// Whether a value of this kind is zero.
pub fn is_zero(kind: &Kind, value: &TokenStream) -> TokenStream {
    match kind {
        Kind::String | Kind::Bytes => quote!(#value.is_empty()),
        Kind::Bool => quote!(!#value),
        Kind::Double | Kind::Float => quote!(#value == 0.0),
        Kind::Message(_) => quote!(*#value == Default::default()),
        _ => quote!(#value == 0),
    }
}

/// The checks of a value's standard rules, with the value bound to `value`.
pub fn checks(kind: &Kind, rules: &FieldRules) -> Result<Vec<Check>> {
    let Some(of_kind) = &rules.kind else {
        return Ok(Vec::new());
    };
    let name = of_kind.kind.as_str();
    let mut checks = Vec::new();
    for (rule, value) in &of_kind.standard {
        let id = format!("{name}.{rule}");
        let check = match name {
            "string" => string(&id, rule, value)?,
            "bytes" => bytes(&id, rule, value)?,
            "bool" => Some(equal(&id, &literal(value)?, &show(value))),
            "enum" => enumeration(&id, rule, value, kind)?,
            "repeated" | "map" => bail!("{id} on a single value"),
            _ => number(&id, rule, value)?,
        };
        checks.extend(check);
    }
    checks.extend(range(rules, name)?);
    Ok(checks)
}

fn equal(id: &str, wanted: &TokenStream, shown: &str) -> Check {
    Check::new(quote!(value == #wanted), id, &format!("must be {shown}"))
}

fn string(id: &str, rule: &str, value: &Value) -> Result<Option<Check>> {
    let text = value.as_str().unwrap_or_default();
    let bound = value.as_u64().unwrap_or_default();
    let check = match rule {
        "const" => Check::new(quote!(value == #text), id, &format!("must be {text:?}")),
        "len" => size(
            id,
            quote!(predicate::length(value) == #bound),
            "exactly",
            bound,
        ),
        "min_len" => size(
            id,
            quote!(predicate::length(value) >= #bound),
            "at least",
            bound,
        ),
        "max_len" => size(
            id,
            quote!(predicate::at_most(value, #bound)),
            "at most",
            bound,
        ),
        "len_bytes" => octets(id, quote!(value.len() as u64 == #bound), "exactly", bound),
        "min_bytes" => octets(id, quote!(value.len() as u64 >= #bound), "at least", bound),
        "max_bytes" => octets(id, quote!(value.len() as u64 <= #bound), "at most", bound),
        "prefix" => Check::new(
            quote!(value.starts_with(#text)),
            id,
            &format!("must begin with {text:?}"),
        ),
        "suffix" => Check::new(
            quote!(value.ends_with(#text)),
            id,
            &format!("must end with {text:?}"),
        ),
        "contains" => Check::new(
            quote!(value.contains(#text)),
            id,
            &format!("must contain {text:?}"),
        ),
        "not_contains" => Check::new(
            quote!(!value.contains(#text)),
            id,
            &format!("must not contain {text:?}"),
        ),
        "in" | "not_in" => member(id, rule, value, &quote!(value.as_str()))?,
        "uuid" | "email" => well_known(id, rule),
        other => bail!("string.{other} is not known to the generator"),
    };
    Ok(Some(check))
}

/// Formats report an empty value under an id of its own.
fn well_known(id: &str, rule: &str) -> Check {
    let (name, what) = match rule {
        "uuid" => (quote!(uuid), "a UUID"),
        _ => (quote!(email), "an e-mail address"),
    };
    let holds = quote!(crate::validate::predicate::#name(value));
    Check::new(holds, id, &format!("must be {what}")).empty_apart()
}

fn size(id: &str, holds: TokenStream, how: &str, bound: u64) -> Check {
    Check::new(
        quote!(crate::validate::#holds),
        id,
        &format!("must be {how} {bound} characters long"),
    )
}

fn octets(id: &str, holds: TokenStream, how: &str, bound: u64) -> Check {
    Check::new(holds, id, &format!("must be {how} {bound} bytes long"))
}

fn bytes(id: &str, rule: &str, value: &Value) -> Result<Option<Check>> {
    let bound = value.as_u64().unwrap_or_default();
    let wanted = value.as_bytes().map(|it| Literal::byte_string(it));
    let check = match rule {
        "const" => Check::new(
            quote!(value.as_ref() == #wanted),
            id,
            "must be the documented bytes",
        ),
        "len" => octets(id, quote!(value.len() as u64 == #bound), "exactly", bound),
        "min_len" => octets(id, quote!(value.len() as u64 >= #bound), "at least", bound),
        "max_len" => octets(id, quote!(value.len() as u64 <= #bound), "at most", bound),
        "prefix" => Check::new(
            quote!(value.starts_with(#wanted)),
            id,
            "must begin as documented",
        ),
        "suffix" => Check::new(
            quote!(value.ends_with(#wanted)),
            id,
            "must end as documented",
        ),
        other => bail!("bytes.{other} is not known to the generator"),
    };
    Ok(Some(check))
}

fn enumeration(id: &str, rule: &str, value: &Value, kind: &Kind) -> Result<Option<Check>> {
    let Kind::Enum(of) = kind else {
        bail!("{id} on another kind")
    };
    let check = match rule {
        "defined_only" if value.as_bool() == Some(true) => {
            let modules = of.package_name().split('.').map(names::ident);
            let name = names::ident(of.name());
            let valid = quote!(crate::generated::#(#modules::)*#name::is_valid(value));
            Check::new(valid, id, "must be one of the documented values")
        }
        "defined_only" => return Ok(None),
        "const" => equal(id, &literal(value)?, &show(value)),
        "in" | "not_in" => member(id, rule, value, &quote!(value))?,
        other => bail!("enum.{other} is not known to the generator"),
    };
    Ok(Some(check))
}

fn member(id: &str, rule: &str, list: &Value, subject: &TokenStream) -> Result<Check> {
    let items = list.as_list().unwrap_or_default();
    let literals = items.iter().map(literal).collect::<Result<Vec<_>>>()?;
    let shown: Vec<_> = items.iter().map(show).collect();
    let shown = shown.join(", ");
    Ok(match rule {
        "in" => Check::new(
            quote!([#(#literals),*].contains(&#subject)),
            id,
            &format!("must be one of {shown}"),
        ),
        _ => Check::new(
            quote!(![#(#literals),*].contains(&#subject)),
            id,
            &format!("must be none of {shown}"),
        ),
    })
}

/// Numbers, durations and timestamps, but for their bounds, which [`range`] judges in pairs.
fn number(id: &str, rule: &str, value: &Value) -> Result<Option<Check>> {
    let subject = comparable(value);
    match rule {
        "gt" | "gte" | "lt" | "lte" => Ok(None),
        "const" => {
            let wanted = literal(value)?;
            Ok(Some(Check::new(
                quote!(#subject == #wanted),
                id,
                &format!("must be {}", show(value)),
            )))
        }
        "in" | "not_in" => {
            let items = value.as_list().unwrap_or_default();
            let subject = items.first().map_or(quote!(value), comparable);
            member(id, rule, value, &subject).map(Some)
        }
        "finite" if value.as_bool() == Some(true) => Ok(Some(Check::new(
            quote!(value.is_finite()),
            id,
            "must be finite",
        ))),
        "finite" => Ok(None),
        other => bail!("{id}: {other} is not known to the generator"),
    }
}

/// Two bounds make one rule, and one id; a lower bound above the upper one excludes what is
/// between.
fn range(rules: &FieldRules, kind: &str) -> Result<Option<Check>> {
    let bound = |inner: &'static str, outer: &'static str| {
        [inner, outer]
            .into_iter()
            .find_map(|name| rules.standard(name).map(|it| (name, it)))
    };
    let (low, high) = (bound("gt", "gte"), bound("lt", "lte"));
    let Some((first, value)) = low.or(high) else {
        return Ok(None);
    };
    let subject = comparable(value);
    let holds = |(name, value): (&str, &Value)| -> Result<TokenStream> {
        let wanted = literal(value)?;
        Ok(match name {
            "gt" => quote!(#subject > #wanted),
            "gte" => quote!(#subject >= #wanted),
            "lt" => quote!(#subject < #wanted),
            _ => quote!(#subject <= #wanted),
        })
    };
    let (Some(low), Some(high)) = (low, high) else {
        let text = format!("must be {} {}", words(first), show(value));
        return Ok(Some(Check::new(
            holds((first, value))?,
            &format!("{kind}.{first}"),
            &text,
        )));
    };
    let (above, below) = (holds(low)?, holds(high)?);
    let (low_shown, high_shown) = (show(low.1), show(high.1));
    let id = format!("{kind}.{}_{}", low.0, high.0);
    if order(low.1) <= order(high.1) {
        let text = format!(
            "must be {} {low_shown} and {} {high_shown}",
            words(low.0),
            words(high.0)
        );
        return Ok(Some(Check::new(quote!(#above && #below), &id, &text)));
    }
    let text = format!(
        "must be {} {low_shown} or {} {high_shown}",
        words(low.0),
        words(high.0)
    );
    Ok(Some(Check::new(
        quote!(#above || #below),
        &format!("{id}_exclusive"),
        &text,
    )))
}

fn words(bound: &str) -> &'static str {
    match bound {
        "gt" => "greater than",
        "gte" => "at least",
        "lt" => "less than",
        _ => "at most",
    }
}

/// What is compared: the number itself, or an instant or duration as nanoseconds.
fn comparable(value: &Value) -> TokenStream {
    match value {
        Value::Message(_) => quote!(crate::validate::predicate::nanos(
            value.seconds,
            value.nanos
        )),
        _ => quote!(value),
    }
}

fn order(value: &Value) -> f64 {
    match value {
        Value::Message(message) => nanos(message).to_string().parse().unwrap_or_default(),
        other => show(other).parse().unwrap_or_default(),
    }
}

fn nanos(message: &DynamicMessage) -> i128 {
    let part = |name| message.get_field_by_name(name).map(|it| it.into_owned());
    let seconds = part("seconds")
        .and_then(|it| it.as_i64())
        .unwrap_or_default();
    let nanos = part("nanos").and_then(|it| it.as_i32()).unwrap_or_default();
    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
}

fn literal(value: &Value) -> Result<TokenStream> {
    Ok(match value {
        Value::Bool(it) => quote!(#it),
        Value::I32(it) => quote!(#it),
        Value::I64(it) => quote!(#it),
        Value::U32(it) => quote!(#it),
        Value::U64(it) => quote!(#it),
        Value::F32(it) => quote!(#it),
        Value::F64(it) => quote!(#it),
        Value::EnumNumber(it) => quote!(#it),
        Value::String(it) => quote!(#it),
        Value::Message(it) => {
            let nanos = nanos(it);
            quote!(#nanos)
        }
        other => bail!("{other:?} is not known to the generator"),
    })
}

fn show(value: &Value) -> String {
    match value {
        Value::Bool(it) => it.to_string(),
        Value::I32(it) | Value::EnumNumber(it) => it.to_string(),
        Value::I64(it) => it.to_string(),
        Value::U32(it) => it.to_string(),
        Value::U64(it) => it.to_string(),
        Value::F32(it) => it.to_string(),
        Value::F64(it) => it.to_string(),
        Value::String(it) => it.clone(),
        Value::Message(it) if it.descriptor().full_name() == "google.protobuf.Duration" => {
            format!("{} seconds", nanos(it) / 1_000_000_000)
        }
        Value::Message(it) => format!("{} seconds after 1970", nanos(it) / 1_000_000_000),
        other => format!("{other:?}"),
    }
}
