//! One connection through a proxy: two pumps, each held up by the weather, and a reset.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::traffic::Meter;
use super::weather::{Direction, Weather};

/// The most that goes on its way as one piece; small enough for a narrow band to look even.
const PIECE_BYTES: usize = 4096;
/// How many pieces may be on their way; more waits with the sender, as with a full window.
const PIECES_MAX: usize = 256;

/// A piece of a stream, and when it may arrive.
struct Piece {
    bytes: Vec<u8>,
    due: Instant,
}

/// What a connection needs to know while it lasts.
pub struct Line<'a> {
    /// The faults of the moment.
    pub weather: watch::Receiver<Weather>,
    /// How many resets there had been when it began.
    pub resets: u64,
    /// Where its bytes are counted.
    pub meter: &'a Meter,
}

impl Line<'_> {
    /// Carries bytes both ways until both sides have ended, one breaks, or the proxy resets it.
    pub async fn carry(&mut self, mut client: TcpStream, mut server: TcpStream) {
        let mut weather = self.weather.clone();
        let is_whole = {
            let (client_reads, client_writes) = client.split();
            let (server_reads, server_writes) = server.split();
            let there = self.pump(Direction::ToServer, client_reads, server_writes);
            let back = self.pump(Direction::ToClient, server_reads, client_writes);
            tokio::select! {
                ended = async { tokio::try_join!(there, back) } => ended.is_ok(),
                _ = weather.wait_for(|it| it.resets > self.resets) => false,
            }
        };
        if !is_whole {
            reset(&client);
            reset(&server);
        }
    }

    /// Reads ahead while earlier pieces are under way, so that latency takes no bandwidth.
    async fn pump(
        &self,
        direction: Direction,
        source: impl AsyncRead + Unpin,
        target: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let (sender, receiver) = mpsc::channel(PIECES_MAX);
        let read = self.read(source, sender);
        let write = self.write(direction, target, receiver);
        tokio::try_join!(read, write).map(|_| ())
    }

    async fn read(
        &self,
        mut source: impl AsyncRead + Unpin,
        pieces: mpsc::Sender<Piece>,
    ) -> io::Result<()> {
        loop {
            let mut bytes = Vec::with_capacity(PIECE_BYTES);
            if source.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            let due = Instant::now() + self.weather.borrow().latency;
            if pieces.send(Piece { bytes, due }).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn write(
        &self,
        direction: Direction,
        mut target: impl AsyncWrite + Unpin,
        mut pieces: mpsc::Receiver<Piece>,
    ) -> io::Result<()> {
        let mut weather = self.weather.clone();
        while let Some(piece) = pieces.recv().await {
            sleep_until(piece.due).await;
            // It ends with the proxy, and so does this line.
            weather.wait_for(|it| !it.is_silent(direction)).await.ok();
            target.write_all(&piece.bytes).await?;
            self.meter.delivered(direction, piece.bytes.len());
            sleep(time_on_the_band(&weather, piece.bytes.len())).await;
        }
        weather.wait_for(|it| !it.is_silent(direction)).await.ok();
        target.shutdown().await
    }
}

/// Returns how long a piece keeps a narrow band busy.
fn time_on_the_band(weather: &watch::Receiver<Weather>, bytes: usize) -> Duration {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let second = Duration::from_secs(1);
    let width = weather.borrow().bandwidth;
    width.map_or(Duration::ZERO, |width| second * bytes / width.get())
}

/// Makes a connection end with a reset when it is dropped, instead of an orderly end.
pub fn reset(stream: &TcpStream) {
    // A connection that is broken already needs no reset.
    stream.set_zero_linger().ok();
}
