//! Databases from one template: alike at first, apart for ever, and gone with their test.

use std::sync::LazyLock;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};
use testbed::{Database, Postgres, PostgresSettings, Schema, eventually};

use crate::SOON;

/// A table to write into, with rows that only their tenant may see.
const CREATE_NOTE: &str = "
    CREATE TABLE note (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL DEFAULT 'all',
      text text NOT NULL
    );
    ALTER TABLE note ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON note USING (tenant = 'all')";

pub static NOTES: LazyLock<Migrator> = LazyLock::new(|| {
    let (kind, sql) = (MigrationType::Simple, CREATE_NOTE.into_sql_str());
    Migrator::with_migrations(vec![Migration::new(
        1,
        "create note".into(),
        kind,
        sql,
        false,
    )])
});

pub async fn database() -> Database {
    let postgres = Postgres::shared().await.unwrap();
    postgres
        .database(&Schema::of(&NOTES).trusting())
        .await
        .unwrap()
}

pub async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

pub async fn write(connection: &mut PgConnection, text: &str) -> Result<(), sqlx::Error> {
    let insert = sqlx::query("INSERT INTO note (text) VALUES ($1)").bind(text);
    insert.execute(connection).await.map(|_| ())
}

pub async fn notes(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let select = sqlx::query_scalar("SELECT text FROM note ORDER BY id");
    select.fetch_all(connection).await
}

async fn count(url: &str, sql: &'static str, name: &str) -> i64 {
    let mut admin = connect(url).await;
    let count = sqlx::query_scalar(sql)
        .bind(name)
        .fetch_one(&mut admin)
        .await;
    count.unwrap()
}

#[tokio::test]
async fn two_databases_of_one_template_do_not_see_each_other() {
    let (one, other) = tokio::join!(database(), database());
    assert_ne!(one.name(), other.name());
    let mut one = connect(&one.url()).await;
    let mut other = connect(&other.url()).await;
    write(&mut one, "mine").await.unwrap();
    assert_eq!(notes(&mut one).await.unwrap(), ["mine"]);
    assert!(notes(&mut other).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_template_is_built_once_and_anew_for_other_roles() {
    let (one, _other) = tokio::join!(database(), database());
    let schema = Schema::of(&NOTES).trusting().roles("note_owner", "note");
    let renamed = one.postgres().database(&schema).await.unwrap();
    let mut note = connect(&renamed.url()).await;
    let user: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(&mut note)
        .await
        .unwrap();
    assert_eq!(user, "note");
    let templates = "SELECT count(*) FROM pg_database WHERE datname LIKE $1";
    assert_eq!(count(&one.admin_url(), templates, "template\\_%").await, 2);
}

#[tokio::test]
async fn a_database_goes_with_its_value_even_while_it_is_used() {
    let database = database().await;
    let (name, admin) = (
        database.name().to_owned(),
        database.postgres().admin_url("postgres"),
    );
    let mut user = connect(&database.url()).await;
    drop(database);
    let databases = "SELECT count(*) FROM pg_database WHERE datname = $1";
    let gone = async || count(&admin, databases, &name).await == 0;
    eventually(SOON, "the database is gone", gone)
        .await
        .unwrap();
    notes(&mut user).await.unwrap_err();
}

#[tokio::test]
async fn neither_role_can_do_more_than_it_should() {
    let database = database().await;
    let mighty = "SELECT count(*) FROM pg_roles WHERE rolname LIKE $1
         AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)";
    assert_eq!(count(&database.admin_url(), mighty, "retail\\_%").await, 0);
    let mut service = connect(&database.url()).await;
    for forbidden in [
        "CREATE TABLE more (id int)",
        "DROP TABLE note",
        "TRUNCATE note",
    ] {
        let error = service.execute(AssertSqlSafe(forbidden)).await.unwrap_err();
        let code = error
            .as_database_error()
            .and_then(|it| it.code().map(|it| it.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn the_service_is_under_row_level_security_and_the_owner_makes_tables() {
    let database = database().await;
    let mut owner = connect(&database.owner_url()).await;
    let hidden = "INSERT INTO note (tenant, text) VALUES ('other', 'hidden')";
    owner.execute(hidden).await.unwrap();
    owner.execute("CREATE TABLE later (id int)").await.unwrap();
    let mut service = connect(&database.url()).await;
    assert!(notes(&mut service).await.unwrap().is_empty());
    service
        .execute("INSERT INTO later VALUES (1)")
        .await
        .unwrap();
}

#[tokio::test]
async fn settings_reach_the_server() {
    let settings = PostgresSettings::durable()
        .connections_max(17)
        .with("work_mem", "9MB");
    let durable = Postgres::start(&settings).await.unwrap();
    let shared = Postgres::shared().await.unwrap();
    let shown = async |server: &Postgres| {
        let mut admin = connect(&server.admin_url("postgres")).await;
        let sql = "SELECT current_setting('fsync') || ' ' || current_setting('max_connections')
             || ' ' || current_setting('work_mem')";
        let shown: String = sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap();
        shown
    };
    assert_eq!(shown(&durable).await, "on 17 9MB");
    assert_eq!(shown(&shared).await, "off 200 4MB");
}

#[tokio::test]
async fn without_trust_a_role_may_do_only_what_a_migration_grants() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database(&Schema::of(&NOTES)).await.unwrap();
    for url in [database.url(), database.log_url(), database.scan_url()] {
        let mut role = connect(&url).await;
        notes(&mut role).await.unwrap_err();
        let mut owner = connect(&database.owner_url()).await;
        owner
            .execute(AssertSqlSafe("GRANT SELECT ON note TO PUBLIC"))
            .await
            .unwrap();
        assert!(notes(&mut role).await.unwrap().is_empty(), "{url}");
        owner
            .execute(AssertSqlSafe("REVOKE SELECT ON note FROM PUBLIC"))
            .await
            .unwrap();
    }
}
