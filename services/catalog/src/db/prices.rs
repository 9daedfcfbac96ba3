//! Reads of price histories.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::Row;
use vocab::{Moment, PriceId, ProductId, TenantId};

use super::store::{columns, plain};
use super::{Db, Freshness, rows};
use crate::domain::price::PriceEntry;

/// The latest to take effect first; a row of nulls is before all.
const HISTORY: &str = "
    SELECT h.price_id, h.product_id, h.currency, h.price_minor, h.compare_at_minor, h.starts_at,
        h.ends_at, h.state, h.actor_type, h.actor_id, h.created_at, h.cancelled_at
    FROM product_prices h
    WHERE h.tenant_id = $1 AND h.product_id = $2
        AND ($3::text IS NULL OR h.currency = $3)
        AND (cardinality($4::text[]) = 0 OR h.state = ANY ($4))
        AND ($5::timestamptz IS NULL OR (h.starts_at, h.price_id) < ($5, $6))
    ORDER BY h.starts_at DESC, h.price_id DESC
    LIMIT $7";

/// Which part of a price history to list.
#[derive(Clone, Debug)]
pub struct PriceList {
    /// Whose history.
    pub product: ProductId,
    /// Only in this currency.
    pub currency: Option<String>,
    /// Only in one of these states; any, if empty.
    pub states: Vec<&'static str>,
    /// Behind which entry the page begins.
    pub after: Option<PriceCursor>,
    /// How many at most.
    pub limit: i64,
}

/// Where in a history an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceCursor {
    /// When it takes effect.
    pub at: Moment,
    /// Its id.
    pub id: PriceId,
}

impl Db {
    /// Returns a page of a price history.
    pub async fn list_prices(
        &self,
        tenant: TenantId,
        list: PriceList,
    ) -> Result<Vec<PriceEntry>, Fault> {
        self.read(Freshness::Latest, tenant, move |connection| {
            async move {
                let query = sqlx::query(HISTORY)
                    .bind(tenant.uuid())
                    .bind(list.product.uuid())
                    .bind(list.currency)
                    .bind(list.states)
                    .bind(list.after.map(|it| Stamp(it.at)))
                    .bind(list.after.map(|it| it.id.uuid()))
                    .bind(list.limit);
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(entry).collect()
            }
            .boxed()
        })
        .await
    }
}

fn entry(row: &sqlx::postgres::PgRow) -> Result<PriceEntry, sqlx::Error> {
    let id = PriceId::from_uuid(row.try_get("price_id")?);
    let mut values = rows::values(row, columns::PRICE)?;
    plain::read_price(id, &mut values).map_err(rows::unreadable)
}
