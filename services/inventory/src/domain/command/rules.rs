//! What is asked of rules: a position's own, and how a tenant's stock is held.

use crate::domain::Place;
use crate::domain::allocation::AllocationPolicy;
use crate::domain::position::Policy;

/// Other rules for a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPolicy {
    /// The position.
    pub place: Place,
    /// The rules; how often and when they were set is decided.
    pub policy: Policy,
    /// Which rules they were made from.
    pub seen: i64,
    /// The version of the rules that it must meet.
    pub etag: Option<String>,
}

/// Another way to hold a tenant's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAllocation {
    /// The whole of it; its version and time are decided.
    pub policy: AllocationPolicy,
    /// The version that it must meet.
    pub etag: Option<String>,
}
