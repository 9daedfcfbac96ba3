//! Tables as a store describes them. From these the journal writes all of its statements.

use crate::value::Kind;

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, a plain identifier in lower case.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold no value.
    pub nullable: bool,
}

/// A table of one kind of state.
///
/// Each table has a column `tenant_id uuid` that is not named here, and its primary key is
/// `(tenant_id, <key columns>)`. The table of an aggregate also has `version bigint` and
/// `recorded_at timestamptz`, not named here either: of the last fact that changed the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name, a plain identifier in lower case.
    pub name: &'static str,
    /// What names a row, behind the tenant.
    pub key: &'static [Column],
    /// The rest: what a state consists of.
    pub columns: &'static [Column],
    /// Whether its rows have a history: versions, facts, events.
    pub aggregate: bool,
}

impl Column {
    /// A column that always holds a value.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            nullable: false,
        }
    }

    /// Lets the column hold no value.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self {
            nullable: true,
            ..self
        }
    }
}

impl Table {
    /// The table of an aggregate, whose rows follow from their facts.
    pub const fn aggregate(
        name: &'static str,
        key: &'static [Column],
        columns: &'static [Column],
    ) -> Self {
        Self {
            name,
            key,
            columns,
            aggregate: true,
        }
    }

    /// The table of plain rows, which have no history.
    pub const fn plain(
        name: &'static str,
        key: &'static [Column],
        columns: &'static [Column],
    ) -> Self {
        Self {
            name,
            key,
            columns,
            aggregate: false,
        }
    }
}
