//! The tables of inventory, with those of journal and bus under them.

use journal::{Migrations, Range};
use sqlx::migrate::Migrator;

static FILES: Migrator = sqlx::migrate!("./migrations");

/// The migrations of the database of inventory.
pub fn migrations() -> Migrator {
    journal::schema(&[bus::MIGRATIONS, Migrations::of(Range::Service, &FILES)])
}
