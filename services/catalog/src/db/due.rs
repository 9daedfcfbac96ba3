//! Finds prices whose time has come, whoever's they are.
//!
//! It reads as the role that finds work: ids, tenants and times, and nothing else.

use journal::Stamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use vocab::{Moment, ProductId, TenantId};

/// The longest due first.
const DUE: &str = "
    SELECT p.tenant_id, p.product_id, p.next_price_at
    FROM products p
    WHERE p.next_price_at <= clock_timestamp()
    ORDER BY p.next_price_at, p.tenant_id, p.product_id
    LIMIT $1";

/// A product with a price whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductId,
    /// Since when.
    pub since: Moment,
}

/// Looks for due prices on a connection of its own.
#[derive(Debug)]
pub struct DuePrices {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl DuePrices {
    /// Will connect to a database, as a role that finds work.
    pub fn of(url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self {
            options: url.parse()?,
            connection: None,
        })
    }

    /// Returns some products with due prices, by the database's clock.
    pub async fn find(&mut self, limit: i64) -> Result<Vec<Due>, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => PgConnection::connect_with(&self.options).await?,
        };
        let query = sqlx::query(DUE).bind(limit);
        let rows = query.fetch_all(&mut connection).await?;
        // Kept only after it worked; a broken one is left behind.
        self.connection = Some(connection);
        rows.iter().map(due).collect()
    }
}

fn due(row: &sqlx::postgres::PgRow) -> Result<Due, sqlx::Error> {
    Ok(Due {
        tenant: TenantId::from_uuid(row.try_get("tenant_id")?),
        product: ProductId::from_uuid(row.try_get("product_id")?),
        since: row.try_get::<Stamp, _>("next_price_at")?.0,
    })
}
