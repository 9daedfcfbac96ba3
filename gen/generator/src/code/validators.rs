//! Plain Rust checks from the rules in the protos.
//!
//! One `impl Validate` per message that callers fill or services publish. A rule that cannot be
//! expressed stops generation: nothing in a proto is ever silently left unchecked.

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};
use quote::quote;

use super::cel::{self, Check};
use super::messages::Packages;
use super::{names, scalars};
use crate::contract::oneof_required;
use crate::lint::{event_messages, reachable};
use crate::rules::{FieldRules, Ignore, message_cels};
use crate::schema::{Schema, is_own};

/// The messages that get a validator: requests, events, all that these hold, and what contexts
/// share.
pub fn judged(schema: &Schema) -> Vec<MessageDescriptor> {
    let requests = schema
        .own_methods()
        .into_iter()
        .map(|method| method.input());
    let shared = schema
        .own_messages()
        .into_iter()
        .filter(|message| message.parent_file().name() == "retail/common/v1/common.proto");
    reachable(requests.chain(event_messages(schema)).chain(shared), |_| {
        true
    })
}

/// Adds the validators to their packages.
pub fn generate(schema: &Schema, packages: &mut Packages) -> Result<()> {
    for message in judged(schema) {
        let code = implementation(&message).with_context(|| message.full_name().to_owned())?;
        if let Some(package) = packages.get_mut(message.package_name()) {
            *package += &code.to_string();
        }
    }
    Ok(())
}

fn implementation(message: &MessageDescriptor) -> Result<TokenStream> {
    let name = names::message(message);
    let mut body = Vec::new();
    for rule in message_cels(message) {
        body.push(cel::of_message(message, &rule)?.failing(&quote!(at)));
    }
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        body.push(one_of(&oneof)?);
    }
    for field in message
        .fields()
        .filter(|field| names::real_oneof(field).is_none())
    {
        body.push(of_field(&field).with_context(|| field.name().to_owned())?);
    }
    let body: TokenStream = body.into_iter().collect();
    // A message without rules gets an empty body, whose arguments then bear an underscore.
    let (at, found) = if body.is_empty() {
        (quote!(_at), quote!(_found))
    } else {
        (quote!(at), quote!(found))
    };
    Ok(quote! {
        impl crate::validate::Validate for #name {
            fn check(
                &self,
                #at: &crate::validate::Path<'_>,
                #found: &mut crate::validate::Violations,
            ) {
                #body
            }
        }
    })
}

fn one_of(oneof: &OneofDescriptor) -> Result<TokenStream> {
    let (field, kind) = (names::ident(oneof.name()), names::oneof(oneof));
    let mut arms = Vec::new();
    for member in oneof.fields() {
        let checks = set_value(&member)?;
        if !checks.is_empty() {
            let variant = names::variant(&member);
            let copy = by_value(&member).then(|| quote!(let value = *value;));
            arms.push(quote!(Some(#kind::#variant(value)) => { #copy #checks }));
        }
    }
    let label = oneof.name();
    if oneof_required(oneof) {
        let add = quote!(found.add(&at.field(#label), "required", "one of these must be set"));
        arms.push(quote!(None => #add));
    }
    if arms.is_empty() {
        return Ok(quote!());
    }
    let total = oneof.fields().len() + 1;
    let rest = (arms.len() < total).then(|| quote!(_ => {}));
    Ok(quote!(match &self.#field { #(#arms)* #rest }))
}

fn of_field(field: &FieldDescriptor) -> Result<TokenStream> {
    let rules = FieldRules::of(field);
    if rules
        .as_ref()
        .is_some_and(|rules| rules.ignore == Ignore::Always)
    {
        return Ok(quote!());
    }
    let (ident, label) = (names::field(field), field.name());
    let required = rules.as_ref().is_some_and(|rules| rules.required);
    let missing = quote!(found.add(&at.field(#label), "required", "value is required"));
    if field.is_list() || field.is_map() {
        let checks = if field.is_list() {
            list(field)?
        } else {
            map(field)?
        };
        return Ok(match required {
            true => quote!(if self.#ident.is_empty() { #missing } else { #checks }),
            false => checks,
        });
    }
    let checks = set_value(field)?;
    if field.supports_presence() {
        let pattern = if by_value(field) {
            quote!(&Some(value))
        } else {
            quote!(Some(value))
        };
        return Ok(match (checks.is_empty(), required) {
            (true, false) => quote!(),
            (true, true) => quote!(if self.#ident.is_none() { #missing }),
            (false, false) => quote!(if let #pattern = &self.#ident { #checks }),
            (false, true) => {
                quote!(if let #pattern = &self.#ident { #checks } else { #missing })
            }
        });
    }
    if checks.is_empty() && !required {
        return Ok(quote!());
    }
    let ignore_zero = rules.is_some_and(|rules| rules.ignore == Ignore::IfZero);
    Ok(without_presence(field, required, ignore_zero, &checks))
}

fn without_presence(
    field: &FieldDescriptor,
    required: bool,
    ignore_zero: bool,
    checks: &TokenStream,
) -> TokenStream {
    let (ident, label) = (names::field(field), field.name());
    let missing = quote!(found.add(&at.field(#label), "required", "value is required"));
    let take = if by_value(field) {
        quote!(self.#ident)
    } else {
        quote!(&self.#ident)
    };
    let value = if checks.is_empty() {
        quote!()
    } else {
        quote!(let value = #take;)
    };
    let zero = scalars::is_zero(&field.kind(), &quote!(self.#ident));
    match (required, ignore_zero) {
        (true, _) => quote!(if #zero { #missing } else { #value #checks }),
        (false, true) => quote!(if !(#zero) { #value #checks }),
        (false, false) => quote!({ #value #checks }),
    }
}

/// Whether the checks of a field take its value as a copy.
fn by_value(field: &FieldDescriptor) -> bool {
    !matches!(field.kind(), Kind::String | Kind::Bytes | Kind::Message(_))
}

/// The checks of a singular field that is set, with its content bound to `value`.
fn set_value(field: &FieldDescriptor) -> Result<TokenStream> {
    let rules = FieldRules::of(field);
    let label = field.name();
    if rules
        .as_ref()
        .is_some_and(|rules| rules.ignore == Ignore::Always)
    {
        return Ok(quote!());
    }
    single(&field.kind(), rules.as_ref(), &quote!(at.field(#label)))
}

/// The checks of one value: of a field, of an item of a list, of a key or value of a map.
fn single(kind: &Kind, rules: Option<&FieldRules>, path: &TokenStream) -> Result<TokenStream> {
    let mut checks = Vec::new();
    if let Some(rules) = rules {
        for rule in &rules.cel {
            checks.push(cel::of_field(rule)?);
        }
        checks.extend(scalars::checks(kind, rules)?);
        checks.extend(cel::predefined(rules)?);
    }
    let mut code: TokenStream = checks
        .into_iter()
        .map(|check: Check| check.failing(&quote!(&#path)))
        .collect();
    if let Kind::Message(message) = kind
        && is_own(message.package_name())
    {
        code.extend(quote!(crate::validate::Validate::check(value, &#path, found);));
    }
    Ok(code)
}

fn list(field: &FieldDescriptor) -> Result<TokenStream> {
    let (ident, label) = (names::field(field), field.name());
    let rules = FieldRules::of(field);
    let mut code = TokenStream::new();
    let (mut least, mut most) = (None, None);
    for (name, value) in rules
        .iter()
        .filter_map(|it| it.kind.as_ref())
        .flat_map(|it| &it.standard)
    {
        match name.as_str() {
            "min_items" => least = value.as_u64(),
            "max_items" => most = value.as_u64(),
            "unique" => code.extend(
                Check::new(
                    quote!(crate::validate::predicate::unique(&self.#ident)),
                    "repeated.unique",
                    "must not hold the same item twice",
                )
                .failing(&quote!(&at.field(#label))),
            ),
            "items" => {}
            other => bail!("repeated.{other} is not known to the generator"),
        }
    }
    code.extend(counts(
        field,
        "repeated",
        ("min_items", least),
        ("max_items", most),
    ));
    let items = rules.as_ref().and_then(|rules| rules.part("items"));
    let path = quote!(at.field(#label).index(index));
    let checks = single(&field.kind(), items.as_ref(), &path)?;
    if !checks.is_empty() {
        let pattern = if by_value(field) {
            quote!(&value)
        } else {
            quote!(value)
        };
        let zero = scalars::is_zero(&field.kind(), &quote!(value));
        let skip = items
            .is_some_and(|rules| rules.ignore == Ignore::IfZero)
            .then(|| quote!(if #zero { continue; }));
        code.extend(quote! {
            for (index, #pattern) in self.#ident.iter().enumerate() { #skip #checks }
        });
    }
    Ok(code)
}

fn map(field: &FieldDescriptor) -> Result<TokenStream> {
    let (ident, label) = (names::field(field), field.name());
    let rules = FieldRules::of(field);
    let Kind::Message(entry) = field.kind() else {
        bail!("a map without entries")
    };
    let (mut least, mut most) = (None, None);
    for (name, value) in rules
        .iter()
        .filter_map(|it| it.kind.as_ref())
        .flat_map(|it| &it.standard)
    {
        match name.as_str() {
            "min_pairs" => least = value.as_u64(),
            "max_pairs" => most = value.as_u64(),
            "keys" | "values" => {}
            other => bail!("map.{other} is not known to the generator"),
        }
    }
    let mut code = counts(field, "map", ("min_pairs", least), ("max_pairs", most));
    let part = |name: &str| rules.as_ref().and_then(|rules| rules.part(name));
    let path = quote!(at.field(#label).key(key));
    let on_keys = entry_part(
        &entry.map_entry_key_field(),
        part("keys").as_ref(),
        &path,
        "key",
    )?;
    let on_values = entry_part(
        &entry.map_entry_value_field(),
        part("values").as_ref(),
        &path,
        "item",
    )?;
    if !on_keys.is_empty() || !on_values.is_empty() {
        let item = if on_values.is_empty() {
            quote!(_)
        } else {
            quote!(item)
        };
        code.extend(quote!(for (key, #item) in &self.#ident { #on_keys #on_values }));
    }
    Ok(code)
}

fn entry_part(
    field: &FieldDescriptor,
    rules: Option<&FieldRules>,
    path: &TokenStream,
    bound: &str,
) -> Result<TokenStream> {
    let checks = single(&field.kind(), rules, path)?;
    if checks.is_empty() {
        return Ok(checks);
    }
    let bound = names::ident(bound);
    let take = if by_value(field) {
        quote!(*#bound)
    } else {
        quote!(#bound)
    };
    Ok(quote!({ let value = #take; #checks }))
}

type Count<'a> = (&'a str, Option<u64>);

fn counts(field: &FieldDescriptor, kind: &str, least: Count<'_>, most: Count<'_>) -> TokenStream {
    let (ident, label) = (names::field(field), field.name());
    let path = quote!(&at.field(#label));
    let mut code = TokenStream::new();
    if let (name, Some(bound)) = least {
        let id = format!("{kind}.{name}");
        let text = format!("must hold at least {bound}");
        code.extend(Check::new(count_at_least(&ident, bound), &id, &text).failing(&path));
    }
    if let (name, Some(bound)) = most {
        let id = format!("{kind}.{name}");
        let text = format!("must not hold more than {bound}");
        code.extend(
            Check::new(quote!(self.#ident.len() as u64 <= #bound), &id, &text).failing(&path),
        );
    }
    code
}

fn count_at_least(ident: &proc_macro2::Ident, bound: u64) -> TokenStream {
    if bound == 1 {
        return quote!(!self.#ident.is_empty());
    }
    quote!(self.#ident.len() as u64 >= #bound)
}
