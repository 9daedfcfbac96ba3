//! Prices whose time has come, whoever's they are.

use std::time::Duration;

use journal::{Due, Stamp};
use sqlx::Row;
use sqlx::postgres::PgRow;
use vocab::{Moment, ProductId, TenantId};

/// A price is due for at most this long, and the commit's time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Products with prices to be put in force.
pub const DUE_PRICES: Due<DuePrice> = Due {
    name: "due prices",
    sql: "
        SELECT p.tenant_id, p.product_id, p.next_price_at
        FROM products p
        WHERE p.next_price_at <= clock_timestamp()
        ORDER BY p.next_price_at, p.tenant_id, p.product_id
        LIMIT $1",
    read,
    every: LOOK_EVERY,
    round: 256,
};

/// A product with a price whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuePrice {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductId,
    /// Since when.
    pub since: Moment,
}

fn read(row: &PgRow) -> Result<DuePrice, sqlx::Error> {
    Ok(DuePrice {
        tenant: TenantId::from_uuid(row.try_get("tenant_id")?),
        product: ProductId::from_uuid(row.try_get("product_id")?),
        since: row.try_get::<Stamp, _>("next_price_at")?.0,
    })
}
