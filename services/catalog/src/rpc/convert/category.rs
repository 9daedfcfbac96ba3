//! Categories, both ways.

use chassis::fault::Fault;
use contracts::catalog as pb;
use contracts::validate::Path;
use vocab::{Etag, TenantId};

use super::{optional_id, time};
use crate::db::Placed;
use crate::domain::category::{Category, CategoryContent, Lineage};

/// Reads a category that is to be created.
pub fn created(wire: &pb::Category) -> Result<CategoryContent, Fault> {
    let root = Path::Root;
    content(&root.field("category"), wire)
}

/// Reads a category that the rules of the contract have judged.
pub fn content(at: &Path<'_>, wire: &pb::Category) -> Result<CategoryContent, Fault> {
    let parent = &at.field("parent_category_id");
    let schema = &at.field("attribute_schema_id");
    Ok(CategoryContent {
        parent: optional_id(parent, &wire.parent_category_id)?,
        slug: wire.slug.clone(),
        display_name: wire.display_name.clone(),
        localized_names: wire.localized_names.clone(),
        description: wire.description.clone(),
        position: wire.position,
        schema: optional_id(schema, &wire.attribute_schema_id)?,
    })
}

/// Writes a category with its place in the tree.
pub fn category(tenant: TenantId, it: &Category, lineage: &Lineage) -> pb::Category {
    let content = &it.content;
    let id = it.id.to_string();
    pb::Category {
        tenant_id: tenant.to_string(),
        parent_category_id: content.parent.map(|it| it.to_string()).unwrap_or_default(),
        slug: content.slug.clone(),
        display_name: content.display_name.clone(),
        localized_names: content.localized_names.clone(),
        description: content.description.clone(),
        position: content.position,
        attribute_schema_id: content.schema.map(|it| it.to_string()).unwrap_or_default(),
        path: lineage.path(&content.slug),
        ancestor_category_ids: lineage.root_first().map(|it| it.to_string()).collect(),
        version: it.version,
        etag: Etag::of(&id, it.version).to_string(),
        category_id: id,
        create_time: time(it.created_at),
        update_time: time(it.updated_at),
    }
}

/// Writes a category that was read.
pub fn placed(tenant: TenantId, it: &Placed) -> pb::Category {
    category(tenant, &it.category, &it.lineage)
}
