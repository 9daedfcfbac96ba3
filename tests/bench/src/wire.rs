//! A tap on the wire to Postgres: counts what a client sends, message by message.
//!
//! Counted here and not in the client, so that the naive service and ours are counted alike and
//! neither can forget a statement.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How much is read of the wire at once.
const BUFFER: usize = 64 * 1024;
/// A message of more bytes than this is none that a client of ours sends.
const MESSAGE_MAX: usize = 64 << 20;

/// What was sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Statements that were executed; several in one simple query count as one.
    pub statements: u64,
    /// Times that the client waited for the server.
    pub round_trips: u64,
}

#[derive(Debug, Default)]
struct Counters {
    statements: AtomicU64,
    round_trips: AtomicU64,
}

/// A tap, open as long as this value lives.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    counters: Arc<Counters>,
    /// Aborted with the tap.
    _lines: JoinSet<()>,
}

impl Tap {
    /// Opens a tap on a server.
    pub async fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let counters = Arc::new(Counters::default());
        let mut lines = JoinSet::new();
        lines.spawn(accept(listener, server, Arc::clone(&counters)));
        Ok(Self {
            address,
            counters,
            _lines: lines,
        })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was sent so far.
    pub fn sent(&self) -> Sent {
        Sent {
            statements: self.counters.statements.load(Ordering::Relaxed),
            round_trips: self.counters.round_trips.load(Ordering::Relaxed),
        }
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, counters: Arc<Counters>) {
    let mut lines = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        lines.spawn(line(client, server, Arc::clone(&counters)));
    }
}

/// Carries one connection; an error on either side ends both.
async fn line(client: TcpStream, server: SocketAddr, counters: Arc<Counters>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    if client.set_nodelay(true).is_err() || server.set_nodelay(true).is_err() {
        return;
    }
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    tokio::select! {
        _ = forward(from_client, to_server, &counters) => (),
        _ = tokio::io::copy(&mut from_server, &mut to_client) => (),
    }
}

/// Carries messages to the server and counts them. The first one has a length and no letter.
async fn forward(
    from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    counters: &Counters,
) -> std::io::Result<()> {
    let mut from = BufReader::with_capacity(BUFFER, from);
    let mut pending = Vec::with_capacity(BUFFER);
    body(&mut from, &mut pending).await?;
    to.write_all(&pending).await?;
    loop {
        pending.clear();
        loop {
            let letter = from.read_u8().await?;
            counters.count(letter);
            pending.push(letter);
            body(&mut from, &mut pending).await?;
            if from.buffer().is_empty() {
                break;
            }
        }
        to.write_all(&pending).await?;
    }
}

/// Takes length and body of a message.
async fn body(from: &mut BufReader<OwnedReadHalf>, into: &mut Vec<u8>) -> std::io::Result<()> {
    let length = from.read_u32().await?;
    let rest = (length as usize).checked_sub(4);
    let rest = rest.filter(|it| *it < MESSAGE_MAX);
    let rest = rest.ok_or_else(|| std::io::Error::other("no message of Postgres"))?;
    into.extend(length.to_be_bytes());
    let at = into.len();
    into.resize(at + rest, 0);
    let (_, body) = into.split_at_mut(at);
    from.read_exact(body).await?;
    Ok(())
}

impl Counters {
    fn count(&self, letter: u8) {
        let (statement, waits) = match letter {
            b'Q' => (1, 1),
            b'E' => (1, 0),
            b'S' => (0, 1),
            _ => (0, 0),
        };
        self.statements.fetch_add(statement, Ordering::Relaxed);
        self.round_trips.fetch_add(waits, Ordering::Relaxed);
    }
}
