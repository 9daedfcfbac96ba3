//! Matrices that grow by themselves: every rpc of every service of this build against identities
//! that are not to be believed, permissions, other tenants, other owners; every table against other
//! tenants. What is asked follows from the descriptors and from what Postgres says of itself.
//!
//! A new service joins by one entry in `served`, with what it needs to have rows of a tenant.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod careless;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod example;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod owners;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod served;
#[cfg(test)]
mod surface;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod withdrawn;

/// Calls that are under way at a time, so that a matrix takes seconds and no limit is met.
const AT_ONCE: usize = 24;
/// Findings that a failed matrix prints.
const PRINTED: usize = 40;

/// Fails with what was found, if anything was.
#[track_caller]
fn nothing_found(found: &[String]) {
    let shown = found.iter().take(PRINTED).cloned().collect::<Vec<_>>();
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        shown.join("\n")
    );
}
