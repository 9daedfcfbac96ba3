//! What has passed a proxy, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::weather::Direction;

/// What has passed a proxy so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that were accepted, those that were then reset among them.
    pub accepted: u64,
    /// Connections that are open now.
    pub open: u64,
    /// Bytes that were delivered to the server.
    pub to_server_bytes: u64,
    /// Bytes that were delivered to clients.
    pub to_client_bytes: u64,
}

/// Counts what passes.
#[derive(Debug, Default)]
pub struct Meter {
    accepted: AtomicU64,
    open: AtomicU64,
    to_server_bytes: AtomicU64,
    to_client_bytes: AtomicU64,
}

/// An open connection, counted as long as this lives.
pub struct Guest(Arc<Meter>);

impl Meter {
    /// Counts a connection.
    pub fn open(self: &Arc<Self>) -> Guest {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Guest(Arc::clone(self))
    }

    /// Counts bytes that were delivered.
    pub fn delivered(&self, direction: Direction, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let counter = match direction {
            Direction::ToServer => &self.to_server_bytes,
            Direction::ToClient | Direction::Both => &self.to_client_bytes,
        };
        counter.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns the counts.
    pub fn read(&self) -> Traffic {
        Traffic {
            accepted: self.accepted.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            to_server_bytes: self.to_server_bytes.load(Ordering::Relaxed),
            to_client_bytes: self.to_client_bytes.load(Ordering::Relaxed),
        }
    }
}

impl Guest {
    /// Returns the meter that counts the connection.
    pub fn meter(&self) -> &Meter {
        &self.0
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
