//! A database of a test's own, journals on it, and what the tables say afterwards.

use std::sync::Arc;
use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::fault::Fault;
use chassis::tasks::{Ending, Tasks};
use journal::{Journal, Report, Settings, Submission, Verify};
use opentelemetry::global;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use testbed::{Database, Postgres, PostgresSettings, Schema};
use uuid::Uuid;
use vocab::TenantId;

use crate::SOON;
use crate::stockroom::{Answer, Command, SCHEMA, Stockroom};

pub const METHOD: &str = "retail.stockroom.v1.StockroomService/Change";

/// One process: a journal and its tasks.
#[derive(Clone)]
pub struct Process {
    pub journal: Journal<Stockroom>,
    pub tasks: Tasks,
    pub settings: Settings,
}

pub async fn database() -> Database {
    let postgres = Postgres::shared().await.unwrap();
    postgres.database(&Schema::of(&SCHEMA)).await.unwrap()
}

/// A database on a server of its own, to be broken or to be counted on.
pub async fn own_database(settings: &PostgresSettings) -> Database {
    let postgres = Postgres::start(settings).await.unwrap();
    postgres.database(&Schema::of(&SCHEMA)).await.unwrap()
}

pub fn settings(url: &str) -> Settings {
    Settings::of("stockroom", url).unwrap()
}

pub fn open(settings: Settings) -> Process {
    let tasks = Tasks::default();
    let meter = global::meter("test");
    let journal = Journal::open(Stockroom, Stockroom, settings.clone(), &tasks, &meter).unwrap();
    Process {
        journal,
        tasks,
        settings,
    }
}

pub fn process(database: &Database) -> Process {
    open(settings(&database.url()))
}

pub fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

pub fn submission(tenant: TenantId) -> Submission {
    let deadline = Deadline::within(SOON);
    let mut submission = Submission::of_service("tests", tenant, METHOD, deadline);
    submission.correlation = "correlation".to_owned();
    submission.causation = "causation".to_owned();
    submission
}

/// A submission of a request whose body is named by a number.
pub fn request(tenant: TenantId, id: u128, body: u8) -> Submission {
    submission(tenant).attempt(Uuid::from_u128(id), [body; 32])
}

impl Process {
    pub async fn run(&self, tenant: TenantId, command: Command) -> Result<Answer, Fault> {
        self.journal.submit(submission(tenant), command).await
    }

    pub async fn stock(&self, tenant: TenantId, sku: &str, quantity: i64) {
        let stock = Command::Stock(sku.to_owned(), quantity);
        self.run(tenant, stock).await.unwrap();
    }

    pub async fn end(&self) {
        let late = self
            .tasks
            .end(&Ending::within(Duration::from_secs(10)))
            .await;
        assert!(late.is_empty(), "{late:?}");
    }
}

pub fn hold(id: u128, lines: &[(&str, i64)]) -> Command {
    let lines = lines.iter().map(|(sku, it)| ((*sku).to_owned(), *it));
    Command::Hold(Uuid::from_u128(id), lines.collect())
}

pub fn reason(fault: &Fault) -> &'static str {
    fault.reason().name
}

pub async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// Asks for one number as the role that may do everything.
pub async fn number(database: &Database, sql: &str) -> i64 {
    let mut admin = connect(&database.admin_url()).await;
    let sql = AssertSqlSafe(Arc::<str>::from(sql));
    let row = sqlx::query(sql).fetch_one(&mut admin).await.unwrap();
    row.get(0)
}

pub async fn execute(database: &Database, sql: &str) {
    let mut admin = connect(&database.admin_url()).await;
    let sql = AssertSqlSafe(Arc::<str>::from(sql));
    sqlx::raw_sql(sql).execute(&mut admin).await.unwrap();
}

/// Folds everything anew and compares.
pub async fn verify(database: &Database) -> Report {
    let mut log = connect(&database.log_url()).await;
    let verify = Verify::new(&Stockroom, &Stockroom).unwrap();
    verify.run(&mut log).await.unwrap()
}

pub async fn assert_whole(database: &Database) {
    let report = verify(database).await;
    assert_eq!(report.differences, []);
}
