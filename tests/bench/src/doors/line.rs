//! Callers of the flood: generated clients straight on HTTP/2 connections. What a client does
//! beside the call (reconnecting, queueing, timers) costs as much as the call, and twice what a
//! service can do must come from the processors that are left.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use contracts::inventory::inventory_service_client::InventoryServiceClient;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::body::Body;
use tower::Service;

use super::client::{PATIENCE, Tokens, asking, message, refused, spread};
use crate::load::{Refused, Target};
use crate::order::Order;

/// Connections, as many as others have.
const CONNECTIONS: usize = 4;
/// How much longer than it tells the server a caller waits, for a server that does not answer.
const MORE: Duration = Duration::from_secs(2);

/// One connection, as a generated client takes it.
#[derive(Clone)]
struct Line(SendRequest<Body>);

/// Reserves over such connections. They end with this value and its clones.
#[derive(Clone)]
pub struct Lines {
    clients: Arc<Vec<InventoryServiceClient<Line>>>,
    tokens: Tokens,
    _connections: Arc<JoinSet<()>>,
}

impl Lines {
    /// Connects.
    pub async fn connect(address: SocketAddr, tokens: &Tokens) -> anyhow::Result<Self> {
        let origin: Uri = format!("http://{address}").parse()?;
        let (mut clients, mut connections) = (Vec::new(), JoinSet::new());
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let builder = http2::Builder::new(TokioExecutor::new());
            let (line, connection) = builder.handshake(TokioIo::new(stream)).await?;
            connections.spawn(async move {
                // Those who call hear of its end.
                connection.await.ok();
            });
            let client = InventoryServiceClient::with_origin(Line(line), origin.clone());
            clients.push(client);
        }
        Ok(Self {
            clients: Arc::new(clients),
            tokens: Arc::clone(tokens),
            _connections: Arc::new(connections),
        })
    }
}

impl Target for Lines {
    async fn reserve(&self, order: Order) -> Result<(), Refused> {
        let request = asking(message(&order), &self.tokens, &order);
        let mut client = spread(&self.clients, &order)?.clone();
        let answer = timeout(PATIENCE + MORE, client.reserve_stock(request)).await;
        let answer = answer.map_err(|_| Refused {
            shed: false,
            why: "no answer".to_owned(),
        })?;
        answer.map(|_| ()).map_err(|it| refused(&it))
    }
}

impl Service<Request<Body>> for Line {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Response<Incoming>, hyper::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
