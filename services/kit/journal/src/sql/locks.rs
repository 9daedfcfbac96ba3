//! Statements that find rows by arrays of keys: to lock, to read, to find out who holds them.
//!
//! All have the form that keeps its plan from the empty table to millions of rows: the arrays
//! outside, one search by the whole key inside, which `OFFSET 0` or a lock keeps from being pulled
//! up into a join.

use super::{arrays, key_kinds, list, matches, numbered};
use crate::table::Table;
use crate::value::Kind;

/// Locks rows. The clock is read for each row, so the last one's is read behind the last lock.
pub(super) fn lock(table: &Table) -> String {
    find(table, "FOR NO KEY UPDATE")
}

pub(super) fn read(table: &Table) -> String {
    find(table, "OFFSET 0")
}

fn find(table: &Table, how: &str) -> String {
    let columns = list(selected(table));
    format!(
        "SELECT clock_timestamp() AS clock, k.place, p.* FROM unnest({}) WITH ORDINALITY \
         AS k({}, place) LEFT JOIN LATERAL (SELECT true AS found{}{columns} FROM {} AS s \
         WHERE {} {how}) AS p ON true",
        arrays(&key_kinds(table), 1),
        numbered(table.key.len() + 1),
        if columns.is_empty() { "" } else { ", " },
        table.name,
        matches(table),
    )
}

/// Reads a whole table, keys first.
pub(super) fn scan(table: &Table) -> String {
    let key = table.key.iter().map(|it| format!("s.{}", it.name));
    let tenant = std::iter::once("s.tenant_id".to_owned());
    let columns = list(tenant.chain(key).chain(selected(table)));
    format!("SELECT {columns} FROM {} AS s", table.name)
}

/// Lists what is read of a row, with JSON as the text that it travels as.
fn selected(table: &Table) -> Vec<String> {
    let own = ["version", "recorded_at"].map(|name| format!("s.{name}"));
    let own = own.into_iter().filter(|_| table.aggregate);
    let columns = table.columns.iter().map(|column| match column.kind {
        Kind::Json => format!("s.{0}::text AS {0}", column.name),
        _ => format!("s.{}", column.name),
    });
    own.chain(columns).collect()
}

/// Returns the places of rows that are there and that nobody could lock now.
pub(super) fn held(table: &Table) -> String {
    let search = format!("FROM {} AS s WHERE {}", table.name, matches(table));
    format!(
        "SELECT k.place FROM unnest({}) WITH ORDINALITY AS k({}, place) \
         CROSS JOIN LATERAL (SELECT true {search} OFFSET 0) AS p \
         LEFT JOIN LATERAL (SELECT true AS free {search} FOR NO KEY UPDATE SKIP LOCKED) AS q \
         ON true WHERE q.free IS NULL",
        arrays(&key_kinds(table), 1),
        numbered(table.key.len() + 1),
    )
}

/// Returns the places of rows that are not there, or that another transaction wrote last.
pub(super) fn blame(table: &Table) -> String {
    format!(
        "SELECT k.place FROM unnest({}) WITH ORDINALITY AS k({}, place) \
         LEFT JOIN LATERAL (SELECT s.xmin AS writer FROM {} AS s WHERE {} OFFSET 0) AS p ON true \
         WHERE p.writer IS DISTINCT FROM pg_current_xact_id()::xid",
        arrays(&key_kinds(table), 1),
        numbered(table.key.len() + 1),
        table.name,
        matches(table),
    )
}
