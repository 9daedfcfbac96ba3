//! Rust names of protobuf elements, the way prost forms them.

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span, TokenStream};
use prost_reflect::{FieldDescriptor, MessageDescriptor, OneofDescriptor};
use quote::quote;

/// A field's name, raw where it is a keyword.
pub fn field(field: &FieldDescriptor) -> Ident {
    ident(&field.name().to_snake_case())
}

/// A snake_case identifier, raw where it is a keyword.
pub fn ident(name: &str) -> Ident {
    if syn::parse_str::<Ident>(name).is_ok() {
        Ident::new(name, Span::call_site())
    } else {
        Ident::new_raw(name, Span::call_site())
    }
}

/// A message's type, as named within its own package.
pub fn message(message: &MessageDescriptor) -> Ident {
    Ident::new(&message.name().to_upper_camel_case(), Span::call_site())
}

/// A message's type, as named from the crate's root.
pub fn message_path(message: &MessageDescriptor) -> TokenStream {
    let modules = message.package_name().split('.').map(ident);
    let name = self::message(message);
    quote!(crate::generated::#(#modules::)*#name)
}

/// The enum that stands for a oneof, as named within its message's package.
pub fn oneof(oneof: &OneofDescriptor) -> TokenStream {
    let module = ident(&oneof.parent_message().name().to_snake_case());
    let name = Ident::new(&oneof.name().to_upper_camel_case(), Span::call_site());
    quote!(#module::#name)
}

/// The variant that stands for a member of a oneof.
pub fn variant(field: &FieldDescriptor) -> Ident {
    Ident::new(&field.name().to_upper_camel_case(), Span::call_site())
}

/// The oneof that a field belongs to, leaving out those that only give it presence.
pub fn real_oneof(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic())
}
