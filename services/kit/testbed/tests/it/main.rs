//! The testbed against the real thing: what it gives, what it breaks, and what it leaves behind.
//!
//! Modules are marked as tests one by one, because clippy forgives an `unwrap` only there.

#[cfg(test)]
mod databases;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod faults_of_nats;
#[cfg(test)]
mod faults_of_postgres;
#[cfg(test)]
mod through_a_proxy;

use std::time::Duration;

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(30);
