//! Auth against a real Postgres, called through its edge as everybody calls it.
//!
//! Modules are marked as tests one by one, because clippy forgives an `unwrap` only there.

#[cfg(test)]
mod audited;
#[cfg(test)]
mod bed;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod gathered;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod machines;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod people;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod rotated;
#[cfg(test)]
mod tenants;

use std::time::Duration;

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(30);
