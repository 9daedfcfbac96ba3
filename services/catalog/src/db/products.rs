//! Reads of products: by id, and page by page under filters.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;
use vocab::{CategoryId, Moment, Period, ProductId, TenantId};

use super::{Db, Freshness, categories, rows};
use crate::domain::product::Product;

/// The columns of a product, as the store decodes them.
macro_rules! product_columns {
    () => {
        "p.product_id, p.facts, p.sku, p.title, p.brand, p.unit, p.state, p.variant_of, \
         p.main_currency, p.price_minor, p.compare_at_minor, p.next_price_at, p.content, \
         p.prices, p.created_at, p.updated_at, p.published_at, p.deleted_at"
    };
}
pub(super) use product_columns;

const BY_IDS: &str = concat!(
    "SELECT ",
    product_columns!(),
    " FROM products p
    WHERE p.tenant_id = $1 AND p.product_id = ANY ($2)
    ORDER BY p.product_id"
);

/// Products in some categories, up to a bound.
const PLACED: &str = "
    SELECT w.product_id FROM product_placements w
    WHERE w.tenant_id = $1 AND w.category_id = ANY ($2) AND w.stands
    LIMIT $3";
/// As many products are read by their ids. With more, statistics of whole tables are good enough.
const FEW: i64 = 500;

/// Which products to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct ProductList {
    /// Only in this category.
    pub category: Option<CategoryId>,
    /// Includes those below it.
    pub below: bool,
    /// Only in one of these states; any, if empty.
    pub states: Vec<&'static str>,
    /// Only with one of these SKUs; any, if empty.
    pub skus: Vec<String>,
    /// Only with this barcode.
    pub barcode: Option<String>,
    /// Only of this brand.
    pub brand: Option<String>,
    /// Only variants of this family.
    pub family: Option<ProductId>,
    /// Only changed in this time.
    pub updated: Option<Period>,
    /// Includes deleted ones.
    pub deleted: bool,
    /// The order of the list.
    pub order: ProductOrder,
    /// Behind which product the page begins.
    pub after: Option<ProductCursor>,
    /// How many at most.
    pub limit: i64,
}

/// What a list of products is ordered by, and whether backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProductOrder {
    /// By what.
    pub by: ProductKey,
    /// The last first.
    pub descending: bool,
}

/// What products can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProductKey {
    /// When they were created.
    #[default]
    Created,
    /// When they were last changed.
    Updated,
    /// Their SKU.
    Sku,
    /// The beginning of their title.
    Title,
}

/// Where in a list a product stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductCursor {
    /// In an order of times.
    Time(Moment, ProductId),
    /// In an order of texts.
    Text(String, ProductId),
}

/// Titles are ordered by so many letters, as the index has them.
const TITLE_LETTERS: usize = 100;

impl ProductOrder {
    /// Where a product stands in this order.
    pub fn cursor(self, product: &Product) -> ProductCursor {
        let text = |text: &str| {
            let start = text.chars().take(TITLE_LETTERS).collect();
            ProductCursor::Text(start, product.id)
        };
        match self.by {
            ProductKey::Created => ProductCursor::Time(product.created_at, product.id),
            ProductKey::Updated => ProductCursor::Time(product.updated_at, product.id),
            ProductKey::Sku => text(product.sku().as_str()),
            ProductKey::Title => text(&product.content.title),
        }
    }

    fn expression(self) -> &'static str {
        match self.by {
            ProductKey::Created => "p.created_at",
            ProductKey::Updated => "p.updated_at",
            ProductKey::Sku => "p.sku COLLATE \"C\"",
            ProductKey::Title => "left(p.title, 100) COLLATE \"C\"",
        }
    }
}

impl Db {
    /// Returns a product, deleted or not.
    pub async fn product(
        &self,
        freshness: Freshness,
        tenant: TenantId,
        id: ProductId,
    ) -> Result<Option<Product>, Fault> {
        let found = self.products(freshness, tenant, vec![id]).await?;
        Ok(found.into_iter().next())
    }

    /// Returns those of some products that there are, deleted or not, in the order of their ids.
    pub async fn products(
        &self,
        freshness: Freshness,
        tenant: TenantId,
        ids: Vec<ProductId>,
    ) -> Result<Vec<Product>, Fault> {
        let ids: Vec<Uuid> = ids.into_iter().map(ProductId::uuid).collect();
        self.read(freshness, tenant, move |connection| {
            async move {
                let query = sqlx::query(BY_IDS).bind(tenant.uuid()).bind(ids);
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(rows::product).collect()
            }
            .boxed()
        })
        .await
    }

    /// Returns a page of products.
    pub async fn list_products(
        &self,
        freshness: Freshness,
        tenant: TenantId,
        list: ProductList,
    ) -> Result<Vec<Product>, Fault> {
        self.read(freshness, tenant, move |connection| {
            async move {
                let within = match list.category {
                    Some(category) => {
                        Some(Within::find(&mut *connection, tenant, (category, list.below)).await?)
                    }
                    None => None,
                };
                let mut query = listing(tenant, &list, within);
                let rows = query.build().fetch_all(connection).await?;
                rows.iter().map(rows::product).collect()
            }
            .boxed()
        })
        .await
    }
}

/// Puts the statement together from the conditions that are asked: one text for all of them would
/// leave every index unused.
fn listing(tenant: TenantId, list: &ProductList, within: Option<Within>) -> QueryBuilder<Postgres> {
    let select = concat!("SELECT ", product_columns!(), " FROM products p");
    let mut query = QueryBuilder::new(select);
    query.push(" WHERE p.tenant_id = ");
    query.push_bind(tenant.uuid());
    if let Some(within) = within {
        within.narrow(&mut query, tenant);
    }
    if !list.states.is_empty() {
        let states: Vec<String> = list.states.iter().map(|it| (*it).to_owned()).collect();
        query
            .push(" AND p.state = ANY (")
            .push_bind(states)
            .push(")");
    }
    if !list.skus.is_empty() {
        // In the collation of its index, which finds nothing in another.
        query.push(" AND p.sku COLLATE \"C\" = ANY (");
        query.push_bind(list.skus.clone()).push(")");
    }
    if let Some(barcode) = &list.barcode {
        query.push(" AND p.product_id = (SELECT c.product_id FROM claims c");
        query.push(" WHERE c.tenant_id = ").push_bind(tenant.uuid());
        query.push(" AND c.kind = 'barcode' AND c.value = ");
        query.push_bind(barcode.clone()).push(")");
    }
    if let Some(brand) = &list.brand {
        query.push(" AND p.brand = ").push_bind(brand.clone());
    }
    if let Some(family) = list.family {
        query.push(" AND p.variant_of = ").push_bind(family.uuid());
    }
    if let Some(start) = list.updated.and_then(Period::start) {
        query.push(" AND p.updated_at >= ").push_bind(Stamp(start));
    }
    if let Some(end) = list.updated.and_then(Period::end) {
        query.push(" AND p.updated_at < ").push_bind(Stamp(end));
    }
    if !list.deleted {
        query.push(" AND p.deleted_at IS NULL");
    }
    ordered(&mut query, list);
    query
}

/// Which products stand in a category.
enum Within {
    /// These: few enough to be read one by one, whatever the tenant has.
    These(Vec<Uuid>),
    /// All in these categories: so many that a page of them is found soon in any order.
    Categories(Vec<Uuid>),
}

impl Within {
    async fn find(
        connection: &mut PgConnection,
        tenant: TenantId,
        (category, below): (CategoryId, bool),
    ) -> Result<Self, sqlx::Error> {
        let root = vec![category.uuid()];
        let categories = match below {
            true => categories::below(&mut *connection, tenant, root).await?,
            false => root,
        };
        let placed = sqlx::query_scalar(PLACED)
            .bind(tenant.uuid())
            .bind(&categories)
            .bind(FEW + 1);
        let placed: Vec<Uuid> = placed.fetch_all(connection).await?;
        let few = i64::try_from(placed.len()).is_ok_and(|it| it <= FEW);
        Ok(match few {
            true => Self::These(placed),
            false => Self::Categories(categories),
        })
    }

    fn narrow(self, query: &mut QueryBuilder<Postgres>, tenant: TenantId) {
        match self {
            Self::These(ids) => {
                query.push(" AND p.product_id = ANY (");
                query.push_bind(ids).push(")");
            }
            Self::Categories(categories) => {
                query.push(" AND p.product_id IN (SELECT w.product_id");
                query.push(" FROM product_placements w WHERE w.tenant_id = ");
                query.push_bind(tenant.uuid());
                query.push(" AND w.stands AND w.category_id = ANY (");
                query.push_bind(categories).push("))");
            }
        }
    }
}

fn ordered(query: &mut QueryBuilder<Postgres>, list: &ProductList) {
    let expression = list.order.expression();
    let (sign, way) = match list.order.descending {
        true => (" < ", " DESC"),
        false => (" > ", " ASC"),
    };
    if let Some(after) = &list.after {
        query
            .push(" AND (")
            .push(expression)
            .push(", p.product_id)");
        query.push(sign).push("(");
        match after {
            ProductCursor::Time(at, id) => {
                query.push_bind(Stamp(*at)).push(", ").push_bind(id.uuid())
            }
            ProductCursor::Text(text, id) => query
                .push_bind(text.clone())
                .push(", ")
                .push_bind(id.uuid()),
        };
        query.push(")");
    }
    query.push(" ORDER BY ").push(expression).push(way);
    query.push(", p.product_id").push(way);
    query.push(" LIMIT ").push_bind(list.limit);
}
