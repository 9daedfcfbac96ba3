//! All SQL of the stack: what a superuser does before the first service starts.

use anyhow::{Context, Result};
use chassis::settings::Url;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

mod schema;

pub use schema::migrate;
pub use sqlx::migrate::Migrator;

const ROLES: &str = include_str!("../../../deploy/postgres/roles.sql");
const DATABASES: &str = include_str!("../../../deploy/postgres/databases.sql");
const GRANTS: &str = include_str!("../../../deploy/postgres/grants.sql");

/// The roles of one service, by what follows its name.
pub const ROLE_ENDINGS: [&str; 4] = ["owner", "service", "log", "scan"];

/// Where a server is, and as whom one may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The role and its password.
    pub role: (String, String),
    /// What follows the database in the URL.
    options: String,
}

impl Address {
    /// A server of ours, as one role.
    pub fn of_stack(port: u16, role: &str, password: &str) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
            role: (role.to_owned(), password.to_owned()),
            // The wheel of Postgres has no TLS, and the loopback needs none.
            options: "?sslmode=disable".to_owned(),
        }
    }

    /// A server that runs elsewhere.
    pub fn of_url(url: &Url) -> Result<Self> {
        let text = url.expose();
        let (_, rest) = text
            .split_once("://")
            .context("DATABASE_URL has no scheme")?;
        let (role, _) = rest
            .rsplit_once('@')
            .context("DATABASE_URL names no role")?;
        let (name, password) = role.split_once(':').unwrap_or((role, ""));
        let options = text.split_once('?').map(|(_, it)| format!("?{it}"));
        Ok(Self {
            host: url.host().to_owned(),
            port: url.port().unwrap_or(5432),
            role: (name.to_owned(), password.to_owned()),
            options: options.unwrap_or_default(),
        })
    }

    /// The same server as another role.
    pub fn as_role(&self, role: &str, password: &str) -> Self {
        Self {
            role: (role.to_owned(), password.to_owned()),
            ..self.clone()
        }
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        let Self { host, port, .. } = self;
        let (role, password) = &self.role;
        format!(
            "postgres://{role}:{password}@{host}:{port}/{database}{}",
            self.options
        )
    }
}

/// Says whether a server answers a query.
pub async fn answers(url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query("SELECT 1").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Makes the roles and databases that are missing, and sets the rest anew.
pub async fn prepare(admin: &Address, passwords: &[(String, String)]) -> Result<()> {
    let mut connection = connect(&admin.url("postgres")).await?;
    // One at a time, whoever else prepares this server.
    connection
        .execute("SELECT pg_advisory_lock(hashtext('retail roles'))")
        .await?;
    connection.execute(ROLES).await.context("run roles.sql")?;
    for (role, password) in passwords {
        let sql = format!("ALTER ROLE {} PASSWORD {}", name(role), text(password));
        connection.execute(AssertSqlSafe(sql)).await?;
    }
    let query = sqlx::query_scalar(DATABASES);
    let statements: Vec<String> = query.fetch_all(&mut connection).await?;
    for statement in statements {
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(connection.close().await?)
}

/// Sets what a database allows before its first migration.
pub async fn open_database(admin: &Address, database: &str) -> Result<()> {
    let mut connection = connect(&admin.url(database)).await?;
    connection.execute(GRANTS).await.context("run grants.sql")?;
    Ok(connection.close().await?)
}

/// Connects once.
pub async fn connect(url: &str) -> Result<PgConnection> {
    let connected = PgConnection::connect(url).await;
    connected.context("connect to Postgres")
}

/// Quotes a name for SQL.
fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text for SQL.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
