//! How a service calls another: the one way, for a network and for one process alike.
//!
//! A generated client sits on what [`Peer::for_call`] returns, so that every call carries deadline,
//! trace, tenant and token. [`Peer::call`] repeats where that is safe and returns a [`Failure`].
//! **Invariant:** nobody waits for a peer beyond the deadline, and a peer that fails is spared:
//! by a budget of retries, by the breaker, and by going around addresses that do not answer.

mod answer;
mod balance;
mod breaker;
mod budget;
mod chance;
mod credentials;
mod dial;
mod endpoint;
mod failure;
mod keeper;
mod memory;
mod network;
mod observe;
mod onward;
mod outgoing;
mod peer;
mod peers;
mod resolve;
mod retry;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod trial;
mod window;

pub use breaker::{BreakerReading, BreakerState};
pub use credentials::{Credentials, InvalidToken};
pub use endpoint::EndpointSnapshot;
pub use failure::Failure;
pub use memory::Door;
pub use network::NetworkSettings;
pub use onward::Onward;
pub use outgoing::Outgoing;
pub use peer::{Origin, Peer, PeerSnapshot, Retries};
pub use peers::{Peers, PeersError};
pub use resolve::{Address, Addresses};
pub use settings::PeersSettings;
pub use tls::{ClientTls, TlsError};
