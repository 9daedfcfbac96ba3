//! The operational contract of every rpc as a constant, so that no process that serves has to
//! decode the image.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;
use proc_macro2::{Ident, TokenStream};
use prost_reflect::MethodDescriptor;
use quote::quote;

use super::names;
use crate::contract::{Idempotency, idempotency, rpc_contract};
use crate::lint::values_without_prefix;
use crate::schema::{Schema, is_own};

/// The kinds of fault by package and reason.
type Kinds = BTreeMap<(String, String), String>;

/// Generates the table, sorted by path.
pub fn generate(schema: &Schema) -> TokenStream {
    let kinds = kinds(schema);
    let mut methods = schema.own_methods();
    methods.sort_by_key(path);
    let entries = methods.iter().map(|it| entry(it, &kinds));
    quote! {
        /// What stands beside each rpc, sorted by path.
        pub const RPCS: &[crate::rpc::Rpc] = &[#(#entries),*];
    }
}

fn entry(method: &MethodDescriptor, kinds: &Kinds) -> TokenStream {
    // An rpc without a contract is written with nothing in it, and no server starts on that.
    let contract = rpc_contract(method).unwrap_or_default();
    let (path, permission, public) = (path(method), contract.permission, contract.public);
    let (scope, field) = (variant("SCOPE_", &contract.scope), contract.scope_field);
    let priority = variant("PRIORITY_", &contract.priority);
    let deadline = contract.deadline_ms;
    let repeats = match idempotency(method) {
        Idempotency::NoSideEffects => quote!(NoSideEffects),
        Idempotency::Idempotent => quote!(Idempotent),
        Idempotency::Unknown => quote!(IdempotencyUnknown),
    };
    let streams = method.is_server_streaming();
    let package = method.parent_service().package_name().to_owned();
    let reasons = contract.reasons.into_iter().map(|name| {
        let kind = kinds.get(&(package.clone(), name.clone()));
        let kind = variant("FAULT_KIND_", kind.map_or("", String::as_str));
        quote!((#name, crate::common::FaultKind::#kind))
    });
    quote! {
        crate::rpc::Rpc {
            path: #path,
            permission: #permission,
            public: #public,
            scope: crate::common::Scope::#scope,
            scope_field: #field,
            priority: crate::common::Priority::#priority,
            deadline_ms: #deadline,
            idempotency: crate::rpc::Idempotency::#repeats,
            streams: #streams,
            reasons: &[#(#reasons),*],
        }
    }
}

/// The kind of each reason of ours.
fn kinds(schema: &Schema) -> Kinds {
    let enums = schema.pool.all_enums();
    let ours = enums.filter(|it| is_own(it.package_name()) && it.name().ends_with("ErrorReason"));
    let mut kinds = Kinds::new();
    for reasons in ours {
        for (name, kind) in values_without_prefix(&reasons) {
            let key = (reasons.package_name().to_owned(), name);
            kinds.insert(key, kind.unwrap_or_default());
        }
    }
    kinds
}

/// The variant that prost makes of the name of an enum's value; that of zero for none.
fn variant(prefix: &str, value: &str) -> Ident {
    let name = value.strip_prefix(prefix).unwrap_or("UNSPECIFIED");
    let name = name.to_upper_camel_case();
    // The one keyword that cannot be written raw.
    let name = if name == "Self" { "Self_" } else { &name };
    names::ident(name)
}

fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}
