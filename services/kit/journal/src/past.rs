//! States as they are, and as they were: at any version, or at any time.

use chassis::fault::Fault;
use sqlx::postgres::PgRow;
use sqlx::{Row as _, query, query_with};
use uuid::Uuid;
use vocab::{Moment, TenantId};

use crate::attempt::key_arguments;
use crate::journal::Journal;
use crate::ledger::{Key, Ledger};
use crate::row::Row;
use crate::stamp::Stamp;
use crate::wire::value;

/// How many facts are read at once.
const PAGE: i64 = 1_000;

const FACTS: &str = "\
    SELECT version, kind, payload, recorded_at FROM events \
    WHERE tenant_id = $1 AND stream_id = $2 AND version > $3 AND version <= $4 \
      AND recorded_at <= $5 \
    ORDER BY version LIMIT $6";

/// A state, and which of its lives it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot<S> {
    /// The state.
    pub state: S,
    /// How many facts it consists of; 0 for plain keys.
    pub version: i64,
    /// When the last of them was recorded; plain keys have none.
    pub recorded_at: Option<Moment>,
}

/// Which of the lives of an aggregate is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// After so many facts.
    Version(i64),
    /// As it was recorded by then.
    Moment(Moment),
}

impl<L: Ledger> Journal<L> {
    /// Returns a state as it is, from its row.
    pub async fn state(
        &self,
        tenant: TenantId,
        key: L::Key,
    ) -> Result<Option<Snapshot<L::State>>, Fault> {
        let shared = self.shared().clone();
        let (tables, texts) = (shared.statements.tables, &shared.statements.read);
        let found = tables.get(key.table()).zip(texts.get(key.table()));
        let (table, text) = found.ok_or_else(|| Fault::bug("a key of no table"))?;
        let named = std::iter::once((owner(tenant, &key), &key));
        let arguments = key_arguments(&shared, table, named).map_err(Fault::bug)?;
        let text = text.clone();
        let read = self
            .reads()
            .read_latest(TenantId::from_uuid(owner(tenant, &key)), move |db| {
                Box::pin(async move { query_with(text, arguments).fetch_one(db).await })
            });
        let row: PgRow = read.await?;
        let snapshot = || -> Result<Option<Snapshot<L::State>>, sqlx::Error> {
            if row.try_get::<Option<bool>, _>(2)?.is_none() {
                return Ok(None);
            }
            let (mut first, mut version, mut recorded_at) = (3, 0, None);
            if table.aggregate {
                version = row.try_get(first)?;
                recorded_at = Some(row.try_get::<Stamp, _>(first + 1)?.0);
                first += 2;
            }
            let columns = table.columns.iter().enumerate();
            let values = columns.map(|(at, column)| value(&row, first + at, column.kind));
            let mut values = Row::new(values.collect::<Result<_, _>>()?);
            let state = shared.store.decode(&key, &mut values);
            Ok(Some(Snapshot {
                state: state.map_err(|it| sqlx::Error::Decode(it.into()))?,
                version,
                recorded_at,
            }))
        };
        snapshot().map_err(crate::reads::fault)
    }

    /// Returns an aggregate as it was, folded from its facts.
    pub async fn as_of(
        &self,
        tenant: TenantId,
        key: L::Key,
        at: At,
    ) -> Result<Option<Snapshot<L::State>>, Fault> {
        let shared = self.shared().clone();
        let stream = key.stream();
        let stream = stream.ok_or_else(|| Fault::bug("a plain key has no history"))?;
        let mut folded: Option<Snapshot<L::State>> = None;
        loop {
            let after = folded.as_ref().map_or(0, |it| it.version);
            let page = self.facts(tenant, &key, (stream.id.clone(), after, at));
            let page = page.await?;
            let last = (page.len() as i64) < PAGE;
            for (version, kind, payload, recorded_at) in page {
                let fact = shared.store.read_fact(&kind, &payload);
                let fact = fact.map_err(Fault::bug)?;
                let state = folded.map(|it| it.state);
                folded = Some(Snapshot {
                    state: shared.ledger.evolve(state, &fact),
                    version,
                    recorded_at: Some(recorded_at),
                });
            }
            if last {
                return Ok(folded);
            }
        }
    }

    async fn facts(
        &self,
        tenant: TenantId,
        key: &L::Key,
        (stream, after, at): (String, i64, At),
    ) -> Result<Vec<(i64, String, Vec<u8>, Moment)>, Fault> {
        let (version, moment) = match at {
            At::Version(version) => (version, Moment::LAST),
            At::Moment(moment) => (i64::MAX, moment),
        };
        let owner = owner(tenant, key);
        let read = self
            .reads()
            .read_latest(TenantId::from_uuid(owner), move |db| {
                Box::pin(async move {
                    let facts = query(FACTS).bind(owner).bind(stream).bind(after);
                    let facts = facts.bind(version).bind(Stamp(moment)).bind(PAGE);
                    let rows = facts.fetch_all(db).await?;
                    rows.iter().map(fact).collect()
                })
            });
        read.await
    }
}

fn fact(row: &PgRow) -> Result<(i64, String, Vec<u8>, Moment), sqlx::Error> {
    let recorded_at: Stamp = row.try_get(3)?;
    Ok((
        row.try_get(0)?,
        row.try_get(1)?,
        row.try_get(2)?,
        recorded_at.0,
    ))
}

fn owner<K: Key>(tenant: TenantId, key: &K) -> Uuid {
    if key.is_global() {
        Uuid::nil()
    } else {
        tenant.uuid()
    }
}
