//! Reads of the ledger: stretches of a position's entries, and how far it reached at a time.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::{Recorded, Stamp};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row};
use vocab::{Moment, TenantId};

use super::Db;
use crate::domain::Place;

/// What a stream is recorded as never runs backwards, so the last version of a time is found by
/// halves. Versions have no gaps.
const REACHED: &str = "
    WITH RECURSIVE halves(low, high) AS (
        SELECT 0::bigint, coalesce((SELECT max(version) FROM events
            WHERE tenant_id = $1 AND stream_id = $2), 0)
    UNION ALL
        SELECT CASE WHEN e.recorded_at <= $3 THEN e.version ELSE h.low END,
            CASE WHEN e.recorded_at <= $3 THEN h.high ELSE e.version - 1 END
        FROM halves h CROSS JOIN LATERAL (
            SELECT version, recorded_at FROM events
            WHERE tenant_id = $1 AND stream_id = $2 AND version = (h.low + h.high + 1) / 2) e
        WHERE h.low < h.high)
    SELECT low FROM halves WHERE low = high";

/// The columns of `Recorded`, spelled out: the two are compared by a test.
macro_rules! recorded {
    () => {
        "position, xid, tenant_id, stream_kind, stream_id, version, event_id, kind, payload, \
         actor_type, actor_id, method, request_id, correlation_id, causation_id, reason, \
         traceparent, effective_at, recorded_at"
    };
}
pub(super) use recorded;

/// Until when a position's entries count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// What had happened by then.
    pub as_of: Option<Moment>,
    /// What was recorded by then.
    pub as_recorded: Option<Moment>,
}

impl Clocks {
    /// Whether a past time is asked for.
    pub fn are_past(&self) -> bool {
        self.as_of.is_some() || self.as_recorded.is_some()
    }
}

/// How far the entries of a position reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The time of the database, not later than what is seen of it.
    pub now: Moment,
    /// The last version that was recorded by the time asked for, or the last one there is.
    pub recorded: i64,
    /// The last version that was recorded when the time asked for had come in the world.
    pub known: i64,
}

/// Which entries of a position to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Only versions above this one.
    pub after: i64,
    /// Only versions up to this one.
    pub upto: i64,
    /// Only what had happened by then.
    pub by: Option<Moment>,
    /// Only these kinds; all, if there are none.
    pub kinds: Vec<&'static str>,
    /// Whether changes of rules are left out, which move nothing.
    pub moving: bool,
    /// Whether the last comes first.
    pub backwards: bool,
    /// How many at most.
    pub limit: i64,
}

impl Stretch {
    /// All entries up to a version, the first one first.
    pub fn upto(version: i64, limit: i64) -> Self {
        Self {
            after: 0,
            upto: version,
            by: None,
            kinds: Vec::new(),
            moving: false,
            backwards: false,
            limit,
        }
    }
}

impl Db {
    /// How far the entries of a position reach by some clocks. The time is that of the beginning
    /// of the transaction, so that every commit before it is seen.
    pub async fn reach(
        &self,
        tenant: TenantId,
        place: Place,
        clocks: Clocks,
    ) -> Result<Reach, Fault> {
        self.read(tenant, move |db| {
            async move {
                let now = sqlx::query("SELECT now()").fetch_one(&mut *db).await?;
                let recorded = clocks.as_recorded.unwrap_or(Moment::LAST);
                let known = clocks.as_of.unwrap_or(Moment::LAST);
                Ok(Reach {
                    now: now.try_get::<Stamp, _>(0)?.0,
                    recorded: reached(db, (tenant, place), recorded).await?,
                    known: reached(db, (tenant, place), known).await?,
                })
            }
            .boxed()
        })
        .await
    }

    /// A stretch of a position's entries.
    pub async fn stretch(
        &self,
        tenant: TenantId,
        place: Place,
        stretch: Stretch,
    ) -> Result<Vec<Recorded>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let mut query = asking((tenant, place), &stretch);
                let rows = query.build().fetch_all(db).await?;
                rows.iter().map(Recorded::from_row).collect()
            }
            .boxed()
        })
        .await
    }
}

async fn reached(
    db: &mut PgConnection,
    (tenant, place): (TenantId, Place),
    by: Moment,
) -> Result<i64, sqlx::Error> {
    let query = sqlx::query(REACHED)
        .bind(tenant.uuid())
        .bind(place.to_string());
    query.bind(Stamp(by)).fetch_one(db).await?.try_get(0)
}

fn asking((tenant, place): (TenantId, Place), it: &Stretch) -> QueryBuilder<Postgres> {
    let select = concat!("SELECT ", recorded!(), " FROM events WHERE tenant_id = ");
    let mut query = QueryBuilder::new(select);
    query.push_bind(tenant.uuid());
    query.push(" AND stream_id = ").push_bind(place.to_string());
    query.push(" AND version > ").push_bind(it.after);
    query.push(" AND version <= ").push_bind(it.upto);
    if let Some(by) = it.by {
        query.push(" AND effective_at <= ").push_bind(Stamp(by));
    }
    if !it.kinds.is_empty() {
        let kinds: Vec<String> = it.kinds.iter().map(|it| (*it).to_owned()).collect();
        query.push(" AND kind = ANY (").push_bind(kinds).push(")");
    }
    if it.moving {
        query.push(" AND kind <> 'stock_policy_changed'");
    }
    let way = if it.backwards { "DESC" } else { "ASC" };
    query.push(" ORDER BY version ").push(way);
    query.push(" LIMIT ").push_bind(it.limit);
    query
}

#[cfg(test)]
mod tests {
    use journal::Recorded;

    #[test]
    fn the_columns_of_an_entry_are_all_read() {
        let words = |text: &str| -> Vec<String> {
            text.split(',').map(|it| it.trim().to_owned()).collect()
        };
        assert_eq!(words(recorded!()), words(Recorded::COLUMNS));
    }
}
