//! The journal against a real Postgres: what it promises, and what happens without it.

use std::time::Duration;

#[cfg(test)]
mod bed;
#[cfg(test)]
mod stockroom;

#[cfg(test)]
mod broken;
#[cfg(test)]
mod cancelled;
#[cfg(test)]
mod decided;
#[cfg(test)]
mod merged;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod raced;
#[cfg(test)]
mod read;
#[cfg(test)]
mod repeated;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod verified;

/// Longer than anything here takes on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);
