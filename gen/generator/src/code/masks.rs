//! Field masks and the clearing of OUTPUT_ONLY fields, as plain Rust.

use proc_macro2::TokenStream;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use quote::quote;

use super::messages::Packages;
use super::{names, scalars, scopes};
use crate::contract::{behaviours, is_output_only};
use crate::lint::{input_messages, reachable};
use crate::rules::{FieldRules, Ignore};
use crate::schema::{Schema, is_own};

/// Adds both to their packages.
pub fn generate(schema: &Schema, packages: &mut Packages) {
    let mut add = |message: &MessageDescriptor, code: TokenStream| {
        if let Some(package) = packages.get_mut(message.package_name()) {
            *package += &code.to_string();
        }
    };
    for message in masked(schema) {
        add(&message, mask(&message));
    }
    for message in input_messages(schema) {
        add(&message, input(schema, &message));
    }
}

/// The messages that a mask can reach into: resources of Update requests and what they hold.
fn masked(schema: &Schema) -> Vec<MessageDescriptor> {
    let resources = schema.own_methods().into_iter().filter_map(|method| {
        let resource = method.input().fields().find(|field| {
            FieldRules::of(field).is_some_and(|rules| rules.ignore == Ignore::Always)
        });
        resource?.kind().as_message().cloned()
    });
    let singular = |field: &FieldDescriptor| !field.is_list() && !field.is_map();
    reachable(resources.collect::<Vec<_>>(), singular)
}

/// Whether a caller's value of this field is ignored: the server sets it, or it names the resource.
fn is_servers(field: &FieldDescriptor) -> bool {
    is_output_only(field) || behaviours(field).iter().any(|name| name == "IDENTIFIER")
}

fn mask(message: &MessageDescriptor) -> TokenStream {
    let name = names::message(message);
    let merges = message.fields().map(|field| merge(&field));
    let labels = message
        .fields()
        .filter(|field| !is_servers(field))
        .map(|field| {
            let (label, filled) = (field.name().to_owned(), is_filled(&field));
            quote!((#filled).then_some(#label))
        });
    let writable = message.fields().filter(|field| !is_servers(field));
    let writable = writable.map(|field| field.name().to_owned());
    // A message without nested or server-set fields never asks for the reach.
    let asks = message
        .fields()
        .any(|field| is_servers(&field) || nested(&field).is_some());
    let reach = if asks { quote!(reach) } else { quote!(_reach) };
    quote! {
        impl crate::mask::Masked for #name {
            const WRITABLE: &'static [&'static str] = &[#(#writable),*];
            fn merge(
                &mut self,
                from: &Self,
                path: crate::mask::Steps<'_>,
                #reach: crate::mask::Reach,
            ) -> Result<(), crate::mask::UnknownPath> {
                let (step, rest) = path.first()?;
                match step {
                    #(#merges)*
                    _ => Err(path.unknown()),
                }
            }
            fn filled(&self) -> Vec<&'static str> {
                let filled: [Option<&'static str>; Self::WRITABLE.len()] = [#(#labels),*];
                filled.into_iter().flatten().collect()
            }
        }
    }
}

fn is_filled(field: &FieldDescriptor) -> TokenStream {
    if let Some(oneof) = names::real_oneof(field) {
        let (ident, kind) = (names::ident(oneof.name()), names::oneof(&oneof));
        let variant = names::variant(field);
        return quote!(matches!(self.#ident, Some(#kind::#variant(_))));
    }
    let ident = names::field(field);
    if field.is_list() || field.is_map() {
        quote!(!self.#ident.is_empty())
    } else if field.supports_presence() {
        quote!(self.#ident.is_some())
    } else {
        let zero = scalars::is_zero(&field.kind(), &quote!(self.#ident));
        quote!(!(#zero))
    }
}

fn merge(field: &FieldDescriptor) -> TokenStream {
    let label = field.name();
    let guard = is_servers(field).then(|| {
        quote!(if reach == crate::mask::Reach::Writable {
            return Ok(());
        })
    });
    let body = match names::real_oneof(field) {
        Some(_) => merge_member(field),
        None => merge_plain(field),
    };
    quote!(#label => { #guard #body })
}

fn merge_plain(field: &FieldDescriptor) -> TokenStream {
    let ident = names::field(field);
    let nested = nested(field).map(|_| {
        quote!(if !rest.is_end() {
            return crate::mask::merge_nested(&mut self.#ident, &from.#ident, rest, reach);
        })
    });
    let whole = quote!({
        self.#ident.clone_from(&from.#ident);
        Ok(())
    });
    match nested {
        Some(nested) => quote!(#nested #whole),
        None => quote!(rest.end()?; #whole),
    }
}

/// A member of a oneof is taken as a whole; naming it when another is set clears it.
fn merge_member(field: &FieldDescriptor) -> TokenStream {
    let Some(oneof) = names::real_oneof(field) else {
        return quote!();
    };
    let (ident, kind) = (names::ident(oneof.name()), names::oneof(&oneof));
    let variant = names::variant(field);
    quote! {
        rest.end()?;
        if matches!(from.#ident, Some(#kind::#variant(_))) {
            self.#ident.clone_from(&from.#ident);
        } else if matches!(self.#ident, Some(#kind::#variant(_))) {
            self.#ident = None;
        }
        Ok(())
    }
}

/// The message of ours that a singular field holds.
fn nested(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    if field.is_list() || field.is_map() {
        return None;
    }
    let Kind::Message(message) = field.kind() else {
        return None;
    };
    is_own(message.package_name()).then_some(message)
}

fn input(schema: &Schema, message: &MessageDescriptor) -> TokenStream {
    let name = names::message(message);
    let clears: TokenStream = message.fields().map(|field| clear(&field)).collect();
    let methods = scopes::methods(schema, message);
    quote! {
        impl crate::mask::Input for #name {
            fn clear_output_only(&mut self) {
                #clears
            }
            #methods
        }
    }
}

fn clear(field: &FieldDescriptor) -> TokenStream {
    if let Some(oneof) = names::real_oneof(field) {
        let (ident, kind) = (names::ident(oneof.name()), names::oneof(&oneof));
        let variant = names::variant(field);
        if is_output_only(field) {
            return quote!(if matches!(self.#ident, Some(#kind::#variant(_))) {
                self.#ident = None;
            });
        }
        return match nested(field).filter(clears_anything) {
            Some(_) => quote!(if let Some(#kind::#variant(it)) = &mut self.#ident {
                crate::mask::Input::clear_output_only(it);
            }),
            None => quote!(),
        };
    }
    let ident = names::field(field);
    if is_output_only(field) {
        return quote!(self.#ident = Default::default(););
    }
    let Some(message) = crate::lint::target(field) else {
        return quote!();
    };
    if !is_own(message.package_name()) || !clears_anything(&message) {
        return quote!();
    }
    if field.is_map() {
        quote!(self.#ident.values_mut().for_each(crate::mask::Input::clear_output_only);)
    } else {
        quote!(self.#ident.iter_mut().for_each(crate::mask::Input::clear_output_only);)
    }
}

/// Whether clearing reaches any OUTPUT_ONLY field.
fn clears_anything(message: &MessageDescriptor) -> bool {
    let parts = reachable([message.clone()], |field| !is_output_only(field));
    parts
        .iter()
        .any(|part| part.fields().any(|field| is_output_only(&field)))
}
