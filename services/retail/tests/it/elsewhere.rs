//! Parts that run elsewhere are used, and neither started nor ended.

use std::path::Path;

use sqlx::{Connection, Executor, PgConnection, Row};
use testbed::{Nats, NatsSettings, Postgres, PostgresSettings};

use crate::bed::{Bed, RETAIL, ran};

#[tokio::test]
async fn a_postgres_and_a_nats_of_somebody_else_are_prepared_and_left_running() {
    let postgres = Postgres::start(&PostgresSettings::default()).await.unwrap();
    let nats = Nats::start(&NatsSettings::default()).await.unwrap();
    let bed = Bed::fresh();
    let given = |arguments: &[&str]| {
        let mut command = bed.command(Path::new(RETAIL));
        command.env("DATABASE_URL", postgres.admin_url("postgres"));
        ran(command.env("NATS_URL", nats.url()).args(arguments))
    };
    let up = given(&["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    assert!(up.output.contains("as DATABASE_URL says") && up.output.contains("as NATS_URL says"));
    let parts: Vec<String> = bed
        .parts()
        .iter()
        .map(|it| it["part"].to_string())
        .collect();
    assert!(
        !parts
            .iter()
            .any(|it| it.contains("postgres") || it.contains("nats")),
        "{parts:?}"
    );
    let mut admin = PgConnection::connect(&postgres.admin_url("postgres"))
        .await
        .unwrap();
    let count = "SELECT count(*) FROM pg_database WHERE datname IN ('catalog', 'order')";
    let row = admin.fetch_one(count).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 2);
    admin.close().await.unwrap();
    assert_eq!(given(&["down"]).code, 0);
    assert!(postgres.pid().is_some() && nats.pid().is_some());
}
