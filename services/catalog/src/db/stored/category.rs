//! A whole category, in facts, answers and, names alone, in its row.

use std::collections::BTreeMap;

use journal::Unreadable;

use super::{bytes, id, moment, optional_bytes, optional_id};
use crate::domain::category::{Category, CategoryContent, Lineage};

/// A category.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredCategory {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
    #[prost(bytes = "vec", tag = "3")]
    parent: Vec<u8>,
    #[prost(string, tag = "4")]
    slug: String,
    #[prost(string, tag = "5")]
    display_name: String,
    #[prost(btree_map = "string, string", tag = "6")]
    names: BTreeMap<String, String>,
    #[prost(string, tag = "7")]
    description: String,
    #[prost(int32, tag = "8")]
    position: i32,
    #[prost(bytes = "vec", tag = "9")]
    schema: Vec<u8>,
    #[prost(int64, tag = "10")]
    created_at: i64,
    #[prost(int64, tag = "11")]
    updated_at: i64,
    #[prost(int64, optional, tag = "12")]
    deleted_at: Option<i64>,
}

/// Names in other languages, which no condition asks for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredNames {
    /// By language tag.
    #[prost(btree_map = "string, string", tag = "1")]
    pub names: BTreeMap<String, String>,
}

/// One category above another.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredAncestor {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    slug: String,
}

impl From<&Category> for StoredCategory {
    fn from(it: &Category) -> Self {
        let content = &it.content;
        Self {
            id: bytes(it.id),
            version: it.version,
            parent: optional_bytes(content.parent),
            slug: content.slug.clone(),
            display_name: content.display_name.clone(),
            names: content.localized_names.clone(),
            description: content.description.clone(),
            position: content.position,
            schema: optional_bytes(content.schema),
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
            deleted_at: it.deleted_at.map(|it| it.micros()),
        }
    }
}

impl TryFrom<StoredCategory> for Category {
    type Error = Unreadable;

    fn try_from(it: StoredCategory) -> Result<Self, Unreadable> {
        Ok(Self {
            id: id(&it.id)?,
            version: it.version,
            content: CategoryContent {
                parent: optional_id(&it.parent)?,
                slug: it.slug,
                display_name: it.display_name,
                localized_names: it.names,
                description: it.description,
                position: it.position,
                schema: optional_id(&it.schema)?,
            },
            created_at: moment(it.created_at)?,
            updated_at: moment(it.updated_at)?,
            deleted_at: it.deleted_at.map(moment).transpose()?,
        })
    }
}

/// Writes a lineage.
pub fn ancestors(lineage: &Lineage) -> Vec<StoredAncestor> {
    let above = lineage.0.iter().map(|(id, slug)| StoredAncestor {
        id: bytes(*id),
        slug: slug.clone(),
    });
    above.collect()
}

/// Reads a lineage.
pub fn lineage(stored: Vec<StoredAncestor>) -> Result<Lineage, Unreadable> {
    let above = stored.into_iter().map(|it| Ok((id(&it.id)?, it.slug)));
    Ok(Lineage(above.collect::<Result<_, Unreadable>>()?))
}
