//! A database of one test's own: a copy of a migrated template, dropped with its value.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use sqlx::Connection;
use tokio::time::timeout;

use super::Postgres;
use super::schema::{LOG, SCAN, Schema, run};
use crate::error::Error;

/// How long a drop may take; a paused server would let it wait for ever, and keep the server.
const DROP_WITHIN: Duration = Duration::from_secs(10);

/// A database that no other test sees. It is dropped with this value, whoever is connected.
pub struct Database {
    postgres: Postgres,
    name: String,
    owner: String,
    service: String,
}

impl Database {
    pub(super) async fn make(
        postgres: Postgres,
        schema: &Schema<'_>,
        name: String,
    ) -> Result<Self, Error> {
        let template = schema.template(&postgres).await?;
        let (owner, service) = (schema.owner.to_owned(), schema.service.to_owned());
        let mut admin = postgres.connect("postgres").await?;
        let make = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {owner}");
        run(&mut admin, make).await?;
        // Rights on a database itself are not copied from the template.
        let close = format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC");
        let open = format!("GRANT CONNECT ON DATABASE {name} TO {service}, {LOG}, {SCAN}");
        run(&mut admin, format!("{close}; {open}")).await?;
        admin.close().await?;
        Ok(Self {
            postgres,
            name,
            owner,
            service,
        })
    }

    /// Returns the server of the database.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// Returns the name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URL for the role of the service.
    pub fn url(&self) -> String {
        self.url_through(self.postgres.address())
    }

    /// Returns the URL for the role of the service by way of another address, such as a proxy's.
    pub fn url_through(&self, address: SocketAddr) -> String {
        self.postgres.url(&self.service, &self.name, address)
    }

    /// Returns the URL for the role that owns the tables and runs migrations.
    pub fn owner_url(&self) -> String {
        let address = self.postgres.address();
        self.postgres.url(&self.owner, &self.name, address)
    }

    /// Returns the URL for the role `retail_log`, which reads what all tenants have.
    pub fn log_url(&self) -> String {
        self.postgres.url(LOG, &self.name, self.postgres.address())
    }

    /// Returns the URL for the role `retail_scan`, which finds work for jobs.
    pub fn scan_url(&self) -> String {
        self.postgres.url(SCAN, &self.name, self.postgres.address())
    }

    /// Returns the URL for the role that may do everything.
    pub fn admin_url(&self) -> String {
        self.postgres.admin_url(&self.name)
    }
}

impl Drop for Database {
    /// Drops the database on a thread of its own, for which nobody waits: a test's runtime may
    /// be ending, and a database that stays goes with its server.
    fn drop(&mut self) {
        let (postgres, name) = (self.postgres.clone(), std::mem::take(&mut self.name));
        let remove = async move || {
            let mut admin = postgres.connect("postgres").await?;
            run(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await
        };
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                // A server that is killed or paused has nothing to drop from.
                runtime.block_on(async { timeout(DROP_WITHIN, remove()).await.ok() });
            }
        });
    }
}
