//! Postgres and NATS behind a proxy: a query hangs in silence, breaks at a reset, and heals.

use std::time::Duration;

use testbed::{Direction, Proxy, eventually};
use tokio::time::timeout;

use crate::SOON;
use crate::databases::{connect, database, notes, write};

const SILENCE: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_query_hangs_on_a_half_open_connection_until_it_heals() {
    let database = database().await;
    let proxy = Proxy::to(database.postgres().address()).await.unwrap();
    let mut connection = connect(&database.url_through(proxy.address())).await;
    write(&mut connection, "before").await.unwrap();
    proxy.silence(Direction::ToClient);
    {
        let mut answer = Box::pin(write(&mut connection, "unheard"));
        timeout(SILENCE, &mut answer).await.unwrap_err();
        // The server has done its part; only the answer is kept back.
        let mut direct = connect(&database.url()).await;
        let written = async || notes(&mut direct).await.is_ok_and(|it| it.len() == 2);
        eventually(SOON, "the row is there", written).await.unwrap();
        proxy.heal();
        timeout(SOON, answer).await.unwrap().unwrap();
    }
    assert_eq!(notes(&mut connection).await.unwrap(), ["before", "unheard"]);
}

#[tokio::test]
async fn a_reset_breaks_a_connection_to_postgres_and_a_new_one_works() {
    let database = database().await;
    let proxy = Proxy::to(database.postgres().address()).await.unwrap();
    let mut connection = connect(&database.url_through(proxy.address())).await;
    proxy.reset();
    write(&mut connection, "lost").await.unwrap_err();
    let mut connection = connect(&database.url_through(proxy.address())).await;
    write(&mut connection, "kept").await.unwrap();
    assert_eq!(notes(&mut connection).await.unwrap(), ["kept"]);
    assert_eq!(proxy.traffic().accepted, 2);
}

#[tokio::test]
async fn a_server_may_restart_behind_the_proxy() {
    let nats = testbed::Nats::start(&testbed::NatsSettings::default())
        .await
        .unwrap();
    let proxy = Proxy::to(nats.address()).await.unwrap();
    let url = format!("nats://{}", proxy.address());
    async_nats::connect(&url).await.unwrap();
    nats.kill().unwrap();
    async_nats::connect(&url).await.unwrap_err();
    nats.restart().await.unwrap();
    async_nats::connect(&url).await.unwrap();
}
