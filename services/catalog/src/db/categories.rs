//! Reads of the tree: a category with its place, what is above and below it, and pages of it.

use chassis::fault::Fault;
use futures_util::FutureExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vocab::{CategoryId, TenantId};

use super::{Db, Freshness, rows};
use crate::domain::category::{Category, Lineage};

/// The columns of a category, as the store decodes them.
macro_rules! category_columns {
    () => {
        "c.category_id, c.facts, c.parent_category_id, c.slug, c.display_name, c.description, \
         c.place, c.schema_id, c.content, c.created_at, c.updated_at, c.deleted_at"
    };
}

/// Walks up from a category, itself first. The tree is eight levels deep.
const ABOVE: &str = "
    WITH RECURSIVE above AS (
        SELECT c.tenant_id, c.category_id, c.parent_category_id, c.slug, 0 AS distance
        FROM categories c
        WHERE c.tenant_id = $1 AND c.category_id = $2
        UNION ALL
        SELECT c.tenant_id, c.category_id, c.parent_category_id, c.slug, a.distance + 1
        FROM above a
        JOIN categories c
            ON c.tenant_id = a.tenant_id AND c.category_id = a.parent_category_id
        WHERE a.distance < 16
    )
    SELECT a.category_id, a.slug FROM above a ORDER BY a.distance";

const ONE: &str = concat!(
    "SELECT ",
    category_columns!(),
    " FROM categories c WHERE c.tenant_id = $1 AND c.category_id = $2"
);

/// How many levels lie below a category, and the revision of the tree that this is true for.
const HEIGHT: &str = "
    WITH RECURSIVE below AS (
        SELECT c.tenant_id, c.category_id, 0 AS depth
        FROM categories c
        WHERE c.tenant_id = $1 AND c.category_id = $2
        UNION ALL
        SELECT c.tenant_id, c.category_id, b.depth + 1
        FROM below b
        JOIN categories c
            ON c.tenant_id = b.tenant_id AND c.parent_category_id = b.category_id
        WHERE c.deleted_at IS NULL AND b.depth < 16
    )
    SELECT coalesce((SELECT max(b.depth) FROM below b), 0)::bigint AS height,
        coalesce((SELECT t.revision FROM category_trees t
            WHERE t.tenant_id = $1 AND t.name = 'categories'), 0) AS revision";

/// Pages through the tree level by level; within a level by parent, then siblings in their order.
const LIST: &str = concat!(
    "WITH RECURSIVE tree AS (
        SELECT c.tenant_id, c.category_id, 0::bigint AS depth, ARRAY[]::uuid[] AS above,
            ARRAY[]::text[] AS slugs
        FROM categories c
        WHERE c.tenant_id = $1 AND c.parent_category_id IS NULL AND c.deleted_at IS NULL
        UNION ALL
        SELECT c.tenant_id, c.category_id, t.depth + 1, t.above || t.category_id,
            t.slugs || u.slug
        FROM tree t
        JOIN categories u ON u.tenant_id = t.tenant_id AND u.category_id = t.category_id
        JOIN categories c
            ON c.tenant_id = t.tenant_id AND c.parent_category_id = t.category_id
        WHERE c.deleted_at IS NULL AND t.depth < 16
    )
    SELECT t.depth, t.above, t.slugs, ",
    category_columns!(),
    " FROM tree t
    JOIN categories c ON c.tenant_id = t.tenant_id AND c.category_id = t.category_id
    WHERE ($2::uuid IS NULL OR c.parent_category_id = $2 OR ($3 AND $2 = ANY (t.above)))
        AND (NOT $4 OR t.depth = 0)
        AND ($5::text IS NULL OR c.slug = $5)
        AND ($6::bigint IS NULL OR (t.depth, coalesce(c.parent_category_id, $10), c.place,
            c.slug COLLATE \"C\") > ($6, $7, $8, $9))
    ORDER BY t.depth, coalesce(c.parent_category_id, $10), c.place, c.slug COLLATE \"C\"
    LIMIT $11"
);

/// Those of some categories that there are, with all below them.
const BELOW: &str = "
    WITH RECURSIVE below AS (
        SELECT c.tenant_id, c.category_id
        FROM categories c
        WHERE c.tenant_id = $1 AND c.category_id = ANY ($2) AND c.deleted_at IS NULL
        UNION
        SELECT c.tenant_id, c.category_id
        FROM below b
        JOIN categories c
            ON c.tenant_id = b.tenant_id AND c.parent_category_id = b.category_id
        WHERE c.deleted_at IS NULL
    )
    SELECT b.category_id FROM below b ORDER BY b.category_id";

/// A category and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The category.
    pub category: Category,
    /// What is above it.
    pub lineage: Lineage,
    /// On which level it stands; a root on 0.
    pub depth: i64,
}

/// What a change of a category's place depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The parent that is asked for and all above it; the parent alone where it does not exist.
    pub above: Vec<CategoryId>,
    /// The levels below the category.
    pub height: usize,
    /// The revision of the tree that this is true for.
    pub revision: i64,
}

/// Which part of the tree to list.
#[derive(Clone, Debug, Default)]
pub struct CategoryList {
    /// Only below this category.
    pub parent: Option<CategoryId>,
    /// Not only its children, but all below them.
    pub below: bool,
    /// Only roots.
    pub roots: bool,
    /// Only with this slug.
    pub slug: Option<String>,
    /// Behind which category the page begins.
    pub after: Option<CategoryCursor>,
    /// How many at most.
    pub limit: i64,
}

/// Where in the list of the tree a category stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryCursor {
    /// Its level.
    pub depth: i64,
    /// Its parent; the nil id for a root.
    pub parent: CategoryId,
    /// Its place among its siblings.
    pub place: i32,
    /// Its slug.
    pub slug: String,
}

impl Placed {
    /// Where it stands in the list of the tree.
    pub fn cursor(&self) -> CategoryCursor {
        let content = &self.category.content;
        CategoryCursor {
            depth: self.depth,
            parent: content.parent.unwrap_or(CategoryId::from_uuid(Uuid::nil())),
            place: content.position,
            slug: content.slug.clone(),
        }
    }
}

impl Db {
    /// Returns a category with its place in the tree.
    pub async fn category(
        &self,
        freshness: Freshness,
        tenant: TenantId,
        id: CategoryId,
    ) -> Result<Option<Placed>, Fault> {
        self.read(freshness, tenant, move |connection| {
            async move {
                let query = sqlx::query(ONE).bind(tenant.uuid()).bind(id.uuid());
                let Some(row) = query.fetch_optional(&mut *connection).await? else {
                    return Ok(None);
                };
                let category = rows::category(&row)?;
                if category.deleted_at.is_some() {
                    return Ok(None);
                }
                let mut above = above(connection, tenant, id).await?;
                above.retain(|(other, _)| *other != id);
                Ok(Some(Placed {
                    depth: i64::try_from(above.len()).unwrap_or(i64::MAX),
                    category,
                    lineage: Lineage(above),
                }))
            }
            .boxed()
        })
        .await
    }

    /// Returns a category, or what is left of one that is gone.
    pub async fn category_or_tombstone(
        &self,
        tenant: TenantId,
        id: CategoryId,
    ) -> Result<Option<Category>, Fault> {
        self.read(Freshness::Latest, tenant, move |connection| {
            async move {
                let query = sqlx::query(ONE).bind(tenant.uuid()).bind(id.uuid());
                let row = query.fetch_optional(connection).await?;
                row.as_ref().map(rows::category).transpose()
            }
            .boxed()
        })
        .await
    }

    /// Returns what the place under a parent depends on, for a category that may exist already.
    pub async fn surroundings(
        &self,
        tenant: TenantId,
        parent: Option<CategoryId>,
        category: Option<CategoryId>,
    ) -> Result<Surroundings, Fault> {
        self.read(Freshness::Latest, tenant, move |connection| {
            async move {
                let below = category.map_or(Uuid::nil(), CategoryId::uuid);
                let query = sqlx::query(HEIGHT).bind(tenant.uuid()).bind(below);
                // The revision first: what is read after it is at least as new.
                let row = query.fetch_one(&mut *connection).await?;
                let mut around = Surroundings {
                    above: Vec::new(),
                    height: usize::try_from(row.try_get::<i64, _>("height")?).unwrap_or(usize::MAX),
                    revision: row.try_get("revision")?,
                };
                if let Some(parent) = parent {
                    let above = above(connection, tenant, parent).await?;
                    around.above = above.into_iter().map(|(id, _)| id).collect();
                    if around.above.is_empty() {
                        around.above.push(parent);
                    }
                }
                Ok(around)
            }
            .boxed()
        })
        .await
    }

    /// Returns a page of the tree.
    pub async fn list_categories(
        &self,
        tenant: TenantId,
        list: CategoryList,
    ) -> Result<Vec<Placed>, Fault> {
        self.read(Freshness::Plain, tenant, move |connection| {
            async move {
                let after = list.after.as_ref();
                let query = sqlx::query(LIST)
                    .bind(tenant.uuid())
                    .bind(list.parent.map(CategoryId::uuid))
                    .bind(list.below)
                    .bind(list.roots)
                    .bind(list.slug)
                    .bind(after.map(|it| it.depth))
                    .bind(after.map(|it| it.parent.uuid()))
                    .bind(after.map(|it| it.place))
                    .bind(after.map(|it| it.slug.clone()))
                    .bind(Uuid::nil())
                    .bind(list.limit);
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(placed).collect()
            }
            .boxed()
        })
        .await
    }

    /// Returns those of some categories that there are, with all below them.
    pub async fn categories_below(
        &self,
        tenant: TenantId,
        roots: Vec<CategoryId>,
    ) -> Result<Vec<CategoryId>, Fault> {
        let roots: Vec<Uuid> = roots.into_iter().map(CategoryId::uuid).collect();
        self.read(Freshness::Plain, tenant, move |connection| {
            async move {
                let ids = below(connection, tenant, roots).await?;
                Ok(ids.into_iter().map(CategoryId::from_uuid).collect())
            }
            .boxed()
        })
        .await
    }
}

/// Those of some categories that there are, with all below them.
pub(super) async fn below(
    connection: &mut PgConnection,
    tenant: TenantId,
    roots: Vec<Uuid>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let query = sqlx::query_scalar(BELOW).bind(tenant.uuid()).bind(roots);
    query.fetch_all(connection).await
}

async fn above(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: CategoryId,
) -> Result<Vec<(CategoryId, String)>, sqlx::Error> {
    let query = sqlx::query(ABOVE).bind(tenant.uuid()).bind(id.uuid());
    let rows = query.fetch_all(connection).await?;
    let above = rows.iter().map(|row| {
        let id = CategoryId::from_uuid(row.try_get("category_id")?);
        Ok((id, row.try_get("slug")?))
    });
    above.collect()
}

fn placed(row: &PgRow) -> Result<Placed, sqlx::Error> {
    let ids: Vec<Uuid> = row.try_get("above")?;
    let slugs: Vec<String> = row.try_get("slugs")?;
    let from_root = ids.into_iter().map(CategoryId::from_uuid).zip(slugs);
    let mut above: Vec<_> = from_root.collect();
    above.reverse();
    Ok(Placed {
        category: rows::category(row)?,
        lineage: Lineage(above),
        depth: row.try_get("depth")?,
    })
}
