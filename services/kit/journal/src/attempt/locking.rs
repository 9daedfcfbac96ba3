//! Finding rows by the arrays of their keys: locked and read, or only looked at.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{PgConnection, Row as _, SqlStr, query_with};
use uuid::Uuid;
use vocab::Moment;

use super::Failure;
use crate::columns::Columns;
use crate::journal::Shared;
use crate::ledger::{Key, Ledger};
use crate::row::Row;
use crate::slot::Slot;
use crate::sql::key_kinds;
use crate::stamp::Stamp;
use crate::table::Table;
use crate::value::Value;
use crate::wire::value;

/// Whatever our own code did wrong.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Where the columns of a state begin, behind clock, place and whether there is a row.
const FIRST_COLUMN: usize = 3;

/// Locks all rows of a batch, table by table, and reads them. Returns the server's time behind
/// the last lock.
pub(super) async fn lock<L: Ledger>(
    shared: &Shared<L>,
    connection: &mut PgConnection,
    slots: &mut [Slot<L>],
) -> Result<Moment, Failure> {
    let mut clock = None;
    for (at, table) in shared.statements.tables.iter().enumerate() {
        let range = range_of(slots, at);
        let (Some(asked), Some(text)) = (slots.get_mut(range), shared.statements.lock.get(at))
        else {
            continue;
        };
        if asked.is_empty() {
            continue;
        }
        let arguments = keys(shared, table, asked)?;
        let rows = query_with(text.clone(), arguments)
            .fetch_all(&mut *connection)
            .await?;
        if rows.len() != asked.len() {
            let what = format!(
                "{} keys of {} found {} rows",
                asked.len(),
                table.name,
                rows.len()
            );
            return Err(Failure::Defect(what.into()));
        }
        for row in &rows {
            clock = Some(row.try_get::<Stamp, _>(0)?.0);
            let place: i64 = row.try_get(1)?;
            let place = usize::try_from(place - 1).ok();
            if let Some(slot) = place.and_then(|it| asked.get_mut(it)) {
                fill(shared, table, slot, row)?;
            }
        }
    }
    match clock {
        Some(clock) => Ok(clock),
        None => Ok(the_time(connection).await?),
    }
}

/// A batch that locks nothing still has its time from the server.
async fn the_time(connection: &mut PgConnection) -> Result<Moment, sqlx::Error> {
    let clock = sqlx::query_scalar("SELECT clock_timestamp()");
    let clock: Stamp = clock.fetch_one(connection).await?;
    Ok(clock.0)
}

/// Returns the numbers of the slots whose place a statement names.
pub(super) async fn places<L: Ledger>(
    shared: &Shared<L>,
    connection: &mut PgConnection,
    statements: &[SqlStr],
    slots: &[Slot<L>],
) -> Result<BTreeSet<usize>, Failure> {
    let mut named = BTreeSet::new();
    for (at, table) in shared.statements.tables.iter().enumerate() {
        let range = range_of(slots, at);
        let (Some(asked), Some(text)) = (slots.get(range.clone()), statements.get(at)) else {
            continue;
        };
        if asked.is_empty() {
            continue;
        }
        let arguments = keys(shared, table, asked)?;
        let rows = query_with(text.clone(), arguments)
            .fetch_all(&mut *connection)
            .await?;
        for row in rows {
            let place: i64 = row.try_get(0)?;
            named.extend(usize::try_from(place - 1).map(|it| range.start + it));
        }
    }
    Ok(named)
}

/// Returns where the slots of a table are: they stand together, tables in order.
pub(super) fn range_of<L: Ledger>(slots: &[Slot<L>], table: usize) -> Range<usize> {
    let from = slots.partition_point(|it| it.key.table() < table);
    from..slots.partition_point(|it| it.key.table() <= table)
}

/// Binds the keys of slots as arrays.
fn keys<L: Ledger>(
    shared: &Shared<L>,
    table: &Table,
    slots: &[Slot<L>],
) -> Result<PgArguments, Failure> {
    let named = slots.iter().map(|slot| (slot.tenant, &slot.key));
    key_arguments(shared, table, named).map_err(Failure::Defect)
}

/// Binds keys as arrays.
pub(crate) fn key_arguments<'a, L: Ledger>(
    shared: &Shared<L>,
    table: &Table,
    named: impl ExactSizeIterator<Item = (Uuid, &'a L::Key)>,
) -> Result<PgArguments, Broken> {
    key_arguments_of(
        table,
        named.map(|(tenant, key)| (tenant, shared.store.key(key))),
    )
}

/// Binds the values of keys as arrays.
pub(crate) fn key_arguments_of(
    table: &Table,
    named: impl ExactSizeIterator<Item = (Uuid, Vec<Value>)>,
) -> Result<PgArguments, Broken> {
    let mut columns = Columns::of(&key_kinds(table), named.len());
    for (tenant, key) in named {
        columns.push(std::iter::once(Value::Uuid(tenant)).chain(key))?;
    }
    let mut arguments = PgArguments::default();
    columns.bind(&mut arguments)?;
    Ok(arguments)
}

/// Reads a row into its slot. One that cannot be read spoils only the commands that name it.
fn fill<L: Ledger>(
    shared: &Shared<L>,
    table: &Table,
    slot: &mut Slot<L>,
    row: &PgRow,
) -> Result<(), Failure> {
    slot.found = row.try_get::<Option<bool>, _>(2)?.unwrap_or_default();
    if !slot.found {
        return Ok(());
    }
    let mut first = FIRST_COLUMN;
    if table.aggregate {
        slot.version = row.try_get(first)?;
        slot.version_found = slot.version;
        slot.recorded_at = row.try_get::<Stamp, _>(first + 1)?.0;
        first += 2;
    }
    let values = table.columns.iter().enumerate();
    let values = values.map(|(at, column)| value(row, first + at, column.kind));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    match shared.store.decode(&slot.key, &mut Row::new(values)) {
        Ok(state) => slot.state = Some(state),
        Err(why) => slot.unreadable = Some(why),
    }
    Ok(())
}
