//! The ledger of a product over all its locations, the last entry first.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::{Recorded, Stamp};
use sqlx::{FromRow, Postgres, QueryBuilder};
use vocab::{Moment, Period, TenantId};

use super::Db;
use super::ledger::recorded;
use crate::domain::Place;

/// A place in the ledger: when an entry was recorded, and its position in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryCursor {
    /// When.
    pub at: Moment,
    /// Which of those of that time.
    pub position: i64,
}

/// Which entries to list. All conditions must hold.
#[derive(Clone, Debug)]
pub struct EntryList {
    /// The positions.
    pub places: Vec<Place>,
    /// Only these kinds of facts; all that moved something, if there are none.
    pub kinds: Vec<&'static str>,
    /// Only what took effect then.
    pub effective: Option<Period>,
    /// Only what was recorded then.
    pub recorded: Option<Period>,
    /// Behind which entry the page begins.
    pub after: Option<EntryCursor>,
    /// How many at most.
    pub limit: i64,
}

impl Db {
    /// Lists entries of the ledgers of some positions, the last first.
    pub async fn list_entries(
        &self,
        tenant: TenantId,
        list: EntryList,
    ) -> Result<Vec<Recorded>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let mut query = listing(tenant, &list);
                let rows = query.build().fetch_all(db).await?;
                rows.iter().map(Recorded::from_row).collect()
            }
            .boxed()
        })
        .await
    }
}

/// Each stream is read from its end, as far as one page needs; then the ends are put together.
fn listing(tenant: TenantId, list: &EntryList) -> QueryBuilder<Postgres> {
    let streams: Vec<String> = list.places.iter().map(ToString::to_string).collect();
    let mut query = QueryBuilder::new("SELECT e.* FROM unnest(");
    query.push_bind(streams);
    query.push("::text[]) k(stream) CROSS JOIN LATERAL (SELECT ");
    query.push(recorded!());
    query.push(" FROM events WHERE tenant_id = ");
    query.push_bind(tenant.uuid());
    query.push(" AND stream_id = k.stream AND kind <> 'stock_policy_changed'");
    if !list.kinds.is_empty() {
        let kinds: Vec<String> = list.kinds.iter().map(|it| (*it).to_owned()).collect();
        query.push(" AND kind = ANY (").push_bind(kinds).push(")");
    }
    within(&mut query, "effective_at", list.effective);
    within(&mut query, "recorded_at", list.recorded);
    if let Some(after) = list.after {
        query.push(" AND (recorded_at, position) < (");
        query.push_bind(Stamp(after.at)).push(", ");
        query.push_bind(after.position).push(")");
    }
    query.push(" ORDER BY version DESC LIMIT ");
    query.push_bind(list.limit);
    query.push(") e ORDER BY e.recorded_at DESC, e.position DESC LIMIT ");
    query.push_bind(list.limit);
    query
}

fn within(query: &mut QueryBuilder<Postgres>, column: &'static str, period: Option<Period>) {
    if let Some(start) = period.and_then(Period::start) {
        query.push(" AND ").push(column).push(" >= ");
        query.push_bind(Stamp(start));
    }
    if let Some(end) = period.and_then(Period::end) {
        query.push(" AND ").push(column).push(" < ");
        query.push_bind(Stamp(end));
    }
}
