//! Calls to a real server, over a network and in memory, and a network that fails.

mod backend;
mod both;
mod cost;
mod encrypted;
mod faulty;
mod gauges;
mod overload;

use std::net::SocketAddr;
use std::time::Duration;

use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::{ListRevocationsRequest, RevokeSessionsRequest};

use super::{
    Addresses, Credentials, Door, Failure, NetworkSettings, Onward, Origin, Outgoing, Peer, Retries,
};
use crate::contract::Contracts;
use crate::settings::Secret;
use crate::tasks::Tasks;
use backend::{Backend, Server};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

fn origin(retries: Retries) -> Origin {
    let token = Secret::new("token-of-order".to_owned());
    Origin {
        contracts: Contracts::built().unwrap(),
        credentials: Credentials::token(&token).unwrap(),
        tasks: Tasks::default(),
        retries,
    }
}

/// A peer at some addresses.
fn peer_at(sockets: &[SocketAddr], retries: Retries) -> Peer {
    let addresses = Addresses::fixed(sockets.iter().copied());
    Peer::over_network(
        &origin(retries),
        "auth",
        addresses,
        NetworkSettings::default(),
    )
}

/// One backend and a peer that reaches it over one of the two transports.
struct Rig {
    backend: Backend,
    peer: Peer,
    _server: Option<Server>,
}

/// Runs a test over both transports.
async fn over_both(retries: Retries, test: impl AsyncFn(Rig)) {
    let backend = Backend::default();
    let server = backend.serve().await;
    test(Rig {
        peer: peer_at(&[server.address], retries),
        backend,
        _server: Some(server),
    })
    .await;
    let backend = Backend::default();
    let door = Door::to(backend.edge());
    test(Rig {
        peer: Peer::in_memory(&origin(retries), "auth", &door),
        backend,
        _server: None,
    })
    .await;
}

fn within(milliseconds: u64) -> Onward {
    Onward::within(Duration::from_millis(milliseconds))
}

/// Waits for a call no longer than 50 ms after a timer of its deadline; how late timers are on a
/// busy machine is not held against it.
async fn in_time<T>(milliseconds: u64, call: impl Future<Output = T>) -> T {
    let mut call = std::pin::pin!(call);
    let deadline = Duration::from_millis(milliseconds);
    match tokio::time::timeout(deadline, &mut call).await {
        Ok(done) => done,
        Err(_) => {
            let more = tokio::time::timeout(Duration::from_millis(50), call);
            more.await.expect("a call outlives its deadline by 50 ms")
        }
    }
}

/// Makes a call that only reads.
async fn read(peer: &Peer, of: Onward) -> Result<(), Failure> {
    let message = ListRevocationsRequest::default();
    let send = |to: Outgoing, message: ListRevocationsRequest| async move {
        SessionServiceClient::new(to)
            .list_revocations(message)
            .await
    };
    peer.call(of, message, send).await.map(drop)
}

/// Makes a call that writes, under an id or none.
async fn write(peer: &Peer, request_id: &str) -> Result<(), Failure> {
    let message = RevokeSessionsRequest {
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    let send = |to: Outgoing, message: RevokeSessionsRequest| async move {
        SessionServiceClient::new(to).revoke_sessions(message).await
    };
    peer.call(within(2_000), message, send).await.map(drop)
}
