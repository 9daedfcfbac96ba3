//! Who there is and what they may do, as pure decisions: tenants, users, roles, keys, sessions.
//!
//! A command names every [`Key`] whose state matters before anything is locked. [`decide`] turns it
//! and those states into facts, new plain states and an answer, or refuses. Every fact holds its
//! whole aggregate as it is afterwards, so [`evolve`] only takes it over. Nothing here knows a
//! clock, a database, cryptography or a wire type.
//!
//! What a command rests on, such as the roles of the user it changes, was read before any lock.
//! **Invariant:** such a command is decided only when that is still so, else it is
//! [`Refusal::Outrun`] and its caller reads again.

mod answer;
mod audit;
pub mod command;
mod decide;
mod fact;
mod key;
mod machine;
mod refusal;
mod rights;
mod role;
mod session;
mod signing;
mod tenant;
#[cfg(test)]
mod tests;
mod tries;
mod user;

pub use answer::Answer;
pub use audit::{Act, Audited, Outcome};
pub use command::Command;
pub use decide::decide;
pub use fact::{Aggregate, Fact, Happened, evolve};
pub use key::{Access, Claim, Key, Link, LinkKind, Members, State, View, audit_of};
pub use machine::{Account, ApiKey, Secrets, UseOf};
pub use refusal::{PasswordRule, Refusal};
pub use rights::{ADMIN_ROLE, Giver, OPERATOR_ROLE, Rules, SHOPPER_ROLE, role_id};
pub use role::Role;
pub use session::{Cause, EndedSession, SESSIONS_MAX, Session};
pub use signing::{FRESH_MAX, KeySet, KeyUse, SigningKey};
pub use tenant::Tenant;
pub use tries::Tries;
pub use user::{PasswordChange, User, UserState};

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

/// A moment that is so many seconds later, or the last one there is.
fn after(moment: Moment, seconds: u64) -> Moment {
    let later = moment.plus(std::time::Duration::from_secs(seconds));
    later.unwrap_or(Moment::LAST)
}
