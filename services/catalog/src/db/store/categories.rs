//! A category as a row.

use journal::{Row, Unreadable, Value};
use prost::Message;
use vocab::CategoryId;

use crate::db::stored::{StoredNames, read};
use crate::domain::category::{Category, CategoryContent};

/// The values of a category's columns.
pub fn encode(it: &Category) -> Vec<Value> {
    let content = &it.content;
    let names = StoredNames {
        names: content.localized_names.clone(),
    };
    vec![
        it.version.into(),
        content.parent.into(),
        content.slug.as_str().into(),
        content.display_name.as_str().into(),
        content.description.as_str().into(),
        content.position.into(),
        content.schema.into(),
        names.encode_to_vec().into(),
        it.created_at.into(),
        it.updated_at.into(),
        it.deleted_at.into(),
    ]
}

/// Reads a category from the values of its columns.
pub fn decode(id: CategoryId, row: &mut Row) -> Result<Category, Unreadable> {
    let version = row.bigint()?;
    let parent = row.optional_id()?;
    let (slug, display_name, description) = (row.text()?, row.text()?, row.text()?);
    let position = row.int()?;
    let schema = row.optional_id()?;
    let names: StoredNames = read(&row.bytes()?)?;
    Ok(Category {
        id,
        version,
        content: CategoryContent {
            parent,
            slug,
            display_name,
            localized_names: names.names,
            description,
            position,
            schema,
        },
        created_at: row.moment()?,
        updated_at: row.moment()?,
        deleted_at: row.optional_moment()?,
    })
}
