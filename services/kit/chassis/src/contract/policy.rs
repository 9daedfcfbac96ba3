//! What a contract says of who may call, how far they reach, and who goes first.

use contracts::common;

/// Who may call an rpc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without a token.
    Public,
    /// Whoever holds a token with a permission.
    Permission {
        /// The act that the token must allow, such as `order.place`.
        permission: String,
        /// How far the permission reaches.
        scope: Scope,
        /// Where the owner or the location stands.
        field: Option<ScopeField>,
    },
}

/// How far a permission reaches; the comments of `retail.common.v1.Scope` say it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything of the tenant, for staff and services.
    Tenant,
    /// The locations that the caller is bound to.
    Location,
    /// For a shopper, what is theirs; for staff, the tenant.
    Own,
    /// What the tenant shows to everybody.
    Everyone,
    /// For whoever calls, what is their own.
    Caller,
}

/// The field that holds an owner or a location, as the names on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeField {
    /// In the request: compared before the handler runs.
    Request(Vec<String>),
    /// In the response: compared by the handler with what it loaded.
    Response(Vec<String>),
}

/// Who goes first under overload; the last is shed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A purchase depends on it.
    Checkout,
    /// Somebody at work, or another service, waits for it.
    Operate,
    /// Somebody looks around in the shop.
    Browse,
    /// It can wait.
    Report,
}

/// How often an rpc may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// A read.
    NoSideEffects,
    /// A write that is safe to repeat with the same `request_id`.
    Idempotent,
    /// Nothing is promised.
    Unknown,
}

impl Access {
    pub(super) fn of(contract: &common::RpcContract) -> Result<Self, &'static str> {
        match (contract.public, contract.permission.is_empty()) {
            (true, true) => Ok(Self::Public),
            (false, false) => Ok(Self::Permission {
                permission: contract.permission.clone(),
                scope: scope(contract.scope()).ok_or("names no scope")?,
                field: field(&contract.scope_field)?,
            }),
            _ => Err("names neither or both of a permission and public"),
        }
    }
}

pub(super) fn priority(priority: common::Priority) -> Option<Priority> {
    match priority {
        common::Priority::Unspecified => None,
        common::Priority::Checkout => Some(Priority::Checkout),
        common::Priority::Operate => Some(Priority::Operate),
        common::Priority::Browse => Some(Priority::Browse),
        common::Priority::Report => Some(Priority::Report),
    }
}

fn scope(scope: common::Scope) -> Option<Scope> {
    match scope {
        common::Scope::Unspecified => None,
        common::Scope::Tenant => Some(Scope::Tenant),
        common::Scope::Location => Some(Scope::Location),
        common::Scope::Own => Some(Scope::Own),
        common::Scope::Everyone => Some(Scope::Everyone),
        common::Scope::Self_ => Some(Scope::Caller),
    }
}

fn field(text: &str) -> Result<Option<ScopeField>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let names = |path: &str| path.split('.').map(str::to_owned).collect();
    match text.split_once('.') {
        Some(("request", path)) => Ok(Some(ScopeField::Request(names(path)))),
        Some(("response", path)) => Ok(Some(ScopeField::Response(names(path)))),
        _ => Err("names a scope_field outside of request and response"),
    }
}
