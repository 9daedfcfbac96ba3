//! A table from message names to validators, for tools that hold only bytes.

use proc_macro2::TokenStream;
use quote::quote;

use super::{names, validators};
use crate::schema::Schema;

/// Generates the table.
pub fn generate(schema: &Schema, probe: &Schema) -> TokenStream {
    let mut messages = validators::judged(schema);
    messages.extend(validators::judged(probe));
    messages.sort_by(|a, b| a.full_name().cmp(b.full_name()));
    messages.dedup_by(|a, b| a.full_name() == b.full_name());
    let entries = messages.iter().map(|message| {
        let (name, path) = (message.full_name().to_owned(), names::message_path(message));
        quote!((#name, crate::validate::judge::<#path>))
    });
    quote! {
        /// Decodes and judges a message by its full name, without the limits of an answer.
        pub const VALIDATORS: &[(&str, crate::validate::Judge)] = &[#(#entries),*];
    }
}
