//! The one statement that writes a batch: all rows of all tables, facts, and answers last.
//!
//! Postgres promises no order in which such parts run. What may wait for another transaction
//! (an insert) therefore begins only when the insert before it has counted its rows.

use sqlx::SqlStr;

use super::{array_type, arrays, fixed, key_kinds, kinds, list, matches, numbered};
use crate::table::Table;
use crate::value::Kind;

/// One part of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Changes rows of a table.
    Change(usize),
    /// Adds rows to a table.
    Add(usize),
    /// Adds facts.
    Facts,
    /// Adds answers.
    Answers,
}

/// A set of parts, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Parts(u128);

impl Part {
    /// Returns the kinds of the arrays that the part takes.
    pub fn kinds(self, tables: &[Table]) -> Vec<Kind> {
        match self {
            Self::Change(at) => tables.get(at).map(changed_kinds).unwrap_or_default(),
            Self::Add(at) => tables.get(at).map(added_kinds).unwrap_or_default(),
            Self::Facts => FACT_COLUMNS.iter().map(|it| it.1).collect(),
            Self::Answers => ANSWER_COLUMNS.iter().map(|it| it.1).collect(),
        }
    }

    /// Changes first, for they wait for nobody; then additions by table, facts, answers.
    fn bit(self) -> u32 {
        match self {
            Self::Change(at) => at as u32,
            Self::Add(at) => 60 + at as u32,
            Self::Facts => 126,
            Self::Answers => 127,
        }
    }

    fn of_bit(bit: u32) -> Self {
        match bit {
            126 => Self::Facts,
            127 => Self::Answers,
            0..60 => Self::Change(bit as usize),
            _ => Self::Add(bit as usize - 60),
        }
    }
}

impl Parts {
    pub fn insert(&mut self, part: Part) {
        self.0 |= 1 << part.bit();
    }

    pub fn iter(&self) -> impl Iterator<Item = Part> {
        (0..128)
            .filter(|bit| self.0 & (1 << bit) != 0)
            .map(Part::of_bit)
    }

    /// Writes the statement for this set of parts. It returns the transaction, and for each part
    /// how many rows it wrote.
    pub fn statement(&self, tables: &[Table]) -> SqlStr {
        let mut parts = Vec::new();
        let mut before = None;
        let mut from = 1;
        for (at, part) in self.iter().enumerate() {
            let chain = before.map(|it| format!("(SELECT count(*) FROM w{it}) >= 0"));
            let kinds = part.kinds(tables);
            parts.push(format!("w{at} AS ({})", text(part, tables, from, chain)));
            from += kinds.len();
            if !matches!(part, Part::Change(_)) {
                before = Some(at);
            }
        }
        let counts = (0..parts.len()).map(|at| format!("(SELECT count(*) FROM w{at})"));
        let counts = list(std::iter::once("pg_current_xact_id()".to_owned()).chain(counts));
        fixed(format!("WITH {} SELECT {counts}", parts.join(", ")))
    }
}

fn text(part: Part, tables: &[Table], from: usize, chain: Option<String>) -> String {
    let insert = |name: &str, columns: &[(&str, Kind)], twin: &str| {
        Insert {
            name,
            columns,
            twin,
            from,
        }
        .text(chain.as_deref())
    };
    match part {
        Part::Change(at) => tables.get(at).map(|it| change(it, from)),
        Part::Add(at) => tables
            .get(at)
            .map(|it| insert(it.name, &row_columns(it), " ON CONFLICT DO NOTHING")),
        // A version that is there already is an error: its row of state should have been.
        Part::Facts => Some(insert("events", &FACT_COLUMNS, "")),
        Part::Answers => Some(insert(
            "idempotency",
            &ANSWER_COLUMNS,
            " ON CONFLICT DO NOTHING",
        )),
    }
    .unwrap_or_default()
}

/// The arrays of a change: key, version found, version, time, columns.
fn changed_kinds(table: &Table) -> Vec<Kind> {
    let own = [Kind::BigInt, Kind::BigInt, Kind::Moment];
    let own = own.into_iter().filter(|_| table.aggregate);
    let mut all = key_kinds(table);
    all.extend(own.chain(kinds(table.columns)));
    all
}

/// The arrays of an addition: key, version, time, columns.
fn added_kinds(table: &Table) -> Vec<Kind> {
    row_columns(table).iter().map(|it| it.1).collect()
}

fn row_columns(table: &Table) -> Vec<(&'static str, Kind)> {
    let own = [("version", Kind::BigInt), ("recorded_at", Kind::Moment)];
    let own = own.into_iter().filter(|_| table.aggregate);
    let named = |column: &crate::table::Column| (column.name, column.kind);
    let mut all = vec![("tenant_id", Kind::Uuid)];
    all.extend(table.key.iter().map(named));
    all.extend(own.chain(table.columns.iter().map(named)));
    all
}

/// Changes the rows that this transaction has locked, found once more by their keys and then by
/// their place. **Invariant:** only the place joins the two, and the arrays count as few: a plan
/// that was made for an empty table would read a whole tenant for each key for ever after.
fn change(table: &Table, from: usize) -> String {
    let all = changed_kinds(table);
    let mut at = table.key.len() + 1;
    let mut next = || {
        at += 1;
        format!("k.k{at}")
    };
    let unchanged = table.aggregate.then(&mut next);
    let own = ["version", "recorded_at"].into_iter();
    let own = own.filter(|_| table.aggregate).map(|name| (name, ""));
    let columns = table.columns.iter().map(|it| (it.name, cast(it.kind)));
    let set = own
        .chain(columns)
        .map(|(name, cast)| format!("{name} = {}{cast}", next()));
    let set = list(set.collect::<Vec<_>>());
    let unchanged = unchanged.map(|it| format!(" AND s.version = {it}"));
    let first = all.first().map_or("", |kind| array_type(*kind));
    format!(
        "UPDATE {name} AS t SET {set} FROM ( \
           SELECT k.*, f.found_at FROM ( \
             SELECT * FROM unnest({arrays}) AS u({names}) LIMIT cardinality(${from}::{first})) \
           AS k CROSS JOIN LATERAL ( \
             SELECT s.ctid AS found_at FROM {name} AS s WHERE {matches}{unchanged} OFFSET 0) AS f) \
         AS k WHERE t.ctid = k.found_at RETURNING 1",
        name = table.name,
        arrays = arrays(&all, from),
        names = numbered(all.len()),
        matches = matches(table),
        unchanged = unchanged.unwrap_or_default(),
    )
}

struct Insert<'a> {
    name: &'a str,
    columns: &'a [(&'a str, Kind)],
    twin: &'a str,
    from: usize,
}

impl Insert<'_> {
    fn text(&self, chain: Option<&str>) -> String {
        let kinds: Vec<Kind> = self.columns.iter().map(|it| it.1).collect();
        let values = kinds.iter().enumerate();
        let values = values.map(|(at, kind)| format!("k.k{}{}", at + 1, cast(*kind)));
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM unnest({}) AS k({}){}{} RETURNING 1",
            self.name,
            list(self.columns.iter().map(|it| it.0.to_owned())),
            list(values),
            arrays(&kinds, self.from),
            numbered(kinds.len()),
            chain.map(|it| format!(" WHERE {it}")).unwrap_or_default(),
            self.twin,
        )
    }
}

fn cast(kind: Kind) -> &'static str {
    match kind {
        Kind::Json => "::jsonb",
        _ => "",
    }
}

/// The columns of a fact; the rest the database adds.
const FACT_COLUMNS: [(&str, Kind); 17] = [
    ("tenant_id", Kind::Uuid),
    ("stream_kind", Kind::Text),
    ("stream_id", Kind::Text),
    ("version", Kind::BigInt),
    ("event_id", Kind::Uuid),
    ("kind", Kind::Text),
    ("payload", Kind::Bytes),
    ("actor_type", Kind::SmallInt),
    ("actor_id", Kind::Text),
    ("method", Kind::Text),
    ("request_id", Kind::Uuid),
    ("correlation_id", Kind::Text),
    ("causation_id", Kind::Text),
    ("reason", Kind::Text),
    ("traceparent", Kind::Text),
    ("effective_at", Kind::Moment),
    ("recorded_at", Kind::Moment),
];

/// The columns of a remembered answer.
const ANSWER_COLUMNS: [(&str, Kind); 9] = [
    ("tenant_id", Kind::Uuid),
    ("principal", Kind::Text),
    ("method", Kind::Text),
    ("request_id", Kind::Uuid),
    ("fingerprint", Kind::Bytes),
    ("refused", Kind::Boolean),
    ("answer", Kind::Bytes),
    ("recorded_at", Kind::Moment),
    ("expires_at", Kind::Moment),
];
