//! A peer behind a network: several addresses, a few connections to each, kept by one task.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Request, Response, Uri};
use tokio::sync::{Notify, watch};
use tonic::Status;
use tonic::body::Body;

use super::balance;
use super::endpoint::{Endpoint, EndpointSnapshot, Line, Load};
use super::failure;
use super::keeper::{self, Keeper};
use super::resolve::Addresses;
use super::tls::ClientTls;
use super::trial::Trial;
use crate::tasks::Tasks;

/// Connections that end just as a request goes out are replaced so many times.
const SENDS_MAX: u32 = 4;

/// Calls and streams do not share connections: a watch that is slow to read holds nobody up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Calls,
    Streams,
}

impl Lane {
    pub(super) const ALL: [Self; 2] = [Self::Calls, Self::Streams];
}

/// How connections are made.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// How long a connection may take to come about, TLS included.
    pub connect_timeout: Duration,
    /// Connections for calls to each address.
    pub connections: usize,
    /// How often names are looked up again.
    pub resolve_every: Duration,
    /// With TLS, or in clear.
    pub tls: Option<ClientTls>,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(1),
            connections: 1,
            resolve_every: Duration::from_secs(5),
            tls: None,
        }
    }
}

/// What the keeper shares with those who call.
#[derive(Debug, Default)]
pub(super) struct Board {
    pub endpoints: ArcSwap<Vec<Arc<Endpoint>>>,
    /// Asks the keeper to look after the connections.
    pub nudge: Arc<Notify>,
}

/// Reaches a peer at whichever of its addresses is best.
#[derive(Debug)]
pub(super) struct Network {
    board: Arc<Board>,
    /// Changes with every dial that ends; closed when nobody dials any more.
    news: watch::Receiver<keeper::News>,
}

impl Network {
    pub(super) fn start(
        tasks: &Tasks,
        name: &'static str,
        addresses: Addresses,
        settings: NetworkSettings,
    ) -> Self {
        let board = Arc::<Board>::default();
        let news = Keeper::start(tasks, name, Arc::clone(&board), (addresses, settings));
        Self { board, news }
    }

    /// Sends a request and waits for the head of the answer. A connection that turns out to be
    /// gone before anything was sent is replaced, whatever the request is.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
        lane: Lane,
        trial: &mut Trial,
    ) -> Result<Response<Body>, Status> {
        let peer = trial.peer();
        let mut sends = 0;
        loop {
            sends += 1;
            let seat = self.seat(lane).await;
            let (endpoint, mut line) = seat.map_err(|it| failure::unreachable(peer, it))?;
            trial.carried_by(Load::on(&endpoint));
            address(&mut request, endpoint.origin());
            let mut error = match line.try_send_request(request).await {
                Ok(response) => return Ok(response.map(Body::new)),
                Err(error) => error,
            };
            let unsent = error.take_message().filter(|_| sends < SENDS_MAX);
            let Some(unsent) = unsent else {
                return Err(failure::unreachable(peer, error.into_error()));
            };
            request = unsent;
        }
    }

    pub(super) fn snapshot(&self) -> Vec<EndpointSnapshot> {
        let endpoints = self.board.endpoints.load();
        endpoints.iter().map(|it| it.snapshot()).collect()
    }

    /// An open connection; waits for one only while one is being made.
    async fn seat(&self, lane: Lane) -> Result<(Arc<Endpoint>, Line), String> {
        let mut news = self.news.clone();
        loop {
            let latest = news.borrow_and_update().clone();
            let endpoints = self.board.endpoints.load_full();
            let asked = endpoints.iter().filter(|it| it.want(lane)).count();
            if let Some(seat) = balance::pick(&endpoints, lane) {
                if asked > 0 {
                    self.board.nudge.notify_one();
                }
                return Ok(seat);
            }
            self.board.nudge.notify_one();
            if let Some(why) = latest.filter(|_| asked == 0) {
                return Err(why.to_string());
            }
            if news.changed().await.is_err() {
                return Err("the service ends".to_owned());
            }
        }
    }
}

/// Puts the origin in front of the path.
fn address(request: &mut Request<Body>, origin: &Uri) {
    let mut parts = origin.clone().into_parts();
    parts.path_and_query = request.uri().path_and_query().cloned();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}
