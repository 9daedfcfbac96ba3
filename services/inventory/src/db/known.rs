//! Reads of what others told of products and locations.

use chassis::fault::Fault;
use futures_util::FutureExt;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use vocab::{LocationId, ProductId, TenantId};

use super::Db;
use crate::domain::key::{Location, Product};

const PRODUCTS: &str = "
    SELECT product_id, sku, title, unit, bundle, told_version FROM known_products
    WHERE tenant_id = $1 AND product_id = ANY ($2)";

const LOCATIONS: &str = "
    SELECT location_id, code, time_zone, open, priority, told_version FROM known_locations
    WHERE tenant_id = $1 AND location_id = ANY ($2)";

impl Db {
    /// What is known of some products.
    pub async fn products(
        &self,
        tenant: TenantId,
        ids: Vec<ProductId>,
    ) -> Result<Vec<(ProductId, Product)>, Fault> {
        let ids: Vec<Uuid> = ids.iter().map(|it| it.uuid()).collect();
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(PRODUCTS).bind(tenant.uuid()).bind(ids);
                query.fetch_all(db).await?.iter().map(product).collect()
            }
            .boxed()
        })
        .await
    }

    /// What is known of some locations.
    pub async fn locations(
        &self,
        tenant: TenantId,
        ids: Vec<LocationId>,
    ) -> Result<Vec<(LocationId, Location)>, Fault> {
        let ids: Vec<Uuid> = ids.iter().map(|it| it.uuid()).collect();
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(LOCATIONS).bind(tenant.uuid()).bind(ids);
                query.fetch_all(db).await?.iter().map(location).collect()
            }
            .boxed()
        })
        .await
    }
}

fn product(row: &PgRow) -> Result<(ProductId, Product), sqlx::Error> {
    let known = Product {
        sku: row.try_get("sku")?,
        title: row.try_get("title")?,
        unit: row.try_get("unit")?,
        bundle: row.try_get("bundle")?,
        version: row.try_get("told_version")?,
    };
    Ok((ProductId::from_uuid(row.try_get("product_id")?), known))
}

fn location(row: &PgRow) -> Result<(LocationId, Location), sqlx::Error> {
    let known = Location {
        code: row.try_get("code")?,
        time_zone: row.try_get("time_zone")?,
        open: row.try_get("open")?,
        priority: row.try_get("priority")?,
        version: row.try_get("told_version")?,
    };
    Ok((LocationId::from_uuid(row.try_get("location_id")?), known))
}
