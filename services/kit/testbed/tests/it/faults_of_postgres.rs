//! A Postgres that is killed, paused and stopped comes back with what it had promised.

use sqlx::Connection;
use testbed::{Error, Postgres, PostgresSettings, Schema, eventually};
use tokio::time::timeout;

use crate::SOON;
use crate::databases::{NOTES, connect, notes, write};

const SILENCE: std::time::Duration = std::time::Duration::from_millis(200);

#[tokio::test]
async fn a_committed_row_outlives_kill_and_an_open_transaction_does_not() {
    let postgres = Postgres::start(&PostgresSettings::durable()).await.unwrap();
    let database = postgres
        .database(&Schema::of(&NOTES).trusting())
        .await
        .unwrap();
    let (mut one, mut other) = (
        connect(&database.url()).await,
        connect(&database.url()).await,
    );
    write(&mut one, "committed").await.unwrap();
    let mut open = other.begin().await.unwrap();
    write(&mut open, "open").await.unwrap();
    let (address, pid) = (postgres.address(), postgres.pid());

    postgres.kill().unwrap();
    assert_eq!(postgres.pid(), None);
    notes(&mut one).await.unwrap_err();
    sqlx::PgConnection::connect(&database.url())
        .await
        .unwrap_err();

    postgres.restart().await.unwrap();
    assert_eq!(postgres.address(), address);
    assert_ne!(postgres.pid(), pid);
    assert_eq!(
        notes(&mut connect(&database.url()).await).await.unwrap(),
        ["committed"]
    );
    assert!(postgres.log().contains("was not properly shut down"));
}

#[tokio::test]
async fn a_paused_server_is_silent_and_answers_when_it_resumes() {
    let postgres = Postgres::start(&PostgresSettings::default()).await.unwrap();
    let database = postgres
        .database(&Schema::of(&NOTES).trusting())
        .await
        .unwrap();
    let mut connection = connect(&database.url()).await;
    postgres.pause().unwrap();
    {
        let mut answer = Box::pin(write(&mut connection, "late"));
        timeout(SILENCE, &mut answer).await.unwrap_err();
        postgres.resume().unwrap();
        timeout(SOON, answer).await.unwrap().unwrap();
    }
    assert_eq!(notes(&mut connection).await.unwrap(), ["late"]);
}

#[tokio::test]
async fn a_stopped_server_ends_in_good_order_and_what_is_down_says_so() {
    let postgres = Postgres::start(&PostgresSettings::default()).await.unwrap();
    let database = postgres
        .database(&Schema::of(&NOTES).trusting())
        .await
        .unwrap();
    write(&mut connect(&database.url()).await, "kept")
        .await
        .unwrap();
    // A paused one is woken first.
    postgres.pause().unwrap();
    postgres.stop().await.unwrap();
    assert!(postgres.log().contains("database system is shut down"));
    assert!(matches!(
        postgres.kill(),
        Err(Error::NotRunning("postgres"))
    ));
    assert!(matches!(
        postgres.pause(),
        Err(Error::NotRunning("postgres"))
    ));
    postgres.restart().await.unwrap();
    assert_eq!(
        notes(&mut connect(&database.url()).await).await.unwrap(),
        ["kept"]
    );
    // A second restart of what runs changes nothing.
    let pid = postgres.pid();
    postgres.restart().await.unwrap();
    assert_eq!(postgres.pid(), pid);
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_its_log() {
    let settings = PostgresSettings::default().with("no_such_parameter", "1");
    let Err(error) = Postgres::start(&settings).await else {
        panic!("it started");
    };
    let text = error.to_string();
    assert!(text.starts_with("postgres ended: exit status: 1"), "{text}");
    assert!(
        text.contains("unrecognized configuration parameter"),
        "{text}"
    );
}

#[tokio::test]
async fn a_server_ends_with_its_last_copy_and_leaves_nothing() {
    let postgres = Postgres::start(&PostgresSettings::default()).await.unwrap();
    let (address, folder) = (postgres.address(), postgres.folder().to_owned());
    let copy = postgres.clone();
    drop(postgres);
    connect(&copy.admin_url("postgres")).await;
    assert!(folder.join("data").is_dir());
    drop(copy);
    assert!(!folder.exists());
    let refused = async || tokio::net::TcpStream::connect(address).await.is_err();
    eventually(SOON, "nobody listens", refused).await.unwrap();
}
