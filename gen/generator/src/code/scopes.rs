//! What a request says of its attempt and of the scope it asks for, as plain Rust.
//!
//! Which field holds the owner or the location stands in the contract of the rpc; requests are
//! never shared, so each has at most one such field.

use proc_macro2::TokenStream;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use quote::quote;

use super::names;
use crate::contract::{is_output_only, rpc_contract};
use crate::schema::Schema;

/// The methods of `Input` beyond the clearing; none where the defaults are right.
pub fn methods(schema: &Schema, message: &MessageDescriptor) -> TokenStream {
    let request_id = request_id(message);
    let scope = scope_path(schema, message).map(|path| scope(message, &path));
    quote!(#request_id #scope)
}

fn request_id(message: &MessageDescriptor) -> Option<TokenStream> {
    let field = message.get_field_by_name("request_id")?;
    if !is_text(&field) || field.is_list() || is_output_only(&field) {
        return None;
    }
    Some(quote! {
        fn request_id(&self) -> Option<&str> {
            Some(self.request_id.as_str()).filter(|it| !it.is_empty())
        }
    })
}

/// The path below the request that its rpc names as `scope_field`.
fn scope_path(schema: &Schema, message: &MessageDescriptor) -> Option<Vec<String>> {
    let methods = schema.own_methods();
    let method = methods.iter().find(|it| it.input() == *message)?;
    let path = rpc_contract(method)?.scope_field;
    let path = path.strip_prefix("request.")?;
    Some(path.split('.').map(str::to_owned).collect())
}

fn scope(message: &MessageDescriptor, path: &[String]) -> Option<TokenStream> {
    let (leaf, way) = path.split_last()?;
    let mut parent = message.clone();
    for step in way {
        parent = parent
            .get_field_by_name(step)?
            .kind()
            .as_message()
            .cloned()?;
    }
    let leaf = parent.get_field_by_name(leaf)?;
    let reads = owners(&parent, &leaf).into_iter().map(|it| read(&it));
    let write = narrow(&leaf);
    let way: Vec<_> = way.iter().map(|step| names::ident(step)).collect();
    let narrow = write.map(|write| {
        quote! {
            fn narrow(&mut self, to: &[String]) {
                let at = Some(self)#(.and_then(|it| it.#way.as_mut()))*;
                if let Some(at) = at {
                    #write
                }
            }
        }
    });
    Some(quote! {
        fn scoped(&self) -> Vec<&str> {
            let mut found = Vec::new();
            let at = Some(self)#(.and_then(|it| it.#way.as_ref()))*;
            if let Some(at) = at {
                #(#reads)*
            }
            found
        }
        #narrow
    })
}

/// The field, and beside a customer the user whom a message can name in their place.
fn owners(parent: &MessageDescriptor, leaf: &FieldDescriptor) -> Vec<FieldDescriptor> {
    let user = parent
        .get_field_by_name("user_id")
        .filter(|it| leaf.name() == "customer_id" && is_text(it) && !is_output_only(it));
    std::iter::once(leaf.clone()).chain(user).collect()
}

fn read(field: &FieldDescriptor) -> TokenStream {
    let ident = names::field(field);
    if let Some(oneof) = names::real_oneof(field) {
        let (ident, kind) = (names::ident(oneof.name()), names::oneof(&oneof));
        let variant = names::variant(field);
        return quote!(if let Some(#kind::#variant(it)) = &at.#ident {
            found.push(it.as_str());
        });
    }
    if field.is_list() {
        quote!(found.extend(at.#ident.iter().map(String::as_str));)
    } else if field.supports_presence() {
        quote!(found.extend(at.#ident.as_deref());)
    } else {
        quote!(found.extend(Some(at.#ident.as_str()).filter(|it| !it.is_empty()));)
    }
}

/// A member of a oneof is left alone: unset it has a meaning of its own.
fn narrow(field: &FieldDescriptor) -> Option<TokenStream> {
    let ident = names::field(field);
    if names::real_oneof(field).is_some() {
        return None;
    }
    Some(if field.is_list() {
        quote!(if at.#ident.is_empty() {
            at.#ident = to.to_vec();
        })
    } else if field.supports_presence() {
        quote!(if let (None, [only]) = (&at.#ident, to) {
            at.#ident = Some(only.clone());
        })
    } else {
        quote!(if let (true, [only]) = (at.#ident.is_empty(), to) {
            at.#ident.clone_from(only);
        })
    })
}

fn is_text(field: &FieldDescriptor) -> bool {
    field.kind() == Kind::String
}
