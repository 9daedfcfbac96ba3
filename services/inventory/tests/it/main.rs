//! Inventory against a real Postgres, called through its edge as everybody calls it.
//!
//! Modules are marked as tests one by one, because clippy forgives an `unwrap` only there.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod constraints;
#[cfg(test)]
mod deadlocks;
#[cfg(test)]
mod expiring;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod firm;
#[cfg(test)]
mod goods;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod past;
#[cfg(test)]
mod rivals;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod transfers;
#[cfg(test)]
mod troubles;
#[cfg(test)]
mod verified;
#[cfg(test)]
mod watching;

use std::time::Duration;

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(30);
