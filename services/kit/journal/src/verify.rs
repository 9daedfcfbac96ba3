//! The proof that states are what their facts say: every stream of every tenant folded anew and
//! compared with its row, in one snapshot.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use contracts::ops::DifferenceKind;
use sqlx::{PgConnection, raw_sql};
use thiserror::Error;
use uuid::Uuid;
use vocab::TenantId;

use crate::ledger::Ledger;
use crate::sql::{InvalidTable, Statements};
use crate::store::Store;
use crate::value::Value;

mod plain;
mod rows;
mod streams;

/// How many differences are listed; all are counted.
pub const DIFFERENCES_MAX: usize = 10_000;

/// One difference between what is stored and what follows from the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What sort of difference.
    pub kind: DifferenceKind,
    /// Whose.
    pub tenant: TenantId,
    /// The table, or the kind of stream.
    pub of: String,
    /// Which row or stream.
    pub id: String,
    /// At which version, where that means anything.
    pub version: i64,
    /// What differs, in words, without values.
    pub what: String,
    /// The column that differs; nothing where the whole row or a fact does.
    pub column: Option<Disagreement>,
}

/// What a column holds, and what it should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Its name.
    pub name: &'static str,
    /// What is stored; what is sealed stays sealed.
    pub stored: String,
    /// What the facts fold to.
    pub folded: String,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many streams were folded.
    pub streams: u64,
    /// How many facts were read.
    pub facts: u64,
    /// The highest position of a fact: in the end that of the log in the snapshot.
    pub position: i64,
    /// How many rows of state were compared.
    pub rows: u64,
    /// How many differences there are.
    pub found: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// Says why a comparison could not be finished.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The database failed.
    #[error("the database could not be read")]
    Database(#[from] sqlx::Error),
    /// A table is not described as it should be.
    #[error("a table is not described right")]
    Table(#[from] InvalidTable),
}

/// Recomputes plain rows, such as claims and counters, from the aggregates.
pub trait Derived<L: Ledger>: Send {
    /// Lists the tables it knows all rows of, and what a difference there is called.
    fn tables(&self) -> &'static [(usize, DifferenceKind)];

    /// Sees the state of one aggregate.
    fn see(&mut self, tenant: TenantId, key: &L::Key, state: &L::State);

    /// Returns the rows that should be there, after all aggregates were seen.
    fn rows(&mut self) -> Vec<(TenantId, L::Key, L::State)>;

    /// Says whether a row holds nothing, and so may be there without being expected.
    fn is_empty(&self, table: usize, state: &[Value]) -> bool;
}

/// A comparison to be run.
pub struct Verify<'a, L: Ledger> {
    ledger: &'a L,
    store: &'a dyn Store<L>,
    statements: Statements,
    derived: Option<&'a mut dyn Derived<L>>,
    progress: Option<&'a mut (dyn FnMut(&Report) + Send)>,
    /// The kind of stream and the id that differences are told of; empty: all.
    only: (String, String),
    report: Report,
    /// The rows that have facts, as hashes.
    founded: HashSet<u64>,
    /// The kinds of the streams that tables hold, as far as one was met.
    kinds: HashMap<usize, String>,
}

impl<'a, L: Ledger> Verify<'a, L> {
    /// Prepares the comparison of the states of a ledger.
    pub fn new(ledger: &'a L, store: &'a dyn Store<L>) -> Result<Self, VerifyError> {
        Ok(Self {
            ledger,
            store,
            statements: Statements::of(store.tables())?,
            derived: None,
            progress: None,
            only: Default::default(),
            report: Report::default(),
            founded: HashSet::new(),
            kinds: HashMap::new(),
        })
    }

    /// Recomputes plain rows too.
    #[must_use]
    pub fn derived(self, derived: &'a mut dyn Derived<L>) -> Self {
        Self {
            derived: Some(derived),
            ..self
        }
    }

    /// Tells of the report so far, every thousand facts.
    #[must_use]
    pub fn progress(self, progress: &'a mut (dyn FnMut(&Report) + Send)) -> Self {
        Self {
            progress: Some(progress),
            ..self
        }
    }

    /// Tells only of differences of one kind of aggregate, of one aggregate, or both. Plain rows
    /// are left out then. What is empty narrows nothing down.
    #[must_use]
    pub fn only(self, kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            only: (kind.into(), id.into()),
            ..self
        }
    }

    /// Compares, in one snapshot, on a connection of the role `retail_log` to the primary.
    pub async fn run(mut self, log: &mut PgConnection) -> Result<Report, VerifyError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL statement_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0";
        raw_sql(begin).execute(&mut *log).await?;
        let compared = self.compare(log).await;
        raw_sql("ROLLBACK").execute(&mut *log).await?;
        compared?;
        Ok(self.report)
    }

    async fn compare(&mut self, log: &mut PgConnection) -> Result<(), VerifyError> {
        self.streams(log).await?;
        self.unfounded(log).await?;
        if self.only == Default::default() {
            self.plain(log).await?;
        }
        Ok(())
    }

    fn differs(&mut self, difference: Difference) {
        let (kind, id) = &self.only;
        let named = |wanted: &String, found: &String| wanted.is_empty() || wanted == found;
        if !named(kind, &difference.of) || !named(id, &difference.id) {
            return;
        }
        self.report.found += 1;
        if self.report.differences.len() < DIFFERENCES_MAX {
            self.report.differences.push(difference);
        }
    }
}

/// Names a row by a number; two of them are one row but for a chance of 1 in 2^64.
fn hash_of(table: usize, tenant: Uuid, key: &[Value]) -> u64 {
    let mut hash = DefaultHasher::new();
    (table, tenant, key).hash(&mut hash);
    hash.finish()
}

/// Writes the key of a row for people.
fn text_of(key: &[Value]) -> String {
    let parts = key.iter().map(|value| match value {
        Value::Text(text) => text.clone(),
        Value::Uuid(uuid) => uuid.to_string(),
        Value::BigInt(number) => number.to_string(),
        other => format!("{other:?}"),
    });
    parts.collect::<Vec<_>>().join("-")
}
