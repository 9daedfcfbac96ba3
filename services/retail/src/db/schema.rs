//! Brings the database of one service to the newest schema.

use anyhow::{Context, Result};
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};

/// Runs the migrations that are missing, as the owner. Returns how many there are in all.
pub async fn migrate(owner_url: &str, migrations: &Migrator) -> Result<usize> {
    let connected = PgConnection::connect(owner_url).await;
    let mut connection = connected.context("connect to Postgres as the owner")?;
    migrations.run(&mut connection).await?;
    connection.close().await?;
    Ok(migrations.iter().count())
}
