//! Journeys through the mesh from the first byte of a call to the last span of its trace, with a
//! real Postgres, a real broker and a real collector.
//!
//! Modules are marked as tests one by one, because clippy forgives an `unwrap` only there.

#[cfg(test)]
mod collector;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod product;
#[cfg(test)]
mod stack;
#[cfg(test)]
mod together;

use std::time::Duration;

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(20);
