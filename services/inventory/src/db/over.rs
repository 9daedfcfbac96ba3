//! Timed holds whose time is over, whoever's they are.

use std::time::Duration;

use journal::{Due, Stamp};
use sqlx::Row;
use sqlx::postgres::PgRow;
use vocab::{Moment, ReservationId, TenantId};

/// Units wait at most this long after the end, and the commit's time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Holds to be ended.
pub const OVER_HOLDS: Due<OverHold> = Due {
    name: "over holds",
    sql: "
        SELECT tenant_id, reservation_id, expires_at FROM reservations
        WHERE state = 'ACTIVE' AND expires_at <= clock_timestamp()
        ORDER BY expires_at LIMIT $1",
    read,
    every: LOOK_EVERY,
    round: 512,
};

/// A hold whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverHold {
    /// Whose.
    pub tenant: TenantId,
    /// The hold.
    pub id: ReservationId,
    /// Since when.
    pub since: Moment,
}

fn read(row: &PgRow) -> Result<OverHold, sqlx::Error> {
    Ok(OverHold {
        tenant: TenantId::from_uuid(row.try_get("tenant_id")?),
        id: ReservationId::from_uuid(row.try_get("reservation_id")?),
        since: row.try_get::<Stamp, _>("expires_at")?.0,
    })
}
