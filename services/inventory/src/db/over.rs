//! Finds timed holds whose time is over, whoever's they are.
//!
//! It reads as the role that finds work: ids, tenants and times, and nothing else.

use journal::Stamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use vocab::{Moment, ReservationId, TenantId};

/// Those first that have been over the longest.
const OVER: &str = "
    SELECT tenant_id, reservation_id, expires_at FROM reservations
    WHERE state = 'ACTIVE' AND expires_at <= clock_timestamp()
    ORDER BY expires_at LIMIT $1";

/// A hold whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// Whose.
    pub tenant: TenantId,
    /// The hold.
    pub id: ReservationId,
    /// Since when.
    pub since: Moment,
}

/// Looks for holds that are over, on a connection of its own.
#[derive(Debug)]
pub struct OverHolds {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl OverHolds {
    /// Will connect to a database, as a role that finds work.
    pub fn of(url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self {
            options: url.parse()?,
            connection: None,
        })
    }

    /// Returns some holds that are over, by the database's clock.
    pub async fn find(&mut self, limit: i64) -> Result<Vec<Over>, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => PgConnection::connect_with(&self.options).await?,
        };
        let rows = sqlx::query(OVER)
            .bind(limit)
            .fetch_all(&mut connection)
            .await?;
        // Kept only after it worked; a broken one is left behind.
        self.connection = Some(connection);
        rows.iter().map(over).collect()
    }
}

fn over(row: &sqlx::postgres::PgRow) -> Result<Over, sqlx::Error> {
    Ok(Over {
        tenant: TenantId::from_uuid(row.try_get("tenant_id")?),
        id: ReservationId::from_uuid(row.try_get("reservation_id")?),
        since: row.try_get::<Stamp, _>("expires_at")?.0,
    })
}
