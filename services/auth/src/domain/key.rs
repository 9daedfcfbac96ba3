//! Everything that is kept, by the key under which it is locked.
//!
//! Tenants, users, roles, API keys, accounts, ended sessions and the set of signing keys have
//! facts. The rest are plain states that are saved in the same commit.

use vocab::{
    ApiKeyId, AuditId, EventId, Moment, RoleId, ServiceAccountId, SessionId, TenantId, UserId,
};

use super::fact::Aggregate;
use super::machine::UseOf;
use super::{Account, ApiKey, Audited, KeySet, Role, Session, Tenant, Tries, User};

/// What is locked, in the order of the locks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Which tenant has a code; of no tenant.
    Code(String),
    /// Tries to sign in for one account or from one address, by a digest; of no tenant.
    Tries(String),
    /// The tenant, whose own id it is.
    Tenant(TenantId),
    /// How many users could open every door of the tenant.
    Admins,
    /// The keys that sign.
    Signing,
    /// A role.
    Role(RoleId),
    /// How many have a role.
    Members(RoleId),
    /// A user.
    User(UserId),
    /// How a user gets in.
    Access(UserId),
    /// The key that a user's personal data is sealed with.
    Sealing(UserId),
    /// The link that was sent to a user last, of one kind.
    Link(UserId, LinkKind),
    /// A name that one thing has.
    Claim(Claim),
    /// An API key.
    Api(ApiKeyId),
    /// A service account.
    Account(ServiceAccountId),
    /// When a key or account was used last.
    Used(UseOf),
    /// A session.
    Session(SessionId),
    /// A session that was ended before its time.
    Ended(SessionId),
    /// An entry of the audit trail.
    Audit(AuditId),
}

/// What is unique in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// The digest of a user's email.
    Email(String),
    /// The key of a role.
    RoleKey(String),
}

/// The kinds of links that are sent by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// Lets an invited user in.
    Invitation,
}

/// How a user gets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The hash of the password; empty for none.
    pub hash: String,
    /// Sessions begun before are over.
    pub sessions_from: Moment,
    /// How many sessions were ever begun.
    pub begun: i64,
    /// When a password was last accepted.
    pub last_at: Option<Moment>,
}

/// How many have a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Users.
    pub users: i64,
    /// Service accounts.
    pub accounts: i64,
}

/// A link as it was sent last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The digest of its token.
    pub digest: [u8; 32],
    /// When it ends.
    pub expires_at: Moment,
    /// Whether it was used, or is of no use any more.
    pub used: bool,
}

/// The state under a [`Key`] of the same kind.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Which tenant has the code.
    Code(TenantId),
    /// Tries to sign in.
    Tries(Tries),
    /// Something with a history.
    Aggregate(Aggregate),
    /// How many users could open every door.
    Admins(i64),
    /// How many have the role.
    Members(Members),
    /// How the user gets in.
    Access(Box<Access>),
    /// The wrapped key; empty once destroyed.
    SubjectKey(Vec<u8>),
    /// The link.
    Link(Link),
    /// Who has the name, by the bits of the id; nobody any more, if nothing.
    Claim(Option<u128>),
    /// When it was used last.
    Used(Moment),
    /// A session.
    Session(Box<Session>),
    /// An entry of the audit trail, with the event that it was made from.
    Audit(Box<Audited>),
}

/// The states that a decision may look at: those of the keys that its command named.
pub trait View {
    /// The state under a key; nothing where there was never one.
    fn state(&self, key: &Key) -> Option<&State>;
}

impl Key {
    /// The state that stands for absence, for keys that have one.
    pub fn empty(&self) -> Option<State> {
        match self {
            Self::Admins => Some(State::Admins(0)),
            Self::Members(_) => Some(State::Members(Members::default())),
            Self::Claim(_) => Some(State::Claim(None)),
            Self::Tries(_) => Some(State::Tries(Tries::NONE)),
            _ => None,
        }
    }
}

/// The id that an audit entry has when it is made from an event.
pub fn audit_of(event: EventId) -> AuditId {
    AuditId::from_uuid(event.uuid())
}

macro_rules! aggregates {
    ($($name:ident($($id:ident: $of:ty)?) $key:expr => $variant:ident $type:ty;)+) => {
        $(
            /// The state under its key.
            pub(super) fn $name(view: &dyn View $(, $id: $of)?) -> Option<&$type> {
                match view.state(&$key)? {
                    State::Aggregate(Aggregate::$variant(it)) => Some(it),
                    _ => None,
                }
            }
        )+
    };
}

aggregates! {
    tenant(id: TenantId) Key::Tenant(id) => Tenant Tenant;
    any_role(id: RoleId) Key::Role(id) => Role Role;
    user(id: UserId) Key::User(id) => User User;
    api_key(id: ApiKeyId) Key::Api(id) => ApiKey ApiKey;
    account(id: ServiceAccountId) Key::Account(id) => Account Account;
    signing() Key::Signing => Keys KeySet;
}

/// The role under its key, unless it is gone.
pub(super) fn role(view: &dyn View, id: RoleId) -> Option<&Role> {
    any_role(view, id).filter(|it| it.deleted_at.is_none())
}

/// How a user gets in.
pub(super) fn access(view: &dyn View, id: UserId) -> Option<&Access> {
    match view.state(&Key::Access(id))? {
        State::Access(it) => Some(it),
        _ => None,
    }
}

/// How many users could open every door.
pub(super) fn admins(view: &dyn View) -> i64 {
    match view.state(&Key::Admins) {
        Some(State::Admins(count)) => *count,
        _ => 0,
    }
}

/// How many have a role.
pub(super) fn members(view: &dyn View, id: RoleId) -> Members {
    match view.state(&Key::Members(id)) {
        Some(State::Members(members)) => *members,
        _ => Members::default(),
    }
}

/// Who has a name.
pub(super) fn holder(view: &dyn View, claim: &Claim) -> Option<u128> {
    match view.state(&Key::Claim(claim.clone())) {
        Some(State::Claim(holder)) => *holder,
        _ => None,
    }
}

/// The session under its key.
pub(super) fn session(view: &dyn View, id: SessionId) -> Option<&Session> {
    match view.state(&Key::Session(id))? {
        State::Session(it) => Some(it),
        _ => None,
    }
}

/// The link under its key.
pub(super) fn link(view: &dyn View, user: UserId, kind: LinkKind) -> Option<&Link> {
    match view.state(&Key::Link(user, kind))? {
        State::Link(it) => Some(it),
        _ => None,
    }
}

/// What was tried.
pub(super) fn tries(view: &dyn View, digest: &str) -> Tries {
    match view.state(&Key::Tries(digest.to_owned())) {
        Some(State::Tries(tries)) => *tries,
        _ => Tries::NONE,
    }
}
