//! The two ways to run: with the conveniences of development, or with none of them.

use std::net::SocketAddr;

use super::form::Choice;
use super::reader::Reader;

/// How a process runs. Nothing but this value chooses a convenience of development.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// On one machine, with local keys and readable errors; loopback only.
    Development,
    /// Where it counts; refuses whatever is not secure.
    Production,
}

impl Profile {
    /// The variable, the same for every service.
    pub const NAME: &'static str = "RETAIL_PROFILE";

    /// Reads it; `prod` where nothing is said, so that nobody runs `dev` by accident.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.shared(Self::NAME, Some(Self::Production))
    }

    /// Says whether a server may listen on an address.
    pub fn may_listen(self, on: SocketAddr) -> bool {
        match self {
            Self::Development => on.ip().is_loopback(),
            Self::Production => true,
        }
    }
}

impl Choice for Profile {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("dev", Self::Development), ("prod", Self::Production)];
}
