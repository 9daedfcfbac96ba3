//! Every statement of a journal, written once at the start from the descriptions of its tables.
//!
//! **Invariant:** a text does not depend on the size of a batch, and holds nothing but names that
//! were checked to be plain identifiers.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use thiserror::Error;

use crate::table::{Column, Table};
use crate::value::Kind;

mod locks;
#[cfg(test)]
mod tests;
mod writes;

pub(crate) use writes::{Part, Parts};

/// The most tables that a store may have: two bits of a set for each.
const TABLES_MAX: usize = 60;

/// The statements of one store.
pub(crate) struct Statements {
    pub tables: &'static [Table],
    /// Locks rows in the order of the arrays; one row for each key, found or not.
    pub lock: Vec<SqlStr>,
    /// Reads rows without a lock, likewise.
    pub read: Vec<SqlStr>,
    /// Reads all rows of a table, with their keys.
    pub scan: Vec<SqlStr>,
    /// Names, by their place, keys whose rows are there and held by others.
    pub held: Vec<SqlStr>,
    /// Names, by their place, keys whose rows this transaction did not write.
    pub blame: Vec<SqlStr>,
}

/// Says what is wrong with the description of a table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidTable {
    /// A name is no plain identifier in lower case.
    #[error("{0:?} is no plain identifier in lower case")]
    Name(&'static str),
    /// A table has no key.
    #[error("the table {0} has no key")]
    NoKey(&'static str),
    /// A key may have no value, so that it would not name a row.
    #[error("the key of table {0} may have no value")]
    NullableKey(&'static str),
    /// A table of plain rows has nothing but a key: nobody may change it, so nobody may lock it.
    #[error("the table {0} has no column besides its key")]
    NoColumns(&'static str),
    /// There are more tables than one batch can name.
    #[error("a store has at most {TABLES_MAX} tables")]
    TooMany,
}

impl Statements {
    pub fn of(tables: &'static [Table]) -> Result<Self, InvalidTable> {
        if tables.len() > TABLES_MAX {
            return Err(InvalidTable::TooMany);
        }
        tables.iter().try_for_each(check)?;
        let each = |text: fn(&Table) -> String| tables.iter().map(text).map(fixed).collect();
        Ok(Self {
            tables,
            lock: each(locks::lock),
            read: each(locks::read),
            scan: each(locks::scan),
            held: each(locks::held),
            blame: each(locks::blame),
        })
    }
}

fn check(table: &Table) -> Result<(), InvalidTable> {
    let columns = table.key.iter().chain(table.columns).map(|it| it.name);
    let mut names = std::iter::once(table.name).chain(columns);
    if let Some(name) = names.find(|name| !is_plain(name)) {
        return Err(InvalidTable::Name(name));
    }
    if table.key.is_empty() {
        return Err(InvalidTable::NoKey(table.name));
    }
    if table.columns.is_empty() && !table.aggregate {
        return Err(InvalidTable::NoColumns(table.name));
    }
    if table.key.iter().any(|it| it.nullable) {
        return Err(InvalidTable::NullableKey(table.name));
    }
    Ok(())
}

/// Says whether a name needs no quotes. A word of SQL itself is left to the server to refuse.
fn is_plain(name: &str) -> bool {
    let letter = |it: char| it.is_ascii_lowercase() || it == '_';
    let rest = |it: char| letter(it) || it.is_ascii_digit();
    name.starts_with(letter) && name.chars().all(rest) && name.len() < 64
}

/// Takes a text that was put together from checked names only.
fn fixed(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

/// Returns the type that a column's values travel as, in arrays.
fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid[]",
        Kind::BigInt => "bigint[]",
        Kind::Int => "int[]",
        Kind::SmallInt => "smallint[]",
        Kind::Text | Kind::Json => "text[]",
        Kind::Bytes => "bytea[]",
        Kind::Moment => "timestamptz[]",
        Kind::Boolean => "boolean[]",
        Kind::Date => "date[]",
    }
}

/// Returns the arrays `$1::uuid[], $2::text[] …` from a place on.
fn arrays(kinds: &[Kind], from: usize) -> String {
    let arrays = kinds.iter().enumerate();
    let arrays = arrays.map(|(at, kind)| format!("${}::{}", from + at, array_type(*kind)));
    list(arrays)
}

/// Returns the names `k1, k2 …` that the columns of arrays have.
fn numbered(count: usize) -> String {
    list((1..=count).map(|at| format!("k{at}")))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

/// Returns what finds a row by its key: `s.tenant_id = k.k1 AND s.sku = k.k2 …`.
fn matches(table: &Table) -> String {
    let keys = table.key.iter().enumerate();
    let keys = keys.map(|(at, column)| format!(" AND s.{} = k.k{}", column.name, at + 2));
    std::iter::once("s.tenant_id = k.k1".to_owned())
        .chain(keys)
        .collect()
}

/// Returns the kinds of the arrays that name rows: tenant and key.
pub(crate) fn key_kinds(table: &Table) -> Vec<Kind> {
    let keys = table.key.iter().map(|it| it.kind);
    std::iter::once(Kind::Uuid).chain(keys).collect()
}

fn kinds(columns: &[Column]) -> impl Iterator<Item = Kind> {
    columns.iter().map(|it| it.kind)
}
