//! A small real ledger: positions that hold stock, and reservations that take from them.

pub mod facts;
pub mod ledger;
pub mod store;

use std::sync::LazyLock;

use journal::{Migrations, Range, schema};
use sqlx::migrate::Migrator;

pub use ledger::{Command, Key, Line, Place, Stock};

static OWN: Migrator = sqlx::migrate!("./migrations");

/// The tables of the journal and ours.
pub static SCHEMA: LazyLock<Migrator> =
    LazyLock::new(|| schema(&[Migrations::of(Range::Service, &OWN)]));
