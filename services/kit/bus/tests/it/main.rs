//! The bus against a real Postgres and a real broker, and against what breaks them.
//!
//! What was published is judged in the broker itself, because a consumer that waits for gaps would
//! hide a wrong order.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod broken_brokers;
#[cfg(test)]
mod consuming;
#[cfg(test)]
mod following;
#[cfg(test)]
mod log_passes;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod operating;
#[cfg(test)]
mod projecting;
#[cfg(test)]
mod relaying;
#[cfg(test)]
mod repeating;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod shelves;
#[cfg(test)]
mod tallies;
#[cfg(test)]
mod two_relays;
#[cfg(test)]
mod verifying;

use std::time::Duration;

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(30);
