//! Reasons: the stable names that callers match, each with its kind and its context.

use contracts::common::ErrorReason;

use super::kind::Kind;

/// The stable name of a refusal. A service keeps its own as constants; that they agree with its
/// contract is checked when they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// How such a call fails.
    pub kind: Kind,
    /// Whose reason it is, such as `retail.order`.
    pub domain: &'static str,
    /// The name, such as `CART_EMPTY`.
    pub name: &'static str,
}

impl Reason {
    /// The domain of the reasons that every rpc may have.
    pub const SHARED: &'static str = "retail.common";

    /// A reason of one context.
    pub const fn new(kind: Kind, domain: &'static str, name: &'static str) -> Self {
        Self { kind, domain, name }
    }

    /// A reason that every rpc may have.
    pub fn shared(reason: ErrorReason) -> Self {
        let name = reason.as_str_name();
        let name = name.strip_prefix("ERROR_REASON_").unwrap_or(name);
        Self::new(kind_of(reason), Self::SHARED, name)
    }
}

/// The kinds as the contract has them; a test compares the two.
fn kind_of(reason: ErrorReason) -> Kind {
    match reason {
        ErrorReason::ValidationFailed
        | ErrorReason::RequestIdReused
        | ErrorReason::PageTokenInvalid
        | ErrorReason::TenantMissing => Kind::Invalid,
        ErrorReason::EtagMismatch | ErrorReason::Contended => Kind::Raced,
        ErrorReason::ResumeTokenExpired => Kind::Expired,
        ErrorReason::TenantSuspended | ErrorReason::PermissionMissing => Kind::Denied,
        ErrorReason::TokenInvalid => Kind::Unauthenticated,
        ErrorReason::RateLimited | ErrorReason::Overloaded | ErrorReason::WatcherTooSlow => {
            Kind::Exhausted
        }
        ErrorReason::CircuitOpen
        | ErrorReason::ProjectionBehind
        | ErrorReason::DependencyUnavailable => Kind::Unavailable,
        ErrorReason::ResourceMissing => Kind::NotFound,
        ErrorReason::ResourceExists => Kind::Exists,
        ErrorReason::DeadlinePassed => Kind::Late,
        ErrorReason::Internal | ErrorReason::Unspecified => Kind::Bug,
    }
}
