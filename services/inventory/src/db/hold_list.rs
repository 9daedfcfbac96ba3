//! Lists of holds, newest first.
//!
//! What stands in columns is filtered here; where a hold is and what it holds stands in its body
//! and is filtered by who asked, over as many rows as a page needs.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::Row as _;
use uuid::Uuid;
use vocab::{Moment, TenantId};

use super::Db;
use super::holds::read;
use crate::domain::reservation::Reservation;

const LIST: &str = "
    SELECT reservation_id, facts, reference_kind, reference_id, state, held, expires_at,
        epoch, ordinal, body, created_at, updated_at, clock_timestamp() AS now
    FROM reservations
    WHERE tenant_id = $1
        AND ($2 = '' OR reference_id = $2)
        AND (cardinality($3::text[]) = 0 OR $3::text[] @> ARRAY[
            CASE WHEN state = 'ACTIVE' AND expires_at <= clock_timestamp() THEN 'EXPIRED'
            ELSE state END])
        AND ($4::boolean IS NULL OR (expires_at IS NOT NULL) = $4)
        AND ($5::timestamptz IS NULL OR expires_at < $5)
        AND ($6::timestamptz IS NULL OR (created_at, reservation_id) < ($6, $7))
    ORDER BY created_at DESC, reservation_id DESC
    LIMIT $8";

/// Which holds to list.
#[derive(Clone, Debug, Default)]
pub struct HoldList {
    /// Only for this document; for all, if it is empty.
    pub reference: String,
    /// Only in these states, by name; in all, if there are none.
    pub states: Vec<&'static str>,
    /// Only timed ones, or only firm ones.
    pub timed: Option<bool>,
    /// Only timed ones that end before this instant.
    pub before: Option<Moment>,
    /// Only behind this one.
    pub behind: Option<(Moment, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

impl Db {
    /// One run of holds, and what time it is for the database.
    pub async fn list_holds(
        &self,
        tenant: TenantId,
        list: HoldList,
    ) -> Result<Vec<(Reservation, Moment)>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let (at, id) = list.behind.unzip();
                let query = sqlx::query(LIST)
                    .bind(tenant.uuid())
                    .bind(list.reference)
                    .bind(
                        list.states
                            .iter()
                            .map(|it| (*it).to_owned())
                            .collect::<Vec<_>>(),
                    )
                    .bind(list.timed)
                    .bind(list.before.map(Stamp))
                    .bind(at.map(Stamp))
                    .bind(id.unwrap_or_default())
                    .bind(list.limit);
                let rows = query.fetch_all(db).await?;
                let holds = rows.iter().map(|row| {
                    let now: Stamp = row.try_get("now")?;
                    Ok((read(row)?, now.0))
                });
                holds.collect()
            }
            .boxed()
        })
        .await
    }
}
