//! What a test's database is made from: migrations, and the roles that run and use them.

use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::Postgres;
use crate::error::Error;

/// How much of the hash stands in a name: 64 bits.
const HASH_BYTES: usize = 8;

/// Reads every row of the log and of states: relays, followers, comparisons.
pub(super) const LOG: &str = "retail_log";
/// Finds work for jobs: ids, tenants and due times.
pub(super) const SCAN: &str = "retail_scan";

/// The migrations of a service and its roles.
///
/// The owner runs the migrations and owns the tables. The service, `retail_log` and `retail_scan`
/// may connect, and see the names in the schema; what else they may, the migrations grant. None is
/// a superuser, may make roles or databases, or passes row level security by.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    migrations: &'a Migrator,
    pub(super) owner: &'a str,
    pub(super) service: &'a str,
    /// Whether the service has rights that no migration grants.
    trusting: bool,
}

impl<'a> Schema<'a> {
    /// Returns a schema with the roles `retail_owner` and `retail_service`.
    pub fn of(migrations: &'a Migrator) -> Self {
        Self {
            migrations,
            owner: "retail_owner",
            service: "retail_service",
            trusting: false,
        }
    }

    /// Lets the service read and write all that the owner makes, without a grant.
    #[must_use]
    pub fn trusting(self) -> Self {
        Self {
            trusting: true,
            ..self
        }
    }

    /// Gives the roles the names that the migrations know them by; plain lower-case identifiers.
    #[must_use]
    pub fn roles(self, owner: &'a str, service: &'a str) -> Self {
        Self {
            owner,
            service,
            ..self
        }
    }

    /// Returns the name of the template, which is built once a server; equal schemas share it.
    pub(super) async fn template(&self, postgres: &Postgres) -> Result<String, Error> {
        let name = self.name();
        let mut ready = postgres.server.templates.lock().await;
        if !ready.contains(&name) {
            self.build(postgres, &name).await?;
            ready.push(name.clone());
        }
        Ok(name)
    }

    fn name(&self) -> String {
        let mut hash = Sha256::new();
        for role in [self.owner, self.service] {
            hash.update(role);
            hash.update([0]);
        }
        hash.update([u8::from(self.trusting)]);
        for migration in self.migrations.iter() {
            hash.update(migration.version.to_be_bytes());
            hash.update(&migration.checksum);
        }
        let bytes = hash.finalize();
        let digits = bytes
            .iter()
            .take(HASH_BYTES)
            .map(|byte| format!("{byte:02x}"));
        format!("template_{}", digits.collect::<String>())
    }

    async fn build(&self, postgres: &Postgres, name: &str) -> Result<(), Error> {
        let mut admin = postgres.connect("postgres").await?;
        for role in [self.owner, self.service, LOG, SCAN] {
            make_role(&mut admin, role, &postgres.server.password).await?;
        }
        // One that broke off half-way is begun afresh.
        run(
            &mut admin,
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await?;
        run(
            &mut admin,
            format!("CREATE DATABASE {name} OWNER {}", self.owner),
        )
        .await?;
        admin.close().await?;
        let mut admin = postgres.connect(name).await?;
        run(&mut admin, self.grants()).await?;
        admin.close().await?;
        let url = postgres.url(self.owner, name, postgres.address());
        let mut owner = PgConnection::connect(&url).await?;
        self.migrations.run(&mut owner).await?;
        Ok(owner.close().await?)
    }

    /// Lets the roles see names, and a trusted service use whatever the owner will make.
    fn grants(&self) -> String {
        let Self { owner, service, .. } = self;
        let usage = format!("GRANT USAGE ON SCHEMA public TO {service}, {LOG}, {SCAN}");
        if !self.trusting {
            return usage;
        }
        let default = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT");
        format!(
            "{usage};
             {default} USAGE ON SCHEMAS TO {service};
             {default} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
             {default} USAGE, SELECT ON SEQUENCES TO {service};
             {default} EXECUTE ON FUNCTIONS TO {service}"
        )
    }
}

async fn make_role(admin: &mut PgConnection, role: &str, password: &str) -> Result<(), Error> {
    let known = sqlx::query("SELECT 1 FROM pg_roles WHERE rolname = $1").bind(role);
    if known.fetch_optional(&mut *admin).await?.is_some() {
        return Ok(());
    }
    let bounds = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";
    run(
        admin,
        format!("CREATE ROLE {role} LOGIN {bounds} PASSWORD '{password}'"),
    )
    .await
}

/// Runs statements that the testbed itself has put together from names of its own.
pub(super) async fn run(connection: &mut PgConnection, sql: String) -> Result<(), Error> {
    connection.execute(AssertSqlSafe(sql)).await?;
    Ok(())
}
