//! Reads of positions.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::{Row, Stamp, Value};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use vocab::{LocationId, Moment, ProductId, TenantId};

use super::Db;
use super::store::columns::POSITION;
use super::store::positions::decode;
use crate::domain::Place;
use crate::domain::position::Position;

const OF_PRODUCTS: &str = "
    SELECT p.* FROM unnest($2::uuid[]) k(product_id)
    CROSS JOIN LATERAL (
        SELECT product_id, location_id, version, recorded_at, on_hand, reserved, damaged,
            quarantined, on_order, in_transit, backordered, open_shortfall, discrepancy,
            shortfall_id, shortfall_peak, low_stock_threshold, safety_stock, backorder_cap,
            preorder_from, preorder_limit, policy_revision, policy_updated_at
        FROM positions p
        WHERE p.tenant_id = $1 AND p.product_id = k.product_id
        ORDER BY p.location_id LIMIT 1000 OFFSET 0) p";

/// A position, with its version and when that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The position.
    pub position: Position,
    /// How many entries it has.
    pub version: i64,
    /// When the last one was recorded; nothing where there is none.
    pub recorded_at: Option<Moment>,
}

impl Db {
    /// The positions of some products: at most a thousand of each.
    pub async fn positions_of(
        &self,
        tenant: TenantId,
        products: Vec<ProductId>,
    ) -> Result<Vec<Versioned>, Fault> {
        let ids: Vec<Uuid> = products.iter().map(|it| it.uuid()).collect();
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(OF_PRODUCTS).bind(tenant.uuid()).bind(ids);
                let rows = query.fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }
}

/// Reads a row with the columns of a position.
pub fn read(row: &PgRow) -> Result<Versioned, sqlx::Error> {
    let product = ProductId::from_uuid(row.try_get("product_id")?);
    let location = LocationId::from_uuid(row.try_get("location_id")?);
    let mut values = Vec::with_capacity(POSITION.len());
    for column in POSITION {
        values.push(value(row, column)?);
    }
    let position = decode(Place::new(product, location), &mut Row::new(values));
    Ok(Versioned {
        position: position.map_err(|it| sqlx::Error::Decode(it.into()))?,
        version: row.try_get("version")?,
        recorded_at: Some(row.try_get::<Stamp, _>("recorded_at")?.0),
    })
}

/// Reads a column as its description says.
pub fn value(row: &PgRow, column: &journal::Column) -> Result<Value, sqlx::Error> {
    use journal::Kind;
    let name = column.name;
    Ok(match column.kind {
        Kind::Uuid => row.try_get::<Option<Uuid>, _>(name)?.into(),
        Kind::BigInt => row.try_get::<Option<i64>, _>(name)?.into(),
        Kind::Int => row.try_get::<Option<i32>, _>(name)?.into(),
        Kind::SmallInt => row.try_get::<Option<i16>, _>(name)?.into(),
        Kind::Text | Kind::Json => row.try_get::<Option<String>, _>(name)?.into(),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(name)?.into(),
        Kind::Boolean => row.try_get::<Option<bool>, _>(name)?.into(),
        Kind::Moment => row.try_get::<Option<Stamp>, _>(name)?.map(|it| it.0).into(),
        Kind::Date => {
            let day = row.try_get::<Option<journal::Day>, _>(name)?;
            day.map(|it| it.0).into()
        }
    })
}
