//! The accept loop: connections with a limit on everything, TLS that can be exchanged, and an end.
//!
//! It is our own because a served connection has limits that frameworks leave open. **Invariant:**
//! when [`Server::run`] returns, nothing is accepted and no connection is left.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

mod connection;
mod peer;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod turnstile;

pub use peer::PeerIdentity;
pub use settings::{ServerSettings, TlsFiles};
pub use tls::{ServerTls, TlsError};

use connection::Connection;
use turnstile::Turnstile;

use crate::edge::Edge;
use crate::tasks::Shutdown;

/// How long to wait when the system has no descriptor left for a connection.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How long calls may take to finish once the end has come.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A bound socket, and all that it takes to serve on it.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<ServerTls>,
    turnstile: Turnstile,
    settings: ServerSettings,
}

impl Server {
    /// Binds the socket, so that a port that is taken stops the start and not the service.
    pub async fn bind(settings: &ServerSettings) -> Result<Self, ServerError> {
        let tls = settings.tls.as_ref().map(ServerTls::read).transpose()?;
        let at = |source| ServerError::Bind(settings.listen, source);
        let listener = TcpListener::bind(settings.listen).await.map_err(at)?;
        let address = listener.local_addr().map_err(at)?;
        Ok(Self {
            listener,
            address,
            tls,
            turnstile: Turnstile::new(settings.connections_max, settings.connections_per_peer),
            settings: settings.clone(),
        })
    }

    /// Where it listens; of interest where the port was left to the system.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What connections are encrypted with, to be exchanged while it serves.
    pub fn tls(&self) -> Option<ServerTls> {
        self.tls.clone()
    }

    /// Accepts until the end is requested, then lets connections finish, but not for long.
    pub async fn run(self, edge: Edge, shutdown: Shutdown) {
        let Self {
            listener,
            tls,
            turnstile,
            settings,
            ..
        } = self;
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.requested() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        if let Some(ticket) = turnstile.enter(from.ip()) {
                            let connection = Connection {
                                edge: edge.clone(),
                                tls: tls.clone(),
                                settings: settings.clone(),
                                from,
                                ticket,
                            };
                            connections.spawn(connection.serve(stream, shutdown.clone()));
                        }
                    }
                    Err(error) => back_off(&error).await,
                },
            }
        }
        drop(listener);
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!(connections = connections.len(), "connections cut off");
        }
    }
}

async fn back_off(error: &std::io::Error) {
    let error = error.to_string();
    tracing::warn!(error, "connection not accepted");
    tokio::time::sleep(BACK_OFF).await;
}

/// Says why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be had.
    #[error("cannot listen on {0}")]
    Bind(SocketAddr, #[source] std::io::Error),
    /// The files of TLS cannot be used.
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
}

/// Sets what the system leaves out: no waiting for more bytes, and a look at silent peers.
fn tune(stream: &TcpStream) -> std::io::Result<()> {
    const IDLE: Duration = Duration::from_secs(30);
    const PAUSE: Duration = Duration::from_secs(5);
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new().with_time(IDLE);
    let keepalive = keepalive.with_interval(PAUSE);
    socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
