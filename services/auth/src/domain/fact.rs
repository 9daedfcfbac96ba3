//! What has happened, in the past tense, with the whole aggregate as it is afterwards.

use vocab::{Moment, RoleId, UserId};

use super::{
    Account, ApiKey, EndedSession, Key, KeySet, PasswordChange, Role, State, Tenant, User,
};

/// One fact about one aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// When it was recorded.
    pub at: Moment,
    /// The aggregate after it.
    pub after: Aggregate,
    /// What happened.
    pub what: Happened,
}

/// Something with a history.
#[derive(Clone, Debug, PartialEq)]
pub enum Aggregate {
    /// A tenant.
    Tenant(Box<Tenant>),
    /// The keys that sign.
    Keys(Box<KeySet>),
    /// A role.
    Role(Box<Role>),
    /// A user.
    User(Box<User>),
    /// An API key.
    ApiKey(Box<ApiKey>),
    /// A service account.
    Account(Box<Account>),
    /// A session that was ended.
    Ended(Box<EndedSession>),
}

/// What can happen. Paths are those of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A tenant was opened, with its first user.
    TenantCreated(UserId),
    /// Something about the tenant is different.
    TenantUpdated(Vec<String>),
    /// The tenant was closed.
    TenantSuspended,
    /// The tenant was opened again.
    TenantResumed,
    /// A user exists now.
    UserCreated,
    /// Something about the user is different.
    UserUpdated(Vec<String>),
    /// The user is barred.
    UserDisabled,
    /// The user is no longer barred, or accepted the invitation.
    UserEnabled,
    /// The personal data is gone.
    UserErased,
    /// The user may do more.
    RoleGranted(RoleId),
    /// The user may do less.
    RoleRevoked(RoleId),
    /// There is a new password.
    PasswordChanged(PasswordChange),
    /// The address is known to work.
    EmailVerified,
    /// The user was sent a link, sealed here, that ends at a moment.
    UserInvited(Vec<u8>, Moment),
    /// A role exists now.
    RoleCreated,
    /// The role is different; whether it allows less.
    RoleUpdated(Vec<String>, bool),
    /// The role is gone.
    RoleDeleted,
    /// A key exists now.
    ApiKeyCreated,
    /// The key has a new secret.
    ApiKeyRotated,
    /// The key opens nothing any more.
    ApiKeyRevoked,
    /// An account exists now.
    AccountCreated,
    /// The account is different; whether it may do less.
    AccountUpdated(Vec<String>, bool),
    /// The account is barred, for a reason.
    AccountDisabled(String),
    /// The account is no longer barred.
    AccountEnabled,
    /// The account has a new secret.
    AccountSecretRotated,
    /// A session was ended before its time.
    SessionRevoked,
    /// Another key signs; the names of those that are withdrawn.
    KeysRotated(Vec<String>),
}

impl Fact {
    /// The one aggregate that it changes.
    pub fn subject(&self) -> Key {
        self.after.key()
    }
}

impl Aggregate {
    /// The key under which it is locked.
    pub fn key(&self) -> Key {
        match self {
            Self::Tenant(it) => Key::Tenant(it.id),
            Self::Keys(_) => Key::Signing,
            Self::Role(it) => Key::Role(it.id),
            Self::User(it) => Key::User(it.id),
            Self::ApiKey(it) => Key::Api(it.id),
            Self::Account(it) => Key::Account(it.id),
            Self::Ended(it) => Key::Ended(it.id),
        }
    }

    /// How often it changed.
    pub fn version(&self) -> i64 {
        match self {
            Self::Tenant(it) => it.version,
            Self::Keys(it) => it.version,
            Self::Role(it) => it.version,
            Self::User(it) => it.version,
            Self::ApiKey(it) => it.version,
            Self::Account(it) => it.version,
            Self::Ended(_) => 1,
        }
    }
}

/// Applies one fact: its aggregate is what it says. Total: a fact once recorded always applies.
pub fn evolve(fact: &Fact) -> State {
    State::Aggregate(fact.after.clone())
}
