//! What was answered to requests before: read after the locks, in a statement of its own.
//!
//! A twin in another process that changed our rows has committed by the time we hold them, so its
//! answer is visible here. Read before the locks, a refusal could contradict it.

use std::collections::HashMap;

use sqlx::postgres::PgArguments;
use sqlx::{PgConnection, Row, query_with};

use super::Failure;
use crate::columns::Columns;
use crate::item::Item;
use crate::ledger::Ledger;
use crate::value::{Kind, Value};

/// What names a request, in arrays.
pub(super) const NAME: [Kind; 4] = [Kind::Uuid, Kind::Text, Kind::Text, Kind::Uuid];

pub(crate) const READ: &str = "\
    SELECT k.place, a.fingerprint, a.refused, a.answer \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY \
      AS k(tenant_id, principal, method, request_id, place) \
    CROSS JOIN LATERAL ( \
      SELECT s.fingerprint, s.refused, s.answer FROM idempotency AS s \
      WHERE s.tenant_id = k.tenant_id AND s.principal = k.principal \
        AND s.method = k.method AND s.request_id = k.request_id OFFSET 0) AS a";

/// An answer that was given before.
#[derive(Clone)]
pub(super) struct Remembered {
    pub fingerprint: Vec<u8>,
    pub refused: bool,
    pub answer: Vec<u8>,
}

/// Reads the answers to the requests of a batch, by the number of their command.
pub(super) async fn stored_answers<L: Ledger>(
    connection: &mut PgConnection,
    items: &[Item<L>],
) -> Result<HashMap<usize, Remembered>, Failure> {
    let mut columns = Columns::of(&NAME, items.len());
    let mut asking = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        if let Some(name) = name(item) {
            columns
                .push(name)
                .map_err(|it| Failure::Defect(it.into()))?;
            asking.push(at);
        }
    }
    if asking.is_empty() {
        return Ok(HashMap::new());
    }
    let mut arguments = PgArguments::default();
    columns.bind(&mut arguments).map_err(Failure::Defect)?;
    let rows = query_with(READ, arguments).fetch_all(connection).await?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in rows {
        let place: i64 = row.try_get(0)?;
        let asked = usize::try_from(place - 1).ok();
        if let Some(at) = asked.and_then(|it| asking.get(it)) {
            let remembered = Remembered {
                fingerprint: row.try_get(1)?,
                refused: row.try_get(2)?,
                answer: row.try_get(3)?,
            };
            stored.insert(*at, remembered);
        }
    }
    Ok(stored)
}

/// Returns what names the request of a command, if it may come again.
pub(super) fn name<L: Ledger>(item: &Item<L>) -> Option<[Value; 4]> {
    let submission = &item.submission;
    let attempt = submission.attempt.as_ref()?;
    Some([
        Value::Uuid(submission.tenant.uuid()),
        Value::Text(submission.principal.clone()),
        Value::from(submission.method.as_ref()),
        Value::Uuid(attempt.request_id),
    ])
}
