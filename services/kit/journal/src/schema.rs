//! The migrations of journal, bus and service as one, each in a range of versions of its own.

use std::borrow::Cow;

use sqlx::migrate::{Migration, Migrator};

/// How many versions a range has room for.
const RANGE: i64 = 1_000_000;

/// The migrations of one crate and the range that they stand in.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    range: Range,
    files: &'static Migrator,
}

/// Whose migrations they are, from the ground up: those of a lower range run first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Range {
    /// The journal's, always there.
    Journal,
    /// The bus's.
    Bus,
    /// The service's own.
    Service,
}

static JOURNAL: Migrator = sqlx::migrate!("./migrations");

impl Migrations {
    /// Takes the migrations of a crate, numbered from 1.
    pub const fn of(range: Range, files: &'static Migrator) -> Self {
        Self { range, files }
    }

    fn numbered(&self) -> impl Iterator<Item = Migration> {
        let from = self.range as i64 * RANGE;
        self.files.iter().cloned().map(move |mut migration| {
            migration.version += from;
            migration
        })
    }
}

/// Joins the migrations of the journal with others into those of one database.
///
/// **Invariant:** the versions of a crate do not depend on which others it is joined with.
pub fn schema(more: &[Migrations]) -> Migrator {
    let own = Migrations::of(Range::Journal, &JOURNAL);
    let all = std::iter::once(&own).chain(more);
    let mut migrations: Vec<Migration> = all.flat_map(Migrations::numbered).collect();
    migrations.sort_by_key(|it| it.version);
    Migrator {
        migrations: Cow::Owned(migrations),
        ..Migrator::DEFAULT
    }
}
