//! The tables of auth, with those of journal and bus under them.

use journal::{Migrations, Range};
use sqlx::migrate::Migrator;

static FILES: Migrator = sqlx::migrate!("./migrations");

/// The migrations of auth's database.
pub fn migrations() -> Migrator {
    journal::schema(&[bus::MIGRATIONS, Migrations::of(Range::Service, &FILES)])
}
