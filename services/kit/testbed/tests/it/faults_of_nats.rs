//! A broker that is killed keeps what it acknowledged; one that loses its disk forgets it.

use std::time::Duration;

use async_nats::jetstream::{self, Context, context::GetStreamErrorKind};
use testbed::{Nats, NatsSettings};
use tokio::time::timeout;

use crate::SOON;

const STREAM: &str = "NOTES";

async fn jetstream(nats: &Nats) -> Context {
    jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

/// Starts a broker with one acknowledged message.
async fn with_message(settings: &NatsSettings) -> Nats {
    let nats = Nats::start(settings).await.unwrap();
    let jetstream = jetstream(&nats).await;
    let config = jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["notes.>".to_owned()],
        ..Default::default()
    };
    jetstream.create_stream(config).await.unwrap();
    let ack = jetstream.publish("notes.one", "kept".into()).await.unwrap();
    assert_eq!(ack.await.unwrap().sequence, 1);
    nats
}

async fn message(nats: &Nats) -> String {
    let stream = jetstream(nats).await.get_stream(STREAM).await.unwrap();
    let message = stream.get_raw_message(1).await.unwrap();
    String::from_utf8(message.payload.to_vec()).unwrap()
}

/// Says whether the broker answers that it knows no such stream.
async fn is_stream_gone(nats: &Nats) -> bool {
    let unknown = jetstream::ErrorCode::STREAM_NOT_FOUND;
    match jetstream(nats).await.get_stream(STREAM).await {
        Ok(_) => false,
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(error) => error.error_code() == unknown,
            _ => false,
        },
    }
}

#[tokio::test]
async fn an_acknowledged_message_outlives_kill() {
    for settings in [
        NatsSettings::default(),
        NatsSettings::default().sync_always(),
    ] {
        let nats = with_message(&settings).await;
        let address = nats.address();
        nats.kill().unwrap();
        tokio::net::TcpStream::connect(address).await.unwrap_err();
        nats.restart().await.unwrap();
        assert_eq!(nats.address(), address);
        assert_eq!(message(&nats).await, "kept");
    }
}

#[tokio::test]
async fn a_stream_is_gone_when_the_disk_is_dropped_while_the_broker_is_down() {
    let nats = with_message(&NatsSettings::default()).await;
    nats.stop().await.unwrap();
    nats.drop_disk().await.unwrap();
    nats.restart().await.unwrap();
    assert!(is_stream_gone(&nats).await);
}

#[tokio::test]
async fn a_stream_is_gone_when_the_disk_is_dropped_while_the_broker_runs() {
    let nats = with_message(&NatsSettings::default()).await;
    nats.drop_disk().await.unwrap();
    assert!(!nats.folder().join("store").exists());
    nats.kill().unwrap();
    nats.restart().await.unwrap();
    assert!(is_stream_gone(&nats).await);
}

#[tokio::test]
async fn a_paused_broker_is_silent_and_answers_when_it_resumes() {
    let nats = with_message(&NatsSettings::default()).await;
    let jetstream = jetstream(&nats).await;
    nats.pause().unwrap();
    let ack = jetstream.publish("notes.two", "late".into()).await.unwrap();
    let mut ack = Box::pin(ack.into_future());
    timeout(Duration::from_millis(200), &mut ack)
        .await
        .unwrap_err();
    nats.resume().unwrap();
    assert_eq!(timeout(SOON, ack).await.unwrap().unwrap().sequence, 2);
}

#[tokio::test]
async fn a_broker_takes_users_and_keeps_strangers_out() {
    let users = "authorization { users = [
        { user: relay, password: secret, permissions: { publish: [\"notes.>\"] } }
    ] }";
    let nats = Nats::start(&NatsSettings::default().config(users))
        .await
        .unwrap();
    async_nats::connect(nats.url()).await.unwrap_err();
    let options =
        async_nats::ConnectOptions::with_user_and_password("relay".to_owned(), "secret".to_owned());
    options.connect(nats.url()).await.unwrap();
}

#[tokio::test]
async fn the_choice_to_sync_reaches_the_broker() {
    for (settings, expected) in [
        (NatsSettings::default(), false),
        (NatsSettings::default().sync_always(), true),
    ] {
        let nats = Nats::start(&settings).await.unwrap();
        assert_eq!(
            monitored(&nats, "/jsz")
                .await
                .contains("\"sync_always\": true"),
            expected
        );
    }
}

/// Asks the broker's own page, in plain HTTP.
async fn monitored(nats: &Nats, page: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(nats.monitor())
        .await
        .unwrap();
    let question = format!("GET {page} HTTP/1.0\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_shared_broker_is_one() {
    let (one, other) = tokio::join!(Nats::shared(), Nats::shared());
    assert_eq!(one.unwrap().address(), other.unwrap().address());
}
