//! The ceiling of all who commit each call alone: one tiny row in one commit, prepared.

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::load::{Refused, Target};
use crate::order::Order;

/// One row, one statement, one commit for each call.
#[derive(Clone, Debug)]
pub struct Tiny {
    pool: PgPool,
}

impl Tiny {
    /// Connects once for each caller, so that none waits for a connection.
    pub async fn connect(url: &str, callers: usize) -> anyhow::Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(u32::try_from(callers)?)
            .min_connections(u32::try_from(callers)?)
            .test_before_acquire(false);
        let pool = pool.connect_with(options).await?;
        Ok(Self { pool })
    }

    /// Closes the connections.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

impl Target for Tiny {
    async fn reserve(&self, _: Order) -> Result<(), Refused> {
        let insert = sqlx::query("INSERT INTO tiny (value) VALUES ($1)").bind(7_i64);
        let inserted = insert.execute(&self.pool).await;
        inserted.map(|_| ()).map_err(|error| Refused {
            shed: false,
            why: error.to_string(),
        })
    }
}
