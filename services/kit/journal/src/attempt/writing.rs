//! The writes of a batch as one statement, and the count of what became of them.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::postgres::PgArguments;
use sqlx::{PgConnection, Row, SqlSafeStr, SqlStr, query_with};

use super::Failure;
use super::answers::NAME;
use super::deciding::{Decided, text_of};
use super::locking::{key_arguments, range_of};
use super::outcome::{Evidence, Proof};
use crate::columns::{Columns, Misfit};
use crate::dice::Dice;
use crate::item::Item;
use crate::journal::Shared;
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::slot::Slot;
use crate::sql::Parts;
use crate::value::Value;

mod gathering;

use gathering::Gathering;

/// Names, by their place, requests whose answer another transaction wrote.
const BLAME: &str = "\
    SELECT k.place \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY \
      AS k(tenant_id, principal, method, request_id, place) \
    LEFT JOIN LATERAL ( \
      SELECT s.xid FROM idempotency AS s \
      WHERE s.tenant_id = k.tenant_id AND s.principal = k.principal \
        AND s.method = k.method AND s.request_id = k.request_id OFFSET 0) AS a ON true \
    WHERE a.xid IS DISTINCT FROM pg_current_xact_id()";

/// The writes of a batch.
pub(super) struct Writing {
    pub parts: Parts,
    arguments: PgArguments,
    /// How many rows each part has to write.
    meant: Vec<usize>,
    /// The rows of state that are written.
    slots: Vec<usize>,
    /// The requests whose answers are written: command and name.
    requests: Vec<(usize, [Value; 4])>,
    evidence: Evidence,
}

impl Writing {
    /// Puts the rows of a batch together; nothing, if it has none. Code of the store that panics,
    /// or a row that does not fit, names the command it was about.
    pub fn of<L: Ledger>(
        shared: &Shared<L>,
        items: &[Item<L>],
        plan: &Plan<L>,
        decided: &Decided<L>,
        dice: &mut Dice,
    ) -> Result<Option<Self>, Failure> {
        let gathering = Gathering::new(shared, items, plan, decided);
        let gather = AssertUnwindSafe(|| gathering.gather(dice));
        let gathered = match catch_unwind(gather) {
            Ok(gathered) => gathered.map_err(|it| it.to_string()),
            Err(panic) => Err(text_of(&*panic)),
        };
        gathered.map_err(|what| Failure::Poisoned(gathering.culprit(), what))
    }

    /// Writes everything. Returns how to prove the commit, or nothing if any count came short.
    pub async fn run(
        &mut self,
        connection: &mut PgConnection,
        text: SqlStr,
    ) -> Result<Option<Proof>, Failure> {
        let arguments = std::mem::take(&mut self.arguments);
        let row = query_with(text, arguments).fetch_one(connection).await?;
        let xid: i64 = row.try_get_unchecked(0)?;
        for (at, meant) in self.meant.iter().enumerate() {
            let written: i64 = row.try_get(at + 1)?;
            if usize::try_from(written) != Ok(*meant) {
                return Ok(None);
            }
        }
        Ok(Some(Proof {
            xid: xid.cast_unsigned(),
            evidence: self.evidence.clone(),
        }))
    }

    /// Finds the commands whose rows came short, in the transaction in which they did.
    pub async fn blame<L: Ledger>(
        &self,
        shared: &Shared<L>,
        connection: &mut PgConnection,
        plan: &Plan<L>,
    ) -> Result<BTreeSet<usize>, Failure> {
        let mut short = BTreeSet::new();
        for (at, table) in shared.statements.tables.iter().enumerate() {
            let range = range_of(&plan.slots, at);
            let own = self.slots.iter().filter(|it| range.contains(it));
            let own: Vec<(usize, &Slot<L>)> = own
                .filter_map(|it| Some((*it, plan.slots.get(*it)?)))
                .collect();
            let Some(text) = shared.statements.blame.get(at).filter(|_| !own.is_empty()) else {
                continue;
            };
            let named = own.iter().map(|(_, slot)| (slot.tenant, &slot.key));
            let arguments = key_arguments(shared, table, named).map_err(Failure::Defect)?;
            for place in places(connection, text.clone(), arguments).await? {
                short.extend(own.get(place).map(|(slot, _)| *slot));
            }
        }
        let mut items: BTreeSet<usize> = plan.naming(&short).into_iter().collect();
        let mut names = Columns::of(&NAME, self.requests.len());
        for (_, name) in &self.requests {
            names.push(name.clone()).map_err(misfit)?;
        }
        let mut arguments = PgArguments::default();
        names.bind(&mut arguments).map_err(Failure::Defect)?;
        for place in places(connection, BLAME.into_sql_str(), arguments).await? {
            items.extend(self.requests.get(place).map(|(item, _)| *item));
        }
        Ok(items)
    }
}

async fn places(
    connection: &mut PgConnection,
    text: SqlStr,
    arguments: PgArguments,
) -> Result<Vec<usize>, Failure> {
    let rows = query_with(text, arguments).fetch_all(connection).await?;
    let places = rows.iter().map(|row| row.try_get::<i64, _>(0));
    let places = places.collect::<Result<Vec<i64>, _>>()?;
    Ok(places
        .into_iter()
        .filter_map(|it| usize::try_from(it - 1).ok())
        .collect())
}

fn misfit(misfit: Misfit) -> Failure {
    Failure::Defect(misfit.into())
}
