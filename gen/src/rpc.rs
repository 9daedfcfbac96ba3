//! What stands beside each rpc in the protos, as constants: a server knows its contracts without
//! reading the descriptor image.

use crate::common::{FaultKind, Priority, Scope};

pub use crate::generated::rpcs::RPCS;

/// The option `(retail.common.v1.rpc)` of one rpc, and what else its descriptor says.
///
/// One that has no such option has nothing in it but its path, and no server may start on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Its path, such as `/retail.order.v1.OrderService/CreateOrder`.
    pub path: &'static str,
    /// The act that a token must allow; empty when public.
    pub permission: &'static str,
    /// Whether no token is needed.
    pub public: bool,
    /// How far the permission reaches.
    pub scope: Scope,
    /// The way to the owner or the location, from `request` or `response`; empty for none.
    pub scope_field: &'static str,
    /// Who goes first under overload.
    pub priority: Priority,
    /// Milliseconds allowed when the caller sent no deadline.
    pub deadline_ms: i32,
    /// How often it may be repeated.
    pub idempotency: Idempotency,
    /// Whether it answers with a stream.
    pub streams: bool,
    /// The closed list of reasons, without the prefix of their enum, with their kinds of fault.
    pub reasons: &'static [(&'static str, FaultKind)],
}

/// How often an rpc may be repeated, as `google.protobuf.MethodOptions` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// A read.
    NoSideEffects,
    /// A write that is safe to repeat with the same `request_id`.
    Idempotent,
    /// Nothing is promised.
    IdempotencyUnknown,
}
