//! How many connections there may be, in all and from one peer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections.
#[derive(Debug)]
pub(super) struct Turnstile {
    most: usize,
    most_per_peer: usize,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    peers: HashMap<IpAddr, usize>,
}

/// One connection; dropping it makes room.
#[derive(Debug)]
pub(super) struct Ticket {
    peer: IpAddr,
    counts: Arc<Mutex<Counts>>,
}

impl Turnstile {
    pub fn new(most: usize, most_per_peer: usize) -> Self {
        Self {
            most,
            most_per_peer,
            counts: Arc::default(),
        }
    }

    /// Lets a connection in, if there is room for it.
    pub fn enter(&self, peer: IpAddr) -> Option<Ticket> {
        let mut counts = lock(&self.counts);
        let held = counts.peers.get(&peer).copied().unwrap_or_default();
        if counts.all >= self.most || held >= self.most_per_peer {
            return None;
        }
        counts.all += 1;
        counts.peers.insert(peer, held + 1);
        Some(Ticket {
            peer,
            counts: Arc::clone(&self.counts),
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.all = counts.all.saturating_sub(1);
        if let Some(held) = counts.peers.get_mut(&self.peer) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                counts.peers.remove(&self.peer);
            }
        }
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
