//! The reasons that an rpc declares.

use contracts::common::ErrorReason;
use thiserror::Error;

use crate::fault::{Kind, Reason};

/// A reason that an rpc declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The name, such as `CART_EMPTY`.
    pub name: String,
    /// Whose reason it is, such as `retail.order`.
    pub domain: String,
    /// How such a call fails.
    pub kind: Kind,
}

impl Declared {
    pub(super) fn is(&self, reason: Reason) -> bool {
        self.name == reason.name && self.domain == reason.domain && self.kind == reason.kind
    }
}

/// Says that an rpc refused with a reason that it does not declare, or with another kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path} does not declare {reason:?}")]
pub struct Undeclared {
    /// The rpc.
    pub path: String,
    /// The reason.
    pub reason: Reason,
}

/// Says whether a reason is one that every rpc may have.
pub(super) fn is_shared(reason: Reason) -> bool {
    let name = format!("ERROR_REASON_{}", reason.name);
    ErrorReason::from_str_name(&name).is_some_and(|it| Reason::shared(it) == reason)
}
