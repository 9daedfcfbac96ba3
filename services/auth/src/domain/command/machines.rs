//! Commands about API keys and service accounts.

use std::collections::BTreeSet;
use std::time::Duration;

use vocab::{ApiKeyId, LocationId, Moment, RoleId, ServiceAccountId, UserId};

use crate::domain::machine::Secrets;
use crate::domain::rights::Giver;

/// An API key to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Who makes it.
    pub giver: Giver,
    /// The user who makes it.
    pub maker: Option<UserId>,
    /// Which system holds it.
    pub display_name: String,
    /// What it allows.
    pub permissions: BTreeSet<String>,
    /// Where.
    pub locations: Vec<LocationId>,
    /// What opens it.
    pub secrets: Secrets,
    /// When it ends by itself.
    pub expires_at: Option<Moment>,
}

/// What is done to an API key, with the etag that the caller read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiKeyStep {
    /// Give it a new secret; the one until now works too for a while.
    Rotate {
        /// Who does it.
        giver: Giver,
        /// The digest and hint of the new secret.
        secret: ([u8; 32], String),
        /// For how long the old one works.
        overlap: Duration,
        /// What the caller read.
        etag: Option<String>,
    },
    /// End it, for a reason.
    Revoke {
        /// Why.
        reason: String,
        /// What the caller read.
        etag: Option<String>,
    },
}

/// What is said of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountContent {
    /// Which system it stands for.
    pub display_name: String,
    /// What it may do, sorted.
    pub roles: Vec<RoleId>,
    /// Where, sorted.
    pub locations: Vec<LocationId>,
}

/// An account to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Its id.
    pub id: ServiceAccountId,
    /// Who makes it.
    pub giver: Giver,
    /// What is said of it.
    pub content: AccountContent,
    /// What opens it.
    pub secrets: Secrets,
}

/// What is done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStep {
    /// To which.
    pub id: ServiceAccountId,
    /// Who does it.
    pub giver: Giver,
    /// Its roles, as they were read.
    pub roles: Vec<RoleId>,
    /// What the caller read.
    pub etag: Option<String>,
    /// What is done.
    pub change: AccountChange,
}

/// What may be done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// Say something else of it; what is different, by the names of the contract.
    Revise(AccountContent, Vec<String>),
    /// Give it a new secret; the one until now works too for a while.
    Rotate(([u8; 32], String), Duration),
    /// Bar it, for a reason.
    Disable(String),
    /// Let it in again.
    Enable,
}
