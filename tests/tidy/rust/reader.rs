//! Walks a syntax tree and notes the facts.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Fields, Ident, Signature, UseTree, Visibility};

use super::{Function, Import, Name, Path, Rust, What, attributes};

/// Reads one file.
pub fn read(file: &syn::File) -> Rust {
    let mut reader = Reader::default();
    reader.visit_file(file);
    reader.facts
}

/// Where the walk stands.
#[derive(Default)]
pub struct Reader {
    pub facts: Rust,
    pub modules: Vec<String>,
    pub in_test: bool,
    in_trait_impl: bool,
    parent_public: bool,
}

impl Reader {
    /// Notes a path.
    pub fn path(&mut self, parts: Vec<String>, line: usize) {
        let modules = self.modules.clone();
        self.facts.paths.push(Path {
            parts,
            modules,
            line,
            in_test: self.in_test,
        });
    }

    fn name(&mut self, what: What, name: &Ident, public: bool) {
        self.facts.names.push(Name {
            what,
            name: name.to_string().trim_start_matches("r#").to_owned(),
            line: name.span().start().line,
            public,
            given: self.in_trait_impl,
        });
    }

    fn function(&mut self, signature: &Signature, block: &Block, is_test: bool) {
        let line = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        let receiver = usize::from(signature.receiver().is_some());
        self.facts.functions.push(Function {
            name: signature.ident.to_string(),
            line,
            lines: last + 1 - line,
            parameters: signature.inputs.len() - receiver,
            modules: self.modules.clone(),
            in_test: self.in_test,
            is_test,
        });
    }

    fn fields(&mut self, fields: &Fields, of_enum: bool) {
        for field in fields {
            let public = is_public(&field.vis) || (of_enum && self.parent_public);
            if let Some(name) = &field.ident {
                self.name(What::Field, name, public);
            }
        }
    }

    fn import(&mut self, tree: &UseTree, parts: &[String]) {
        let mut parts = parts.to_vec();
        match tree {
            UseTree::Path(inner) => {
                parts.push(inner.ident.to_string());
                self.import(&inner.tree, &parts);
            }
            UseTree::Group(group) => {
                group
                    .items
                    .iter()
                    .for_each(|item| self.import(item, &parts));
            }
            UseTree::Glob(star) => {
                parts.push("*".to_owned());
                self.path(parts, star.span().start().line);
            }
            UseTree::Name(leaf) => self.imported(&leaf.ident, &leaf.ident, parts),
            UseTree::Rename(leaf) => self.imported(&leaf.ident, &leaf.rename, parts),
        }
    }

    fn imported(&mut self, what: &Ident, called: &Ident, mut parts: Vec<String>) {
        let mut name = called.to_string();
        if what != "self" {
            parts.push(what.to_string());
        } else if called == "self" {
            name = parts.last().cloned().unwrap_or_default();
        }
        self.path(parts.clone(), what.span().start().line);
        self.facts.imports.push(Import { name, parts });
    }

    /// Walks what belongs to something with attributes.
    fn within(&mut self, attributes: &[Attribute], walk: impl FnOnce(&mut Self)) {
        let was = self.in_test;
        self.in_test |= attributes::only_in_tests(attributes);
        walk(self);
        self.in_test = was;
    }

    /// Walks the body of something whose parts are as public as it is.
    fn under(&mut self, public: bool, in_trait_impl: bool, walk: impl FnOnce(&mut Self)) {
        let was = (self.parent_public, self.in_trait_impl);
        (self.parent_public, self.in_trait_impl) = (public, in_trait_impl);
        walk(self);
        (self.parent_public, self.in_trait_impl) = was;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.within(attributes::of(item), |reader| {
            visit::visit_item(reader, item)
        });
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.name(What::Module, &item.ident, is_public(&item.vis));
        if item.content.is_none() && self.in_test {
            self.facts.test_modules.push(item.ident.to_string());
        }
        self.modules.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.modules.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.name(What::Function, &item.sig.ident, is_public(&item.vis));
        self.function(&item.sig, &item.block, attributes::is_test(&item.attrs));
        self.under(false, false, |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.under(false, item.trait_.is_some(), |reader| {
            visit::visit_item_impl(reader, item)
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.name(What::Function, &item.sig.ident, is_public(&item.vis));
        self.within(&item.attrs, |reader| {
            reader.function(&item.sig, &item.block, false);
            visit::visit_impl_item_fn(reader, item);
        });
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let public = is_public(&item.vis);
        self.name(What::Type, &item.ident, public);
        self.under(public, false, |reader| {
            visit::visit_item_trait(reader, item)
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.name(What::Function, &item.sig.ident, self.parent_public);
        if let Some(block) = &item.default {
            self.function(&item.sig, block, false);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.name(What::Type, &item.ident, is_public(&item.vis));
        self.fields(&item.fields, false);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let public = is_public(&item.vis);
        self.name(What::Type, &item.ident, public);
        self.under(public, false, |reader| visit::visit_item_enum(reader, item));
    }

    fn visit_variant(&mut self, item: &'ast syn::Variant) {
        self.name(What::Variant, &item.ident, self.parent_public);
        self.fields(&item.fields, true);
        visit::visit_variant(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.name(What::Type, &item.ident, is_public(&item.vis));
        visit::visit_item_type(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&item.tree, &[]);
        visit::visit_item_use(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let parts = path
                .segments
                .iter()
                .map(|it| it.ident.to_string())
                .collect();
            self.path(parts, path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.attribute(&attribute.meta);
        visit::visit_attribute(self, attribute);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let writes_code = call.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name.ends_with("quote") || name.ends_with("quote_spanned")
        });
        if !writes_code {
            self.tokens(call.tokens.clone());
        }
        visit::visit_macro(self, call);
    }
}

fn is_public(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}
