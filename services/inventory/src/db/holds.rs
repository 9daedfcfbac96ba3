//! Reads of holds.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::{Row, Stamp};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use vocab::{Moment, ReservationId, TenantId};

use super::Db;
use super::positions::value;
use super::store::columns::RESERVATION;
use super::store::holds::decode;
use crate::domain::reservation::Reservation;

const NAMED: &str = "
    SELECT r.* FROM unnest($2::uuid[]) k(reservation_id)
    CROSS JOIN LATERAL (
        SELECT reservation_id, facts, reference_kind, reference_id, state, held, expires_at,
            epoch, ordinal, body, created_at, updated_at
        FROM reservations r
        WHERE r.tenant_id = $1 AND r.reservation_id = k.reservation_id
        OFFSET 0) r";

const LIVE: &str = "
    SELECT reservation_id, facts, reference_kind, reference_id, state, held, expires_at,
        epoch, ordinal, body, created_at, updated_at
    FROM reservations WHERE tenant_id = $1 AND state = 'ACTIVE'
    ORDER BY created_at DESC LIMIT $2";

const ONE: &str = "
    SELECT reservation_id, facts, reference_kind, reference_id, state, held, expires_at,
        epoch, ordinal, body, created_at, updated_at, clock_timestamp() AS now
    FROM reservations WHERE tenant_id = $1 AND reservation_id = $2";

impl Db {
    /// The holds with some ids, as far as there are such.
    pub async fn holds(
        &self,
        tenant: TenantId,
        ids: Vec<ReservationId>,
    ) -> Result<Vec<Reservation>, Fault> {
        let ids: Vec<Uuid> = ids.iter().map(|it| it.uuid()).collect();
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(NAMED).bind(tenant.uuid()).bind(ids);
                let rows = query.fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }
}

impl Db {
    /// The youngest live holds.
    pub async fn live_holds(
        &self,
        tenant: TenantId,
        limit: i64,
    ) -> Result<Vec<Reservation>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(LIVE).bind(tenant.uuid()).bind(limit);
                let rows = query.fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }

    /// The hold with an id, if there is one, and the time of the database.
    pub async fn hold_now(
        &self,
        tenant: TenantId,
        id: ReservationId,
    ) -> Result<Option<(Reservation, Moment)>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(ONE).bind(tenant.uuid()).bind(id.uuid());
                let row = query.fetch_optional(db).await?;
                let found = row.map(|row| {
                    let now: Stamp = row.try_get("now")?;
                    Ok((read(&row)?, now.0))
                });
                found.transpose()
            }
            .boxed()
        })
        .await
    }
}

/// Reads a row with the columns of a hold.
pub fn read(row: &PgRow) -> Result<Reservation, sqlx::Error> {
    let id = ReservationId::from_uuid(row.try_get("reservation_id")?);
    let mut values = Vec::with_capacity(RESERVATION.len());
    for column in RESERVATION {
        values.push(value(row, column)?);
    }
    let hold = decode(id, &mut Row::new(values));
    hold.map_err(|it| sqlx::Error::Decode(it.into()))
}
