//! `Debug` for messages that hold secrets or personal data: such fields never print.

use proc_macro2::TokenStream;
use prost_reflect::{MessageDescriptor, OneofDescriptor};
use quote::quote;

use super::messages::{Packages, redacted_messages};
use super::names;
use crate::contract::is_redacted;
use crate::schema::Schema;

/// Adds a `Debug` to every message that prost was told to leave without one.
pub fn generate(schema: &Schema, packages: &mut Packages) {
    for name in redacted_messages(schema) {
        let message = schema
            .pool
            .get_message_by_name(name.trim_start_matches('.'));
        let Some(message) = message else { continue };
        if let Some(code) = packages.get_mut(message.package_name()) {
            *code += &implementation(&message).to_string();
        }
    }
}

fn implementation(message: &MessageDescriptor) -> TokenStream {
    let name = names::message(message);
    let text = message.name();
    let plain = message
        .fields()
        .filter(|field| names::real_oneof(field).is_none());
    let fields = plain.map(|field| {
        let (ident, label) = (names::field(&field), field.name().to_owned());
        if is_redacted(&field) {
            quote!(.field(#label, &format_args!("[redacted]")))
        } else {
            quote!(.field(#label, &self.#ident))
        }
    });
    let oneofs: Vec<_> = message
        .oneofs()
        .filter(|oneof| !oneof.is_synthetic())
        .collect();
    let labels = oneofs.iter().map(|oneof| oneof.name().to_owned());
    let idents = oneofs.iter().map(|oneof| names::ident(oneof.name()));
    let members = oneofs.iter().map(one_of);
    quote! {
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text)#(#fields)*#(.field(#labels, &self.#idents))*.finish()
            }
        }
        #(#members)*
    }
}

fn one_of(oneof: &OneofDescriptor) -> TokenStream {
    let kind = names::oneof(oneof);
    let arms = oneof.fields().map(|field| {
        let (variant, label) = (names::variant(&field), field.name().to_owned());
        if is_redacted(&field) {
            quote!(#kind::#variant(_) => f.debug_tuple(#label).field(&format_args!("[redacted]")))
        } else {
            quote!(#kind::#variant(it) => f.debug_tuple(#label).field(it))
        }
    });
    quote! {
        impl ::core::fmt::Debug for #kind {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#arms.finish(),)* }
            }
        }
    }
}
