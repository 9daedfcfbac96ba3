//! Makes one connection: TCP, TLS where it is asked for, HTTP/2 with pings that notice the dead.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2;
use hyper::rt::{Executor, Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{InvalidDnsNameError, ServerName};

use super::endpoint::Line;
use super::network::NetworkSettings;
use super::resolve::Address;

/// How often a connection is asked whether it is alive, and how long it may take to say so.
const PING: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(5));
/// What one answer may have on its way before it is read, and all answers of a connection.
const WINDOWS: (u32, u32) = (256 * 1024, 1024 * 1024);
/// How many calls that were given up are remembered for their late answers. One that comes after it
/// was forgotten counts as a mistake of the peer, and after some of those the connection ends.
const GIVEN_UP_MAX: usize = 4_096;
/// The longest headers of an answer that are taken.
const HEADERS_MAX: u32 = 16 * 1024;

/// Says why there is no connection.
#[derive(Debug, Error)]
pub(super) enum DialError {
    #[error("no connection within {0:?}")]
    Late(Duration),
    #[error("the connection is refused")]
    Refused(#[from] io::Error),
    #[error("the host is no name that a certificate could have")]
    Host(#[from] InvalidDnsNameError),
    #[error("the peer does not speak HTTP/2")]
    Http2(#[from] hyper::Error),
}

/// Connects to an address. `ended` is told when the connection is gone.
pub(super) async fn dial(
    address: &Address,
    settings: &NetworkSettings,
    ended: Arc<Notify>,
) -> Result<Line, DialError> {
    let limit = settings.connect_timeout;
    let dialled = tokio::time::timeout(limit, connect(address, settings, ended)).await;
    dialled.unwrap_or(Err(DialError::Late(limit)))
}

async fn connect(
    address: &Address,
    settings: &NetworkSettings,
    ended: Arc<Notify>,
) -> Result<Line, DialError> {
    let tcp = TcpStream::connect(address.socket).await?;
    tcp.set_nodelay(true)?;
    let Some(tls) = &settings.tls else {
        return speak(TokioIo::new(tcp), ended).await;
    };
    let host = ServerName::try_from(address.host.to_string())?;
    let encrypted = TlsConnector::from(tls.config()).connect(host, tcp).await?;
    speak(TokioIo::new(encrypted), ended).await
}

async fn speak<T>(io: T, ended: Arc<Notify>) -> Result<Line, DialError>
where
    T: Read + Write + Unpin + Send + 'static,
{
    let (line, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_header_list_size(HEADERS_MAX)
        .max_concurrent_reset_streams(GIVEN_UP_MAX)
        .handshake(io)
        .await?;
    // It lives as long as somebody holds the line or waits for an answer on it, also beyond the
    // keeper's end, and no longer than the pings are answered.
    TokioExecutor::new().execute(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %error, "connection to a peer ended");
        }
        ended.notify_one();
    });
    Ok(line)
}
