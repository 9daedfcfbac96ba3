//! A network that fails: servers that die, fall silent, or move.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contracts::auth::WatchRevocationsRequest;
use contracts::auth::session_service_client::SessionServiceClient;
use testbed::{Direction, Proxy, eventually};
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::Address;
use super::*;
use crate::fault::Kind;

/// Three backends, each behind a proxy.
async fn three() -> (Vec<Backend>, Vec<Server>, Vec<Proxy>) {
    let (mut backends, mut servers, mut proxies) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let backend = Backend::default();
        let server = backend.serve().await;
        proxies.push(Proxy::to(server.address).await.unwrap());
        backends.push(backend);
        servers.push(server);
    }
    (backends, servers, proxies)
}

fn sockets(proxies: &[Proxy]) -> Vec<SocketAddr> {
    proxies.iter().map(Proxy::address).collect()
}

fn connections(peer: &Peer) -> usize {
    peer.snapshot()
        .endpoints
        .iter()
        .map(|it| it.connections)
        .sum()
}

async fn all_connected(peer: &Peer, expected: usize) {
    let connected = async || connections(peer) == expected;
    eventually(PATIENCE, "all addresses are connected", connected)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_shared_among_addresses() {
    let (backends, _servers, proxies) = three().await;
    let peer = peer_at(&sockets(&proxies), Retries::Elsewhere);
    read(&peer, within(900)).await.unwrap();
    all_connected(&peer, 3).await;
    for _ in 0..300 {
        read(&peer, within(900)).await.unwrap();
    }
    assert!(backends.iter().all(|it| it.calls() > 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_address_gets_less() {
    let (backends, _servers, proxies) = three().await;
    backends[0].delay(Duration::from_millis(200));
    let peer = peer_at(&sockets(&proxies), Retries::Elsewhere);
    read(&peer, within(900)).await.unwrap();
    all_connected(&peer, 3).await;
    let callers = (0..8).map(|_| async {
        for _ in 0..50 {
            read(&peer, within(900)).await.unwrap();
        }
    });
    futures_util::future::join_all(callers).await;
    let slow = backends[0].calls();
    assert!(
        slow * 5 < backends[1].calls() + backends[2].calls(),
        "{slow}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_address_costs_no_call_and_is_taken_back() {
    let (backends, _servers, proxies) = three().await;
    backends
        .iter()
        .for_each(|it| it.delay(Duration::from_millis(3)));
    let peer = peer_at(&sockets(&proxies), Retries::Here);
    read(&peer, within(900)).await.unwrap();
    all_connected(&peer, 3).await;
    let killed = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        proxies[0].cut();
    };
    let callers = (0..4).map(|_| async {
        for _ in 0..200 {
            read(&peer, within(900)).await.unwrap();
        }
    });
    tokio::join!(killed, futures_util::future::join_all(callers));
    all_connected(&peer, 2).await;
    let retries = peer.snapshot().retries;
    assert!(
        retries <= 12,
        "only what was under way is repeated: {retries}"
    );
    let before = backends[0].calls();
    proxies[0].heal();
    let taken_back = async || {
        read(&peer, within(900)).await.unwrap();
        backends[0].calls() > before
    };
    eventually(PATIENCE, "the address takes calls again", taken_back)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_beyond_the_deadline_for_an_address_that_swallows_everything() {
    let (backends, _servers, proxies) = three().await;
    let peer = peer_at(&sockets(&proxies), Retries::Elsewhere);
    read(&peer, within(900)).await.unwrap();
    all_connected(&peer, 3).await;
    proxies[0].silence(Direction::Both);
    let mut late = 0;
    for _ in 0..60 {
        let done = in_time(100, read(&peer, within(100))).await;
        late += usize::from(done.is_err_and(|it| it.kind() == Kind::Late));
    }
    assert!((1..=4).contains(&late), "it is left out soon: {late}");
    assert!(backends[1].calls() + backends[2].calls() > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_nobody_serves_fails_at_once_and_is_found_when_it_comes() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let peer = peer_at(&[address], Retries::Elsewhere);
    let began = Instant::now();
    for _ in 0..5 {
        let failure = read(&peer, within(900)).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Unavailable);
        assert_eq!(
            crate::fault::reason_of(failure.status()).unwrap(),
            "DEPENDENCY_UNAVAILABLE"
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    let backend = Backend::default();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder().add_service(backend.edge());
    let serving = tokio::spawn(server.serve_with_incoming(incoming));
    let found = async || read(&peer, within(900)).await;
    eventually(PATIENCE, "the peer answers", found)
        .await
        .unwrap();
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_come_and_go_with_their_list() {
    let (first, second) = (Backend::default(), Backend::default());
    let (old, new) = (first.serve().await, second.serve().await);
    let (list, watched) = watch::channel(vec![Address::of(old.address)]);
    let addresses = Addresses::watched(watched);
    let settings = NetworkSettings::default();
    let peer = Peer::over_network(&origin(Retries::Elsewhere), "auth", addresses, settings);
    read(&peer, within(900)).await.unwrap();
    list.send(vec![Address::of(old.address), Address::of(new.address)])
        .unwrap();
    let moved = async || {
        read(&peer, within(900)).await.unwrap();
        second.calls() > 0
    };
    eventually(PATIENCE, "the new address takes calls", moved)
        .await
        .unwrap();
    list.send(vec![Address::of(new.address)]).unwrap();
    let left = async || peer.snapshot().endpoints.len() == 1;
    eventually(PATIENCE, "the old address is gone", left)
        .await
        .unwrap();
    let before = first.calls();
    for _ in 0..20 {
        read(&peer, within(900)).await.unwrap();
    }
    assert_eq!(first.calls(), before);
    list.send(Vec::new()).unwrap();
    let gone = async || read(&peer, within(900)).await.is_err();
    eventually(PATIENCE, "nobody is there to call", gone)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_asked_for_again_and_a_new_address_is_found() {
    let (backends, _servers, proxies) = three().await;
    let known = Arc::new(AtomicUsize::new(1));
    let (sockets, asked) = (sockets(&proxies), Arc::clone(&known));
    let addresses = Addresses::asked(move || {
        let known = sockets.iter().take(asked.load(Ordering::SeqCst));
        known.copied().map(Address::of).collect()
    });
    let settings = NetworkSettings {
        resolve_every: Duration::from_millis(100),
        ..NetworkSettings::default()
    };
    let peer = Peer::over_network(&origin(Retries::Elsewhere), "auth", addresses, settings);
    read(&peer, within(900)).await.unwrap();
    known.store(3, Ordering::SeqCst);
    let found = async || {
        read(&peer, within(900)).await.unwrap();
        backends.iter().all(|it| it.calls() > 0)
    };
    eventually(PATIENCE, "all addresses take calls", found)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_does_not_share_the_connection_of_calls() {
    let backend = Backend::default();
    let server = backend.serve().await;
    backend.delay(Duration::from_secs(1));
    let peer = peer_at(&[server.address], Retries::Elsewhere);
    let mut client = SessionServiceClient::new(peer.for_call(within(900)));
    let opened = client
        .watch_revocations(WatchRevocationsRequest::default())
        .await;
    let mut messages = opened.unwrap().into_inner();
    assert!(messages.message().await.unwrap().is_some());
    all_connected(&peer, 2).await;
    assert_eq!(peer.snapshot().endpoints[0].in_flight, 1);
    drop(messages);
    assert_eq!(peer.snapshot().endpoints[0].in_flight, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_while_idle_costs_no_call() {
    let (_backends, _servers, proxies) = three().await;
    let peer = peer_at(&sockets(&proxies)[..1], Retries::Elsewhere);
    for round in 1..=5 {
        read(&peer, within(900)).await.unwrap();
        proxies[0].reset();
        let again = async || proxies[0].traffic().accepted > round;
        eventually(PATIENCE, "it is connected again", again)
            .await
            .unwrap();
    }
    read(&peer, within(900)).await.unwrap();
}
