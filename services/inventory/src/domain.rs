//! The stock of a tenant, as pure decisions: positions with their ledger, and holds on them.
//!
//! A command names every [`Key`] whose state matters before anything is locked. [`decide`] turns
//! it and those states into facts, new plain states and an answer, or refuses; [`evolve`] applies
//! a fact and never fails. Promises are refused when there is not enough; what has happened in the
//! world never is. Nothing here knows a clock, a database or a wire type.

pub mod allocation;
pub mod answer;
pub mod command;
mod decide;
mod evolve;
pub mod fact;
pub mod import;
pub mod key;
pub mod levels;
mod mark;
mod merge;
mod place;
pub mod position;
pub mod refusal;
pub mod reservation;
#[cfg(test)]
pub(crate) mod tests;
pub mod told;
pub mod touched;
pub mod transfer;

pub use answer::{Answer, Entry};
pub use command::Command;
pub use decide::{decide, etag_of, is_abandoned};
pub use evolve::{agrees, evolve};
pub use fact::Fact;
pub use key::{Key, State, View};
pub use mark::Mark;
pub use merge::{merge, merges};
pub use place::Place;
pub use refusal::Refusal;
