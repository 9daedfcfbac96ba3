//! What a proxy does to its connections at this moment.

use std::num::NonZeroU32;
use std::time::Duration;

/// The way that bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
    /// Both ways.
    Both,
}

/// The faults of a proxy, all off by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// How long every byte is delayed.
    pub latency: Duration,
    /// How many bytes pass in a second.
    pub bandwidth: Option<NonZeroU32>,
    /// Whether new connections are reset.
    pub cut: bool,
    /// How often all connections were reset; one ends when this grows.
    pub resets: u64,
    to_server_silent: bool,
    to_client_silent: bool,
}

impl Weather {
    /// Adds silence in a direction.
    pub fn silence(&mut self, direction: Direction) {
        self.to_server_silent |= direction != Direction::ToClient;
        self.to_client_silent |= direction != Direction::ToServer;
    }

    /// Says whether nothing passes in a direction.
    pub fn is_silent(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToServer => self.to_server_silent,
            Direction::ToClient => self.to_client_silent,
            Direction::Both => self.to_server_silent && self.to_client_silent,
        }
    }

    /// Returns fair weather after the same number of resets.
    pub fn healed(&self) -> Self {
        Self {
            resets: self.resets,
            ..Self::default()
        }
    }
}
