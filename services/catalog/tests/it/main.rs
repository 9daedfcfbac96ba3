//! The catalog against a real Postgres, called through its edge as everybody calls it.
//!
//! Modules are marked as tests one by one, because clippy forgives an `unwrap` only there.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod categories;
#[cfg(test)]
mod families;
#[cfg(test)]
mod flooded;
#[cfg(test)]
mod forgotten;
#[cfg(test)]
mod grown;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod products;
#[cfg(test)]
mod races;
#[cfg(test)]
mod replica;
#[cfg(test)]
mod search;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod updates;
#[cfg(test)]
mod verified;
#[cfg(test)]
mod watching;

use std::time::Duration;

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(30);
