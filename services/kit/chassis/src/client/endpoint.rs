//! One address of a peer: its connections, how busy it is, and whether it is worth a call.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;
use hyper::client::conn::http2::SendRequest;
use serde::Serialize;
use tokio::time::Instant;
use tonic::body::Body;

use super::chance;
use super::network::Lane;
use super::resolve::Address;

/// Failures in a row after which an address is left out for a while.
const FAILURES_MAX: u32 = 3;
/// The first time out, and the longest one.
const OUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// The first pause between two dials, and the longest one.
const REDIAL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A connection that lasted longer is no sign of trouble when it ends.
const LASTS: Duration = Duration::from_secs(10);

/// An open connection.
pub(super) type Line = SendRequest<Body>;

/// An address of a peer as `ps` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndpointSnapshot {
    /// Address and port.
    pub address: String,
    /// Open connections, those for streams included.
    pub connections: usize,
    /// Calls and streams under way.
    pub in_flight: usize,
    /// Whether it is left out because it failed.
    pub ejected: bool,
}

/// One address of a peer.
pub(super) struct Endpoint {
    address: Address,
    origin: Uri,
    calls: Lines,
    streams: Lines,
    /// Connections for streams are dialled when the first stream asks.
    streams_wanted: AtomicBool,
    in_flight: AtomicUsize,
    health: Mutex<Health>,
}

type Lines = Mutex<Vec<Line>>;

#[derive(Debug, Default)]
struct Health {
    /// Failed calls in a row.
    failures: u32,
    /// Times out in a row.
    ejections: u32,
    ejected_until: Option<Instant>,
    /// Dials in a row without a good answer in between.
    dials: u32,
    dialled_at: Option<Instant>,
    dial_at: Option<Instant>,
}

impl Endpoint {
    pub(super) fn new(address: Address, origin: Uri) -> Self {
        Self {
            address,
            origin,
            calls: Lines::default(),
            streams: Lines::default(),
            streams_wanted: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            health: Mutex::default(),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Scheme and authority of its requests.
    pub(super) fn origin(&self) -> &Uri {
        &self.origin
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn is_ejected(&self, now: Instant) -> bool {
        self.health().ejected_until.is_some_and(|it| now < it)
    }

    /// One of its open connections, a different one from call to call.
    pub(super) fn line(&self, lane: Lane) -> Option<Line> {
        let lines = self.open_lines(lane);
        let turn = self.in_flight().checked_rem(lines.len())?;
        lines.get(turn).cloned()
    }

    /// Asks for a connection in a lane; true if that is news.
    pub(super) fn want(&self, lane: Lane) -> bool {
        lane == Lane::Streams && !self.streams_wanted.swap(true, Ordering::Relaxed)
    }

    /// How many connections a lane lacks.
    pub(super) fn missing(&self, lane: Lane, per_lane: usize) -> usize {
        let wanted = match lane {
            Lane::Calls => per_lane,
            Lane::Streams => usize::from(self.streams_wanted.load(Ordering::Relaxed)),
        };
        wanted.saturating_sub(self.open_lines(lane).len())
    }

    /// When it may be dialled; nothing if at once.
    pub(super) fn dial_at(&self, now: Instant) -> Option<Instant> {
        self.health().dial_at.filter(|it| now < *it)
    }

    pub(super) fn connected(&self, lane: Lane, line: Line) {
        self.open_lines(lane).push(line);
    }

    /// It is dialled now: the first loss is repaired at once, because most are a server that was
    /// replaced, and each further one later, until it answers or a connection lasts.
    pub(super) fn dialling(&self, now: Instant) {
        let mut health = self.health();
        let lasted = |it: Instant| now.saturating_duration_since(it) > LASTS;
        if health.dialled_at.is_some_and(lasted) {
            health.dials = 0;
        }
        health.dialled_at = Some(now);
        health.dials = health.dials.saturating_add(1);
        health.dial_at = match health.dials {
            1 => None,
            more => Some(now + chance::backoff(more - 1, REDIAL.0, REDIAL.1)),
        };
    }

    /// It answered.
    pub(super) fn answered(&self) {
        let mut health = self.health();
        *health = Health {
            // Late answers of calls that were under way do not end the time out.
            ejected_until: health.ejected_until,
            ejections: health
                .ejections
                .min(u32::from(health.ejected_until.is_some())),
            ..Health::default()
        };
    }

    /// It failed a call.
    pub(super) fn failed(&self) {
        self.eject_after_many();
    }

    /// It let a call run into its deadline. If it goes on, its connections are given up: they may
    /// lead nowhere while the address is well.
    pub(super) fn silent(&self) {
        if self.eject_after_many() {
            self.open_lines(Lane::Calls).clear();
            self.open_lines(Lane::Streams).clear();
        }
    }

    pub(super) fn snapshot(&self) -> EndpointSnapshot {
        let connections = [Lane::Calls, Lane::Streams].map(|it| self.open_lines(it).len());
        EndpointSnapshot {
            address: self.address.to_string(),
            connections: connections.iter().sum(),
            in_flight: self.in_flight(),
            ejected: self.is_ejected(Instant::now()),
        }
    }

    fn eject_after_many(&self) -> bool {
        let mut health = self.health();
        health.failures = health.failures.saturating_add(1);
        // One that was out before is out again with its first failure.
        let most = if health.ejections > 0 {
            1
        } else {
            FAILURES_MAX
        };
        let now = Instant::now();
        let is_out = health.ejected_until.is_some_and(|it| now < it);
        if health.failures < most || is_out {
            return false;
        }
        health.failures = 0;
        health.ejections = health.ejections.saturating_add(1);
        let out = OUT.0 + chance::backoff(health.ejections, OUT.0, OUT.1);
        health.ejected_until = Some(now + out);
        true
    }

    fn open_lines(&self, lane: Lane) -> MutexGuard<'_, Vec<Line>> {
        let lines = match lane {
            Lane::Calls => &self.calls,
            Lane::Streams => &self.streams,
        };
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|it| !it.is_closed());
        lines
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.address).finish()
    }
}

/// Counts a call at an endpoint for as long as it lives.
pub(super) struct Load(Arc<Endpoint>);

impl Load {
    pub(super) fn on(endpoint: &Arc<Endpoint>) -> Self {
        endpoint.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(endpoint))
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.0
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        let address = Address::of("127.0.0.1:1".parse().unwrap());
        Endpoint::new(address, Uri::from_static("http://127.0.0.1:1"))
    }

    fn is_out(endpoint: &Endpoint) -> bool {
        endpoint.is_ejected(Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn three_failures_in_a_row_put_it_out_and_one_more_after_that() {
        let endpoint = endpoint();
        (0..10).for_each(|_| {
            endpoint.failed();
            endpoint.failed();
            endpoint.answered();
        });
        assert!(!is_out(&endpoint));
        (0..3).for_each(|_| endpoint.failed());
        assert!(is_out(&endpoint));
        tokio::time::advance(OUT.0 * 2).await;
        assert!(!is_out(&endpoint), "it is tried again");
        endpoint.failed();
        assert!(is_out(&endpoint));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_connection_is_dialled_at_once_and_then_ever_later() {
        let endpoint = endpoint();
        endpoint.dialling(Instant::now());
        assert_eq!(endpoint.dial_at(Instant::now()), None);
        let mut latest = Duration::ZERO;
        for _ in 0..50 {
            endpoint.dialling(Instant::now());
            let at = endpoint
                .dial_at(Instant::now())
                .unwrap_or_else(Instant::now);
            latest = latest.max(at.saturating_duration_since(Instant::now()));
        }
        assert!(latest > REDIAL.1 / 2 && latest <= REDIAL.1, "{latest:?}");
        endpoint.answered();
        assert_eq!(endpoint.dial_at(Instant::now()), None);
        (0..9).for_each(|_| endpoint.dialling(Instant::now()));
        tokio::time::advance(LASTS * 2).await;
        endpoint.dialling(Instant::now());
        assert_eq!(endpoint.dial_at(Instant::now()), None);
    }
}
