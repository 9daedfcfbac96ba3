//! Shortfalls and discrepancies as views of the ledger, filled from its entries and read page by
//! page.

use bus::Recorded;
use bus::projector::{ApplyError, Copy, Projection};
use chassis::fault::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use journal::Stamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vocab::{DiscrepancyId, LocationId, Moment, ProductId, ShortfallId, TenantId};

use super::{Db, read_fact};
use crate::domain::fact::{PositionFact, ShortfallMark};
use crate::domain::{Fact, Place};

/// The name of the projection.
const NAME: &str = "troubles";

const SHORTFALL: &str = "
    INSERT INTO shortfalls AS s (copy, tenant_id, shortfall_id, product_id, location_id, version,
        open_quantity, peak_quantity, opening_id, closing_id, opened_at, closed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (copy, tenant_id, shortfall_id) DO UPDATE SET version = excluded.version,
        open_quantity = excluded.open_quantity, peak_quantity = excluded.peak_quantity,
        closing_id = excluded.closing_id, closed_at = excluded.closed_at
    WHERE s.version < excluded.version";

const DISCREPANCY: &str = "
    INSERT INTO discrepancies (copy, tenant_id, discrepancy_id, product_id, location_id, quantity,
        opening_id, opened_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (copy, tenant_id, discrepancy_id) DO NOTHING";

const SHORTFALLS: &str = "
    SELECT shortfall_id, product_id, location_id, version, open_quantity, peak_quantity,
        opening_id, closing_id, opened_at, closed_at
    FROM shortfalls
    WHERE copy = coalesce((SELECT c.served_copy FROM projection_cursors c
            WHERE c.name = 'troubles'), 0)
        AND tenant_id = $1
        AND ($2::uuid IS NULL OR shortfall_id = $2)
        AND (cardinality($3::uuid[]) = 0 OR product_id = ANY ($3))
        AND (cardinality($4::uuid[]) = 0 OR location_id = ANY ($4))
        AND ($5::boolean IS NULL OR (open_quantity > 0) = $5)
        AND ($6::timestamptz IS NULL OR (opened_at, shortfall_id) < ($6, $7))
    ORDER BY opened_at DESC, shortfall_id DESC LIMIT $8";

const DISCREPANCIES: &str = "
    SELECT discrepancy_id, product_id, location_id, quantity, opening_id, opened_at
    FROM discrepancies
    WHERE copy = coalesce((SELECT c.served_copy FROM projection_cursors c
            WHERE c.name = 'troubles'), 0)
        AND tenant_id = $1
        AND ($2::uuid IS NULL OR discrepancy_id = $2)
        AND (cardinality($3::uuid[]) = 0 OR product_id = ANY ($3))
        AND (cardinality($4::uuid[]) = 0 OR location_id = ANY ($4))
        AND ($5::boolean IS NULL OR $5)
        AND ($6::timestamptz IS NULL OR (opened_at, discrepancy_id) < ($6, $7))
    ORDER BY opened_at DESC, discrepancy_id DESC LIMIT $8";

/// A shortfall, open or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortfallRow {
    /// Which one.
    pub id: ShortfallId,
    /// Where.
    pub place: Place,
    /// The version of the position that touched it last.
    pub version: i64,
    /// Units still missing.
    pub open: i64,
    /// The most that was missing at any time.
    pub peak: i64,
    /// The fact that opened it.
    pub opening: Uuid,
    /// The fact that closed it.
    pub closing: Option<Uuid>,
    /// When it was opened.
    pub opened_at: Moment,
    /// When it was closed.
    pub closed_at: Option<Moment>,
}

/// A discrepancy that nobody has counted away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscrepancyRow {
    /// Which one.
    pub id: DiscrepancyId,
    /// Where.
    pub place: Place,
    /// Units that left beyond what was on hand.
    pub quantity: i64,
    /// The fact that took them.
    pub opening: Uuid,
    /// When it was opened.
    pub opened_at: Moment,
}

/// Which of them to list.
#[derive(Clone, Debug, Default)]
pub struct TroubleList {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Only of these products; of all, if there are none.
    pub products: Vec<ProductId>,
    /// Only at these locations; at all, if there are none.
    pub locations: Vec<LocationId>,
    /// Only open ones, or only closed ones.
    pub open: Option<bool>,
    /// Only behind this one.
    pub behind: Option<(Moment, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

impl Db {
    /// Shortfalls, newest first.
    pub async fn shortfalls(
        &self,
        tenant: TenantId,
        list: TroubleList,
    ) -> Result<Vec<ShortfallRow>, Fault> {
        self.troubles(tenant, (SHORTFALLS, list), shortfall).await
    }

    /// Discrepancies, newest first. All are open until counts are served.
    pub async fn discrepancies(
        &self,
        tenant: TenantId,
        list: TroubleList,
    ) -> Result<Vec<DiscrepancyRow>, Fault> {
        self.troubles(tenant, (DISCREPANCIES, list), discrepancy)
            .await
    }

    async fn troubles<T: Send + 'static>(
        &self,
        tenant: TenantId,
        (text, list): (&'static str, TroubleList),
        read: fn(&PgRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let (at, id) = list.behind.unzip();
                let products: Vec<Uuid> = list.products.iter().map(|it| it.uuid()).collect();
                let locations: Vec<Uuid> = list.locations.iter().map(|it| it.uuid()).collect();
                let query = sqlx::query(text).bind(tenant.uuid()).bind(list.id);
                let query = query.bind(products).bind(locations).bind(list.open);
                let query = query.bind(at.map(Stamp)).bind(id.unwrap_or_default());
                let rows = query.bind(list.limit).fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }
}

fn place(row: &PgRow) -> Result<Place, sqlx::Error> {
    Ok(Place::new(
        ProductId::from_uuid(row.try_get("product_id")?),
        LocationId::from_uuid(row.try_get("location_id")?),
    ))
}

fn shortfall(row: &PgRow) -> Result<ShortfallRow, sqlx::Error> {
    Ok(ShortfallRow {
        id: ShortfallId::from_uuid(row.try_get("shortfall_id")?),
        place: place(row)?,
        version: row.try_get("version")?,
        open: row.try_get("open_quantity")?,
        peak: row.try_get("peak_quantity")?,
        opening: row.try_get("opening_id")?,
        closing: row.try_get("closing_id")?,
        opened_at: row.try_get::<Stamp, _>("opened_at")?.0,
        closed_at: row.try_get::<Option<Stamp>, _>("closed_at")?.map(|it| it.0),
    })
}

fn discrepancy(row: &PgRow) -> Result<DiscrepancyRow, sqlx::Error> {
    Ok(DiscrepancyRow {
        id: DiscrepancyId::from_uuid(row.try_get("discrepancy_id")?),
        place: place(row)?,
        quantity: row.try_get("quantity")?,
        opening: row.try_get("opening_id")?,
        opened_at: row.try_get::<Stamp, _>("opened_at")?.0,
    })
}

/// Fills the views.
#[derive(Clone, Copy, Debug, Default)]
pub struct Troubles;

impl Projection for Troubles {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn apply<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
        events: &'c [Recorded],
    ) -> BoxFuture<'c, Result<(), ApplyError>> {
        async move {
            for event in events.iter().filter(|it| it.kind.starts_with("stock_")) {
                let fact = read_fact(&event.kind, &event.payload);
                let fact = fact.map_err(|error| ApplyError::Inapplicable {
                    event: event.event_id,
                    why: error.to_string(),
                })?;
                if let Fact::Position(fact) = fact {
                    apply(&mut *connection, copy, (event, &fact)).await?;
                }
            }
            Ok(())
        }
        .boxed()
    }

    fn clear<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        async move {
            for text in [
                "DELETE FROM shortfalls WHERE copy = $1",
                "DELETE FROM discrepancies WHERE copy = $1",
            ] {
                let delete = sqlx::query(text).bind(copy.number());
                delete.execute(&mut *connection).await?;
            }
            Ok(())
        }
        .boxed()
    }
}

async fn apply(
    connection: &mut PgConnection,
    copy: Copy,
    (event, fact): (&Recorded, &PositionFact),
) -> Result<(), sqlx::Error> {
    if let Some(mark) = fact.shortfall {
        mark_shortfall(&mut *connection, copy, (event, fact, mark)).await?;
    }
    let Some(id) = fact.discrepancy else {
        return Ok(());
    };
    let insert = sqlx::query(DISCREPANCY)
        .bind(copy.number())
        .bind(event.tenant.uuid())
        .bind(id.uuid())
        .bind(fact.place.product.uuid())
        .bind(fact.place.location.uuid())
        .bind(fact.deltas.discrepancy)
        .bind(event.event_id.uuid())
        .bind(Stamp(event.recorded_at));
    insert.execute(connection).await.map(|_| ())
}

/// The row of a shortfall is replaced by what a later version of its position says.
async fn mark_shortfall(
    connection: &mut PgConnection,
    copy: Copy,
    (event, fact, mark): (&Recorded, &PositionFact, ShortfallMark),
) -> Result<(), sqlx::Error> {
    let open = fact.after.open_shortfall;
    let closed = (open == 0).then_some(event);
    let upsert = sqlx::query(SHORTFALL)
        .bind(copy.number())
        .bind(event.tenant.uuid())
        .bind(mark.id.uuid())
        .bind(fact.place.product.uuid())
        .bind(fact.place.location.uuid())
        .bind(event.version)
        .bind(open)
        .bind(mark.peak)
        .bind(event.event_id.uuid())
        .bind(closed.map(|it| it.event_id.uuid()))
        .bind(Stamp(event.recorded_at))
        .bind(closed.map(|it| Stamp(it.recorded_at)));
    upsert.execute(connection).await.map(|_| ())
}
