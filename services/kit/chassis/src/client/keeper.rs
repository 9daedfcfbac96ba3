//! Keeps the connections of one peer: looks names up, dials, and dials again with growing pauses.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::Uri;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::chance;
use super::dial::{DialError, dial};
use super::endpoint::{Endpoint, Line};
use super::network::{Board, Lane, NetworkSettings};
use super::resolve::{Address, Addresses};
use crate::fault;
use crate::tasks::{OnFailure, OnShutdown, TaskResult, Tasks};

/// Names are not looked up more often than this, however much is lost.
const LOOKUP_PAUSE: Duration = Duration::from_millis(500);
/// A keeper that panics begins anew after this.
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_millis(100),
    pause_max: Duration::from_secs(5),
};
/// When nothing is due, it waits for news all the same, and looks once in a while.
const IDLE: Duration = Duration::from_secs(60);

/// Why nobody is connected, or nothing while there is hope.
pub(super) type News = Option<Arc<str>>;

type Dialled = (Arc<Endpoint>, Lane, Result<Line, DialError>);
type Dialling = Pin<Box<dyn Future<Output = Dialled> + Send>>;

/// The task behind a peer on the network.
pub(super) struct Keeper {
    name: &'static str,
    board: Arc<Board>,
    settings: NetworkSettings,
    news: watch::Sender<News>,
    /// Tells that a connection was lost or not made, so that names are looked up.
    lost: Notify,
}

impl Keeper {
    /// Starts the task. Its news end with it.
    pub(super) fn start(
        tasks: &Tasks,
        name: &'static str,
        board: Arc<Board>,
        (addresses, settings): (Addresses, NetworkSettings),
    ) -> watch::Receiver<News> {
        let (news, received) = watch::channel(None);
        tasks.spawn("peer keeper", RESTART, OnShutdown::Abort, move |_| {
            let keeper = Self {
                name,
                board: Arc::clone(&board),
                settings: settings.clone(),
                news: news.clone(),
                lost: Notify::new(),
            };
            keeper.run(addresses.clone())
        });
        received
    }

    async fn run(self, addresses: Addresses) -> TaskResult {
        tokio::select! {
            () = self.resolve(addresses) => (),
            () = self.connect() => (),
            // The last clone of the peer is gone.
            () = self.news.closed() => (),
        }
        Ok(())
    }

    async fn resolve(&self, mut addresses: Addresses) {
        loop {
            match addresses.resolve().await {
                Ok(found) => self.take_over(found),
                Err(error) => self.unresolved(&error),
            }
            let every = self.settings.resolve_every;
            let pause = every + chance::up_to(every / 5);
            tokio::select! {
                () = tokio::time::sleep(pause) => (),
                () = addresses.changed() => (),
                () = async {
                    self.lost.notified().await;
                    tokio::time::sleep(LOOKUP_PAUSE).await;
                } => (),
            }
        }
    }

    /// Addresses that stay keep their connections; those of others end when they are not needed.
    fn take_over(&self, found: BTreeSet<Address>) {
        let known = self.board.endpoints.load_full();
        if known.iter().map(|it| it.address()).eq(&found) && !found.is_empty() {
            return;
        }
        let endpoint = |address: Address| {
            let kept = known.iter().find(|it| *it.address() == address);
            kept.map_or_else(|| self.endpoint(address), |it| Some(Arc::clone(it)))
        };
        let endpoints: Vec<_> = found.into_iter().filter_map(endpoint).collect();
        let hope = (endpoints.is_empty()).then(|| Arc::from("no address of it is known"));
        tracing::info!(
            peer.name = self.name,
            addresses = endpoints.len(),
            "addresses of a peer changed"
        );
        self.board.endpoints.store(Arc::new(endpoints));
        self.news.send_replace(hope);
        self.board.nudge.notify_one();
    }

    fn endpoint(&self, address: Address) -> Option<Arc<Endpoint>> {
        let scheme = if self.settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let port = address.socket.port();
        let authority = if address.host.contains(':') {
            format!("[{}]:{port}", address.host)
        } else {
            format!("{}:{port}", address.host)
        };
        let uri = Uri::builder().scheme(scheme).authority(authority);
        let uri = uri.path_and_query("/").build().ok()?;
        Some(Arc::new(Endpoint::new(address, uri)))
    }

    fn unresolved(&self, error: &std::io::Error) {
        tracing::warn!(peer.name = self.name, error = %error, "a peer's name is not resolved");
        if self.board.endpoints.load().is_empty() {
            self.news
                .send_replace(Some("its name is not resolved".into()));
        }
    }

    async fn connect(&self) {
        let mut dials = FuturesUnordered::new();
        let mut under_way = Vec::new();
        loop {
            let next = self.dial_missing(&mut dials, &mut under_way);
            tokio::select! {
                Some((endpoint, lane, dialled)) = dials.next() => {
                    let at = under_way.iter().position(|it| *it == key(&endpoint, lane));
                    at.map(|at| under_way.swap_remove(at));
                    self.dialled(&endpoint, lane, dialled, dials.is_empty());
                }
                () = self.board.nudge.notified() => (),
                () = tokio::time::sleep_until(next) => (),
            }
        }
    }

    /// Dials what is missing and due. Returns when the next one is due.
    fn dial_missing(
        &self,
        dials: &mut FuturesUnordered<Dialling>,
        under_way: &mut Vec<(Address, Lane)>,
    ) -> Instant {
        let now = Instant::now();
        let mut next = now + IDLE;
        let endpoints = self.board.endpoints.load_full();
        for endpoint in endpoints.iter() {
            for lane in Lane::ALL {
                let key = key(endpoint, lane);
                let missing = endpoint.missing(lane, self.settings.connections);
                if missing == 0 || under_way.contains(&key) {
                    continue;
                }
                match endpoint.dial_at(now) {
                    Some(at) => next = next.min(at),
                    None => {
                        endpoint.dialling(now);
                        under_way.extend(std::iter::repeat_n(key, missing));
                        dials.extend((0..missing).map(|_| self.dial(endpoint, lane)));
                    }
                }
            }
        }
        if dials.is_empty() && !endpoints.is_empty() && self.news.borrow().is_none() {
            self.without_hope(Lane::Calls, "connections to it are lost");
        }
        next
    }

    fn dial(&self, endpoint: &Arc<Endpoint>, lane: Lane) -> Dialling {
        let endpoint = Arc::clone(endpoint);
        let (settings, ended) = (self.settings.clone(), Arc::clone(&self.board.nudge));
        Box::pin(async move {
            let dialled = dial(endpoint.address(), &settings, ended).await;
            (endpoint, lane, dialled)
        })
    }

    fn dialled(
        &self,
        endpoint: &Endpoint,
        lane: Lane,
        dialled: Result<Line, DialError>,
        last: bool,
    ) {
        let (peer, address) = (self.name, endpoint.address());
        match dialled {
            Ok(line) => {
                tracing::debug!(peer.name = peer, peer.address = %address, "connected to a peer");
                endpoint.connected(lane, line);
                self.news.send_replace(None);
            }
            Err(error) => {
                let why = fault::chain(&error);
                tracing::debug!(peer.name = peer, peer.address = %address, why, "no connection");
                self.lost.notify_one();
                // While somebody else may still connect, there is hope.
                if last {
                    self.without_hope(lane, &why);
                }
            }
        }
    }
}

impl Keeper {
    /// Tells those who wait that they wait for nothing, unless somebody is connected.
    fn without_hope(&self, lane: Lane, why: &str) {
        let endpoints = self.board.endpoints.load();
        if !endpoints.iter().any(|it| it.line(lane).is_some()) {
            self.news.send_replace(Some(why.into()));
        }
    }
}

fn key(endpoint: &Endpoint, lane: Lane) -> (Address, Lane) {
    (endpoint.address().clone(), lane)
}
