//! A category: a node of the tenant's one tree of products.

use std::collections::BTreeMap;

use vocab::{AttributeSchemaId, CategoryId, Moment};

/// The most levels of the tree.
pub const LEVELS_MAX: usize = 8;

/// A category as it is now, or the tombstone of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// Counts its facts.
    pub version: i64,
    /// What its owner wrote about it.
    pub content: CategoryContent,
    /// When it was created.
    pub created_at: Moment,
    /// When its version last rose.
    pub updated_at: Moment,
    /// When it was removed, for good.
    pub deleted_at: Option<Moment>,
}

/// What the owner of a category writes about it, its place included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryContent {
    /// The category above; a root has none.
    pub parent: Option<CategoryId>,
    /// Its part of web addresses.
    pub slug: String,
    /// Name in the tenant's default language.
    pub display_name: String,
    /// Names in other languages, by language tag.
    pub localized_names: BTreeMap<String, String>,
    /// An introduction.
    pub description: String,
    /// Place among its siblings.
    pub position: i32,
    /// The schema that products here and below must satisfy.
    pub schema: Option<AttributeSchemaId>,
}

/// The categories above one, its parent first and a root last, each with its slug.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage(pub Vec<(CategoryId, String)>);

impl Lineage {
    /// The slugs from the root down to a category, joined by `/`.
    pub fn path(&self, slug: &str) -> String {
        let mut path = String::new();
        for (_, above) in self.0.iter().rev() {
            path.push_str(above);
            path.push('/');
        }
        path.push_str(slug);
        path
    }

    /// The ids from the root down to the parent.
    pub fn root_first(&self) -> impl Iterator<Item = CategoryId> {
        self.0.iter().rev().map(|(id, _)| *id)
    }
}

impl CategoryContent {
    /// The fields, by their names in the contract, whose values differ from another content.
    pub fn changed_from(&self, old: &Self) -> Vec<String> {
        let fields = [
            ("parent_category_id", self.parent != old.parent),
            ("slug", self.slug != old.slug),
            ("display_name", self.display_name != old.display_name),
            (
                "localized_names",
                self.localized_names != old.localized_names,
            ),
            ("description", self.description != old.description),
            ("position", self.position != old.position),
            ("attribute_schema_id", self.schema != old.schema),
        ];
        let changed = fields.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(name, _)| name.to_owned()).collect()
    }
}
