//! A proxy for TCP that treats connections as badly as a test wishes, changed while it runs.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::{Error, Trying};

mod line;
mod traffic;
mod weather;

pub use traffic::Traffic;
pub use weather::Direction;

use line::Line;
use traffic::Meter;
use weather::Weather;

/// Stands in front of one address. Everything that passes through it ends with it.
///
/// What a fault keeps back is not lost: it goes on its way when the fault is healed, as it does
/// with TCP on a network that was gone for a while.
pub struct Proxy {
    address: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
    meter: Arc<Meter>,
    _lines: JoinSet<()>,
}

impl Proxy {
    /// Stands in front of a server, which need not be there yet.
    pub async fn to(server: SocketAddr) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.trying(|| "listen for the proxy".to_owned())?;
        let address = listener
            .local_addr()
            .trying(|| "read the proxy's port".to_owned())?;
        let weather = Arc::new(watch::Sender::new(Weather::default()));
        let meter = Arc::<Meter>::default();
        let mut lines = JoinSet::new();
        lines.spawn(accept(listener, server, weather.subscribe(), meter.clone()));
        Ok(Self {
            address,
            weather,
            meter,
            _lines: lines,
        })
    }

    /// Returns where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Delays every byte by this time each way; bytes do not wait for each other.
    pub fn latency(&self, latency: Duration) {
        self.weather.send_modify(|it| it.latency = latency);
    }

    /// Lets through at most so many bytes a second and connection, each way.
    pub fn bandwidth(&self, bytes_per_second: NonZeroU32) {
        self.weather
            .send_modify(|it| it.bandwidth = Some(bytes_per_second));
    }

    /// Goes silent in a direction: connections are accepted and stay open, nothing arrives.
    ///
    /// Called for both directions, it leaves a server that is there and never answers.
    pub fn silence(&self, direction: Direction) {
        self.weather.send_modify(|it| it.silence(direction));
    }

    /// Resets the connections that are open now; new ones are let through.
    pub fn reset(&self) {
        self.weather.send_modify(|it| it.resets += 1);
    }

    /// Resets the connections that are open now, and every new one.
    pub fn cut(&self) {
        self.weather.send_modify(|it| {
            it.resets += 1;
            it.cut = true;
        });
    }

    /// Ends every fault. What was kept back is delivered; what was reset stays reset.
    pub fn heal(&self) {
        self.weather.send_modify(|it| *it = it.healed());
    }

    /// Returns what has passed so far.
    pub fn traffic(&self) -> Traffic {
        self.meter.read()
    }
}

/// Accepts for ever. The connections are owned here, so they end with the proxy.
async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    meter: Arc<Meter>,
) {
    let mut lines = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((client, _)) = accepted {
                let guest = meter.open();
                let weather = weather.clone();
                lines.spawn(async move {
                    serve(client, server, weather, guest.meter()).await;
                });
            },
            Some(_) = lines.join_next() => (),
        }
    }
}

async fn serve(
    client: TcpStream,
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    meter: &Meter,
) {
    let resets = weather.borrow().resets;
    if weather.borrow().cut {
        return line::reset(&client);
    }
    let mut line = Line {
        weather,
        resets,
        meter,
    };
    match TcpStream::connect(server).await {
        Ok(server) => line.carry(client, server).await,
        Err(_) => line::reset(&client),
    }
}

#[cfg(test)]
mod tests;
