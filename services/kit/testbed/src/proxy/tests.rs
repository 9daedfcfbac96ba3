//! Every fault is seen by a client of an echo, and ends when it is healed.

use std::io::ErrorKind;
use std::num::NonZeroU32;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{Direction, Proxy, Traffic};
use crate::eventually;

const SOON: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_millis(100);

/// A server that sends back what it is sent, and a proxy in front of it.
struct Echo {
    proxy: Proxy,
    _server: JoinSet<()>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::to(listener.local_addr().unwrap()).await.unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                clients.spawn(async move {
                    let (mut reads, mut writes) = stream.split();
                    tokio::io::copy(&mut reads, &mut writes).await
                });
            }
        });
        Self {
            proxy,
            _server: server,
        }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.proxy.address()).await.unwrap()
    }
}

async fn echoes(client: &mut TcpStream, text: &str) -> std::io::Result<()> {
    client.write_all(text.as_bytes()).await?;
    let mut echo = vec![0; text.len()];
    client.read_exact(&mut echo).await?;
    assert_eq!(echo, text.as_bytes());
    Ok(())
}

#[tokio::test]
async fn bytes_pass_both_ways_and_are_counted() {
    let echo = Echo::start().await;
    let mut client = echo.client().await;
    echoes(&mut client, "twelve bytes").await.unwrap();
    let expected = Traffic {
        accepted: 1,
        open: 1,
        to_server_bytes: 12,
        to_client_bytes: 12,
    };
    let counted = async || echo.proxy.traffic() == expected;
    eventually(SOON, "all is counted", counted).await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
    let closed = async || echo.proxy.traffic().open == 0;
    eventually(SOON, "the connection is closed", closed)
        .await
        .unwrap();
}

#[tokio::test]
async fn latency_delays_each_way_and_does_not_add_up() {
    let echo = Echo::start().await;
    let mut client = echo.client().await;
    let latency = Duration::from_millis(40);
    echo.proxy.latency(latency);
    let begun = Instant::now();
    echoes(&mut client, "x").await.unwrap();
    assert!(begun.elapsed() >= latency * 2);
    let begun = Instant::now();
    echoes(&mut client, &"x".repeat(400_000)).await.unwrap();
    assert!(begun.elapsed() < latency * 50, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_narrow_band_takes_its_time_until_it_is_widened() {
    let echo = Echo::start().await;
    let mut client = echo.client().await;
    echo.proxy.bandwidth(NonZeroU32::new(100_000).unwrap());
    let begun = Instant::now();
    echoes(&mut client, &"x".repeat(20_000)).await.unwrap();
    assert!(
        begun.elapsed() >= Duration::from_millis(150),
        "{:?}",
        begun.elapsed()
    );
    echo.proxy.heal();
    let begun = Instant::now();
    echoes(&mut client, &"x".repeat(200_000)).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_reset_breaks_open_connections_and_no_new_one() {
    let echo = Echo::start().await;
    let mut client = echo.client().await;
    echoes(&mut client, "before").await.unwrap();
    echo.proxy.reset();
    let error = client.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    echoes(&mut echo.client().await, "after").await.unwrap();
}

#[tokio::test]
async fn a_cut_resets_all_until_it_is_healed() {
    let echo = Echo::start().await;
    let mut client = echo.client().await;
    echoes(&mut client, "before").await.unwrap();
    echo.proxy.cut();
    let error = client.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let refused = echoes(&mut echo.client().await, "meanwhile")
        .await
        .unwrap_err();
    assert!(matches!(
        refused.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    ));
    echo.proxy.heal();
    echoes(&mut echo.client().await, "after").await.unwrap();
}

#[tokio::test]
async fn silence_holds_back_one_way_alone_and_healing_delivers() {
    let echo = Echo::start().await;
    for direction in [Direction::ToServer, Direction::ToClient, Direction::Both] {
        let before = echo.proxy.traffic();
        echo.proxy.silence(direction);
        // One that comes now is accepted all the same.
        let mut client = echo.client().await;
        timeout(SILENCE, echoes(&mut client, "held"))
            .await
            .unwrap_err();
        let after = echo.proxy.traffic();
        let passed = after.to_server_bytes - before.to_server_bytes;
        assert_eq!(
            passed,
            if direction == Direction::ToClient {
                4
            } else {
                0
            }
        );
        assert_eq!(after.to_client_bytes, before.to_client_bytes);
        echo.proxy.heal();
        let mut held = [0; 4];
        timeout(SOON, client.read_exact(&mut held))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&held, b"held");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_resets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let proxy = Proxy::to(address).await.unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let error = client.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn connections_end_with_the_proxy() {
    let echo = Echo::start().await;
    let mut client = echo.client().await;
    echoes(&mut client, "before").await.unwrap();
    drop(echo.proxy);
    let ended = timeout(SOON, client.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
}
