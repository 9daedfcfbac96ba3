//! One connection, from its first byte to its last.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tonic::body::Body;
use tower::Service;

use super::settings::ServerSettings;
use super::tls::ServerTls;
use super::turnstile::Ticket;
use super::{PeerIdentity, tune};
use crate::edge::Edge;
use crate::tasks::Shutdown;

/// How long a peer may take for its first bytes and for TLS.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// How often a silent peer is asked whether it is there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);
const PING_ANSWER: Duration = Duration::from_secs(10);
/// How much may be on its way to us, of one call and of all.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Resets of ours that a peer may cause before it is cut off. Calls that it gives up itself before
/// they are accepted may be as many as it may have under way: behind one connection stand many
/// callers, and when they lose patience together the others must not be cut off with them. They
/// hold no more memory than calls under way do.
const RESETS_LOCAL_MAX: usize = 1_024;
/// What may wait to be sent on one call.
const SEND_BUFFER: usize = 256 * 1024;

pub(super) struct Connection {
    pub edge: Edge,
    pub tls: Option<ServerTls>,
    pub settings: ServerSettings,
    pub from: SocketAddr,
    pub ticket: Ticket,
}

impl Connection {
    /// Serves until the peer goes, the connection is old, or the end has come.
    pub async fn serve(self, stream: TcpStream, shutdown: Shutdown) {
        let address = self.from;
        if let Err(error) = tune(&stream) {
            tracing::debug!(error = error.to_string(), "socket not tuned");
        }
        let Some(tls) = self.tls.clone() else {
            let mut byte = [0];
            let first = tokio::time::timeout(HANDSHAKE_MAX, stream.peek(&mut byte));
            let service = None;
            return match first.await {
                Ok(Ok(1)) => {
                    self.speak(stream, PeerIdentity { address, service }, shutdown)
                        .await
                }
                _ => tracing::debug!("peer said nothing"),
            };
        };
        let greeted = tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await;
        match greeted {
            Ok(Ok((stream, service))) => {
                self.speak(stream, PeerIdentity { address, service }, shutdown)
                    .await;
            }
            Ok(Err(error)) => tracing::debug!(error = error.to_string(), "TLS failed"),
            Err(_) => tracing::debug!("TLS took too long"),
        }
    }

    async fn speak<S>(self, stream: S, peer: PeerIdentity, shutdown: Shutdown)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Self {
            edge,
            settings,
            ticket: _ticket,
            ..
        } = self;
        let service = service_fn(|request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer.clone());
            edge.clone().call(request)
        });
        let connection = builder(settings.streams_max);
        let mut connection = pin!(connection.serve_connection(TokioIo::new(stream), service));
        let old = async {
            tokio::select! {
                () = shutdown.requested() => {}
                () = tokio::time::sleep(settings.age_max) => {}
            }
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = old => {
                // The peer hears that it is over, and what is under way may finish.
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = error.to_string(), "connection broke");
        }
    }
}

fn builder(streams_max: u32) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams_max)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(crate::edge::HEADER_BYTES_MAX)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING_ANSWER)
        .max_pending_accept_reset_streams(usize::try_from(streams_max).ok())
        .max_local_error_reset_streams(RESETS_LOCAL_MAX)
        .max_send_buf_size(SEND_BUFFER);
    builder
}
