//! Folding every stream, in the order of its versions.

use contracts::ops::DifferenceKind;
use sqlx::{PgConnection, Row as _, query};
use uuid::Uuid;
use vocab::{Moment, TenantId};

use super::{Difference, Verify, VerifyError};
use crate::ledger::Ledger;
use crate::stamp::Stamp;

/// How many facts are read at once, and how many streams are compared at once.
const PAGE: i64 = 1_000;

/// Compared as a row, the three columns are one condition of the index.
const FACTS: &str = "\
    SELECT tenant_id, stream_kind, stream_id, version, kind, payload, recorded_at, \
      position FROM events \
    WHERE (tenant_id, stream_id, version) > ($1, $2, $3) \
    ORDER BY tenant_id, stream_id, version LIMIT $4";

/// A stream as far as it was folded.
pub(super) struct Folded<L: Ledger> {
    pub tenant: Uuid,
    pub kind: String,
    pub id: String,
    pub version: i64,
    pub recorded_at: Moment,
    /// Its aggregate, once a fact could be read.
    pub key: Option<L::Key>,
    pub state: Option<L::State>,
    /// Whether it can be compared.
    pub whole: bool,
}

/// One fact as it is stored.
struct Stored {
    tenant: Uuid,
    stream_kind: String,
    stream_id: String,
    version: i64,
    kind: String,
    payload: Vec<u8>,
    recorded_at: Moment,
    position: i64,
}

impl<L: Ledger> Verify<'_, L> {
    pub(super) async fn streams(&mut self, log: &mut PgConnection) -> Result<(), VerifyError> {
        let mut folded: Vec<Folded<L>> = Vec::new();
        let mut last = (Uuid::nil(), String::new(), 0_i64);
        loop {
            let page = query(FACTS).bind(last.0).bind(&last.1).bind(last.2);
            let page = page.bind(PAGE).fetch_all(&mut *log).await?;
            let is_last = (page.len() as i64) < PAGE;
            for row in &page {
                let stored = stored(row)?;
                last = (stored.tenant, stored.stream_id.clone(), stored.version);
                self.fold(&mut folded, stored);
            }
            // The last stream may go on.
            let whole = if is_last {
                folded.len()
            } else {
                folded.len().saturating_sub(1)
            };
            let rest = folded.split_off(whole);
            self.rows(log, std::mem::replace(&mut folded, rest)).await?;
            if let Some(progress) = &mut self.progress {
                progress(&self.report);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn fold(&mut self, folded: &mut Vec<Folded<L>>, stored: Stored) {
        let of = |it: &Folded<L>| (it.tenant, it.id.as_str()) == (stored.tenant, &stored.stream_id);
        if !folded.last().is_some_and(of) {
            self.report.streams += 1;
            folded.push(Folded {
                tenant: stored.tenant,
                kind: stored.stream_kind.clone(),
                id: stored.stream_id.clone(),
                version: 0,
                recorded_at: Moment::FIRST,
                key: None,
                state: None,
                whole: true,
            });
        }
        self.report.facts += 1;
        self.report.position = self.report.position.max(stored.position);
        if let Some(stream) = folded.last_mut()
            && let Err((kind, what)) = self.apply(stream, &stored)
        {
            self.differs(Difference {
                kind,
                tenant: TenantId::from_uuid(stored.tenant),
                of: stored.stream_kind,
                id: stored.stream_id,
                version: stored.version,
                what,
                column: None,
            });
        }
    }

    fn apply(
        &self,
        stream: &mut Folded<L>,
        stored: &Stored,
    ) -> Result<(), (DifferenceKind, String)> {
        let expected = stream.version + 1;
        stream.version = stored.version;
        let backwards = stored.recorded_at < stream.recorded_at;
        stream.recorded_at = stored.recorded_at;
        let fact = self.store.read_fact(&stored.kind, &stored.payload);
        let fact = fact.map_err(|why| {
            stream.whole = false;
            (DifferenceKind::FactUnreadable, why.to_string())
        })?;
        stream.key = Some(self.ledger.subject(&fact));
        if !stream.whole {
            return Ok(());
        }
        let state = self.ledger.evolve(stream.state.take(), &fact);
        let agrees = self.ledger.agrees(&fact, &state);
        stream.state = Some(state);
        if stored.version != expected {
            let what = format!("version {expected} was expected");
            return Err((DifferenceKind::VersionGap, what));
        }
        if backwards {
            let what = "it was recorded before the one before it".to_owned();
            return Err((DifferenceKind::FactDiffers, what));
        }
        if !agrees {
            let what = "its own account of the result is another".to_owned();
            return Err((DifferenceKind::FactDiffers, what));
        }
        Ok(())
    }
}

fn stored(row: &sqlx::postgres::PgRow) -> Result<Stored, sqlx::Error> {
    Ok(Stored {
        tenant: row.try_get(0)?,
        stream_kind: row.try_get(1)?,
        stream_id: row.try_get(2)?,
        version: row.try_get(3)?,
        kind: row.try_get(4)?,
        payload: row.try_get(5)?,
        recorded_at: row.try_get::<Stamp, _>(6)?.0,
        position: row.try_get(7)?,
    })
}
