//! What a tenant sells, as pure decisions: products with their prices, and the tree of categories.
//!
//! A command names every [`Key`] whose state matters before anything is locked. [`decide`] turns
//! it and those states into facts, new plain states and an answer, or refuses; [`evolve`] applies a
//! fact and never fails. Nothing here knows a clock, a database or a wire type.
//!
//! Many commands rest on a snapshot that was read before any lock (a [`command::Revision`] on the
//! product it changes): what they name follows from it. **Invariant:** such a command is decided
//! only when its snapshot is still the present state, else it is [`Refusal::Outrun`] and its
//! caller reads again.

mod answer;
pub mod category;
pub mod command;
mod decide;
mod evolve;
pub mod fact;
mod key;
pub mod price;
pub mod product;
mod refusal;
#[cfg(test)]
pub(crate) mod tests;

pub use answer::Answer;
#[cfg(test)]
use answer::Noted;
pub use command::Command;
pub use decide::decide;
pub use evolve::{agrees, evolve};
pub use fact::Fact;
pub use key::{Claim, Holder, Key, Occupancy, State, Tree, View};
pub use refusal::Refusal;

use vocab::{Etag, Moment};

/// Compares the etag that a caller sent, if any, with the present one.
fn agree(resource: &str, version: i64, sent: Option<&str>) -> Result<(), Refusal> {
    match sent {
        Some(sent) if !Etag::of(resource, version).matches(sent) => Err(Refusal::EtagMismatch),
        Some(_) | None => Ok(()),
    }
}

/// The time of a fact: never before the one that its aggregate was last changed at.
fn not_before(now: Moment, last: Moment) -> Moment {
    now.max(last)
}
