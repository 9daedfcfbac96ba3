//! Two doors on loopback: OTLP for exporters, HTTP for people and scripts.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use vocab::Clock;

use crate::answer::Problem;
use crate::api::{self, Desk};
use crate::memory::{Limits, Memory};
use crate::receiver;
use crate::ui::{BasePath, Ui};

/// Exports that one connection may have under way; an exporter sends one after the other.
const EXPORTS_MAX: usize = 8;
/// The longest that one export may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where to listen and what to keep.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where exporters send OTLP over gRPC.
    pub otlp: SocketAddr,
    /// Where the UI and its API are.
    pub http: SocketAddr,
    /// The folder that holds the files of the Jaeger UI.
    pub ui: PathBuf,
    /// The path below which the UI and its API are.
    pub base: BasePath,
    /// How much is kept.
    pub limits: Limits,
}

/// Why it cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Anybody who reaches it could read every trace.
    #[error("{0} can be reached from elsewhere: name an address on loopback, as 127.0.0.1")]
    NotLoopback(SocketAddr),
    /// Mostly because somebody listens there.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The OTLP door broke.
    #[error("the OTLP receiver ended")]
    Otlp(#[source] tonic::transport::Error),
    /// The HTTP door broke.
    #[error("the HTTP server ended")]
    Http(#[source] io::Error),
}

/// Listening, not yet serving.
#[derive(Debug)]
pub struct Server {
    otlp: TcpListener,
    http: TcpListener,
    addresses: [SocketAddr; 2],
    desk: Desk,
}

impl Server {
    /// Takes both ports; port 0 is any that is free.
    pub async fn bind(settings: Settings) -> Result<Self, ServerError> {
        let (otlp, otlp_at) = listen(settings.otlp).await?;
        let (http, http_at) = listen(settings.http).await?;
        let desk = Desk {
            memory: Arc::new(Memory::new(settings.limits)),
            clock: Clock::system(),
            ui: Arc::new(Ui::new(settings.ui, settings.base)),
        };
        Ok(Self {
            otlp,
            http,
            addresses: [otlp_at, http_at],
            desk,
        })
    }

    /// Where exporters send OTLP.
    pub fn otlp(&self) -> SocketAddr {
        let [otlp, _] = self.addresses;
        otlp
    }

    /// Where the UI is.
    pub fn http(&self) -> SocketAddr {
        let [_, http] = self.addresses;
        http
    }

    /// Serves until the future ends. What is under way is cut off then: memory goes anyway.
    pub async fn run(self, until: impl Future<Output = ()>) -> Result<(), ServerError> {
        let receiver = tonic::transport::Server::builder()
            .timeout(EXPORT_TIMEOUT)
            .concurrency_limit_per_connection(EXPORTS_MAX)
            .add_routes(receiver::routes(self.desk.memory.clone()))
            .serve_with_incoming(TcpListenerStream::new(self.otlp));
        let pages = axum::serve(self.http, pages(self.desk));
        tokio::select! {
            ended = receiver => ended.map_err(ServerError::Otlp),
            ended = async { pages.await } => ended.map_err(ServerError::Http),
            () = until => Ok(()),
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    if !address.ip().is_loopback() {
        return Err(ServerError::NotLoopback(address));
    }
    let failed = |source| ServerError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let taken = listener.local_addr().map_err(failed)?;
    Ok((listener, taken))
}

/// Everything below the base path, and the way there from above it.
fn pages(desk: Desk) -> Router {
    let below = Router::new()
        .nest("/api", api::routes())
        .route("/static/{name}", get(asset))
        .fallback(get(index));
    let base = desk.ui.base().to_owned();
    let Some(prefix) = base.strip_suffix('/').filter(|it| !it.is_empty()) else {
        return hardened(below.with_state(desk));
    };
    let to_base = base.clone();
    let above = Router::new()
        .nest(prefix, below)
        .route(&base, get(index)) // which the nest leaves out
        .route("/", get(async move || Redirect::temporary(&to_base)))
        .fallback(async move || {
            let said = format!("everything here is below {base}");
            Problem::new(StatusCode::NOT_FOUND, said)
        });
    hardened(above.with_state(desk))
}

/// No browser may take a file for what it is not.
fn hardened(router: Router) -> Router {
    router.layer(axum::middleware::map_response(
        async |mut response: Response| {
            let nosniff = HeaderValue::from_static("nosniff");
            response
                .headers_mut()
                .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
            response
        },
    ))
}

async fn index(State(desk): State<Desk>) -> Response {
    desk.ui.index().await
}

async fn asset(State(desk): State<Desk>, Path(name): Path<String>) -> Response {
    desk.ui.asset(&name).await
}
