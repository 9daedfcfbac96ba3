//! The server of the benchmark and a fresh database for each contestant of each round.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use sqlx::{Connection, PgConnection, Row};
use testbed::{Database, Postgres, PostgresSettings, Schema};

use crate::conditions::Sync;
use crate::stock::SCHEMA;

/// Room for the callers that commit one row each, and for all others.
const CONNECTIONS_MAX: u32 = 200;

/// How long the end of the server may take, and how often to look.
const GONE_WITHIN: Duration = Duration::from_secs(15);
const GONE_EVERY: Duration = Duration::from_millis(50);

/// A durable Postgres of our own on a free port.
pub struct Bed {
    /// The server.
    pub postgres: Postgres,
    /// Dropping a database makes the server write all it has: not while something is measured.
    kept: Mutex<Vec<Arc<Database>>>,
}

/// What the server has counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Times that the write-ahead log was synced.
    pub syncs: i64,
    /// Bytes of the write-ahead log.
    pub bytes: i64,
}

impl Bed {
    /// Starts the server, with more settings than the usual ones.
    pub async fn start(more: &[(&str, &str)]) -> anyhow::Result<Self> {
        let settings = PostgresSettings::durable()
            .connections_max(CONNECTIONS_MAX)
            .with("shared_buffers", "1GB")
            .with("max_wal_size", "8GB")
            .with("checkpoint_timeout", "15min")
            // It would clean up behind a contestant during the turn of the next one.
            .with("autovacuum", "off");
        let with = |settings: PostgresSettings, it: &(&str, &str)| settings.with(it.0, it.1);
        let settings = more.iter().fold(settings, with);
        let postgres = Postgres::start(&settings).await?;
        Ok(Self {
            postgres,
            kept: Mutex::default(),
        })
    }

    /// Makes a database with all tables, empty. It stays until the end.
    pub async fn database(&self) -> anyhow::Result<Arc<Database>> {
        let schema = Schema::of(&SCHEMA);
        let database = Arc::new(self.postgres.database(&schema).await?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(Arc::clone(&database));
        Ok(database)
    }

    /// Ends the server and waits until its folder is gone.
    pub async fn end(self) -> anyhow::Result<()> {
        let folder = self.postgres.folder().to_owned();
        self.postgres.kill()?;
        drop(self);
        let gone = async {
            while folder.exists() {
                tokio::time::sleep(GONE_EVERY).await;
            }
        };
        let gone = tokio::time::timeout(GONE_WITHIN, gone).await;
        gone.context("the folder of the server is still there")
    }

    /// Measures the disk that the server writes to.
    pub async fn sync(&self) -> anyhow::Result<Sync> {
        Sync::probe(self.postgres.folder()).await
    }

    /// Reads what the server has counted. What a connection did counts once it has ended.
    pub async fn written(&self) -> anyhow::Result<Written> {
        let mut db = PgConnection::connect(&self.postgres.admin_url("postgres")).await?;
        let query = "SELECT (SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io \
             WHERE object = 'wal'), \
             pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
        let row = sqlx::query(query).fetch_one(&mut db).await?;
        db.close().await?;
        Ok(Written {
            syncs: row.try_get(0)?,
            bytes: row.try_get(1)?,
        })
    }

    /// Writes all dirty pages, so that no round pays for the one before.
    pub async fn checkpoint(&self) -> anyhow::Result<()> {
        let mut db = PgConnection::connect(&self.postgres.admin_url("postgres")).await?;
        sqlx::query("CHECKPOINT").execute(&mut db).await?;
        db.close().await?;
        Ok(())
    }
}
