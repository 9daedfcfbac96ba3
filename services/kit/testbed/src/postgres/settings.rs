//! How a server of a test is set: fast by default, and durable for tests of durability.

use std::net::SocketAddr;

use crate::parts::Parts;

/// Enough for the tests of one binary with a pool each, and far from what memory allows.
const CONNECTIONS_MAX: u32 = 200;

/// The settings of a Postgres.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    pub(super) parts: Parts,
    durable: bool,
    connections_max: u32,
    more: Vec<(String, String)>,
}

impl Default for PostgresSettings {
    /// Returns settings for speed: nothing is synced to the disk.
    fn default() -> Self {
        Self {
            parts: Parts::default(),
            durable: false,
            connections_max: CONNECTIONS_MAX,
            more: Vec::new(),
        }
    }
}

impl PostgresSettings {
    /// Returns settings under which a commit is on the disk before it is answered.
    pub fn durable() -> Self {
        Self {
            durable: true,
            ..Self::default()
        }
    }

    /// Lets in at most this many connections.
    #[must_use]
    pub fn connections_max(self, connections_max: u32) -> Self {
        Self {
            connections_max,
            ..self
        }
    }

    /// Sets a parameter of `postgresql.conf`; the last one of a name wins.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.more.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes the programs from elsewhere.
    #[must_use]
    pub fn parts(self, parts: Parts) -> Self {
        Self { parts, ..self }
    }

    /// Returns every parameter that the server is started with.
    pub(super) fn of_server(&self, address: SocketAddr) -> Vec<(String, String)> {
        let sync = if self.durable { "on" } else { "off" };
        let own = [
            ("listen_addresses", address.ip().to_string()),
            ("port", address.port().to_string()),
            // Only the port leads in, so that a proxy cannot be passed by.
            ("unix_socket_directories", String::new()),
            ("max_connections", self.connections_max.to_string()),
            ("fsync", sync.to_owned()),
            ("full_page_writes", sync.to_owned()),
            ("synchronous_commit", "on".to_owned()),
            ("timezone", "UTC".to_owned()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        own.into_iter().chain(self.more.iter().cloned()).collect()
    }
}
