//! What attributes say: code for tests only, a test, a lint silenced.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Item, Lit, Meta, MetaList, Token};

use super::Silenced;
use super::reader::Reader;

/// Returns the attributes of an item.
pub fn of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Says whether attributes leave something out of the product: `#[test]`, `#[cfg(test)]`.
pub fn only_in_tests(attributes: &[Attribute]) -> bool {
    is_test(attributes)
        || attributes
            .iter()
            .any(|attribute| is_cfg_test(&attribute.meta))
}

/// Says whether attributes make a test: `#[test]`, `#[tokio::test]`.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| last_part(&attribute.meta) == "test")
}

/// The last part of the path of an attribute.
pub fn last_part(meta: &Meta) -> String {
    let last = meta.path().segments.last();
    last.map(|last| last.ident.to_string()).unwrap_or_default()
}

fn is_cfg_test(meta: &Meta) -> bool {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg") => inner(list).iter().any(demands_test),
        _ => false,
    }
}

/// Says whether a condition can hold in tests only: `test`, `all(test, …)`.
fn demands_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => list.path.is_ident("all") && inner(list).iter().any(demands_test),
        Meta::NameValue(_) => false,
    }
}

fn inner(list: &MetaList) -> Vec<Meta> {
    let parsed = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    parsed
        .map(|metas| metas.into_iter().collect())
        .unwrap_or_default()
}

impl Reader {
    /// Notes what an attribute silences or derives.
    pub fn attribute(&mut self, meta: &Meta) {
        let Meta::List(list) = meta else { return };
        match last_part(meta).as_str() {
            "allow" | "expect" => self.silenced(list),
            "cfg_attr" => self.conditional(list),
            "derive" => {
                for derived in inner(list).iter().filter(|it| it.path().segments.len() > 1) {
                    let parts = derived
                        .path()
                        .segments
                        .iter()
                        .map(|it| it.ident.to_string());
                    self.path(parts.collect(), derived.span().start().line);
                }
            }
            _ => (),
        }
    }

    fn conditional(&mut self, list: &MetaList) {
        let metas = inner(list);
        let was = self.in_test;
        self.in_test |= metas.first().is_some_and(demands_test);
        metas.iter().skip(1).for_each(|meta| self.attribute(meta));
        self.in_test = was;
    }

    fn silenced(&mut self, list: &MetaList) {
        let metas = inner(list);
        let lints = metas.iter().filter_map(|meta| match meta {
            Meta::Path(path) => {
                let parts: Vec<String> = path
                    .segments
                    .iter()
                    .map(|it| it.ident.to_string())
                    .collect();
                Some(parts.join("::"))
            }
            _ => None,
        });
        let silenced = Silenced {
            lints: lints.collect(),
            reasoned: metas.iter().any(is_reason),
            line: list.path.span().start().line,
            in_test: self.in_test,
        };
        self.facts.silenced.push(silenced);
    }
}

/// Says whether this is `reason = "…"` with words in it.
fn is_reason(meta: &Meta) -> bool {
    let Meta::NameValue(pair) = meta else {
        return false;
    };
    let Expr::Lit(value) = &pair.value else {
        return false;
    };
    let Lit::Str(text) = &value.lit else {
        return false;
    };
    pair.path.is_ident("reason") && !text.value().trim().is_empty()
}
