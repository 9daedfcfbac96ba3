//! Commands about tenants, users and roles.

use std::collections::BTreeSet;

use vocab::{CustomerId, LocationId, Moment, RoleId, TenantId, UserId};

use crate::domain::rights::Giver;

/// What is said of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantContent {
    /// What people type to say where they sign in.
    pub code: String,
    /// How the retailer is called.
    pub display_name: String,
    /// The currency of prices that name none.
    pub currency: String,
    /// The language of messages.
    pub locale: String,
    /// Where its days begin.
    pub time_zone: String,
    /// The settings, in the form of the contract.
    pub settings: Vec<u8>,
    /// Whether guests are refused, as the settings say.
    pub guests_refused: bool,
}

/// A tenant to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// What is said of it.
    pub content: TenantContent,
    /// Whether it runs the installation.
    pub operator: bool,
    /// The roles that it begins with.
    pub roles: Vec<NewRole>,
    /// Its first user.
    pub admin: NewUser,
}

/// What a tenant becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRevision {
    /// Which tenant.
    pub id: TenantId,
    /// What the caller read.
    pub etag: Option<String>,
    /// The version that the change was made from.
    pub version: i64,
    /// What is said of it from now on.
    pub content: TenantContent,
    /// What is different, by the names of the contract.
    pub paths: Vec<String>,
}

/// A user to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// Their id.
    pub id: UserId,
    /// The digest of the email.
    pub email: String,
    /// Email and name, sealed.
    pub contact: Vec<u8>,
    /// The key that these are sealed with, wrapped.
    pub key: Vec<u8>,
    /// The language of messages.
    pub locale: String,
    /// The customer, of a shopper.
    pub customer: Option<CustomerId>,
    /// What they may do from the beginning, sorted.
    pub roles: Vec<RoleId>,
    /// The tenant's role that opens every door.
    pub admin: RoleId,
    /// The hash of the password, and whether it has to be changed; else there is a link.
    pub password: Option<(String, bool)>,
    /// The link by which they get in.
    pub link: Option<NewLink>,
}

/// A link to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// The digest of its token.
    pub digest: [u8; 32],
    /// The link, sealed.
    pub sealed: Vec<u8>,
    /// When it ends.
    pub expires_at: Moment,
}

/// What is said of a user from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRevision {
    /// Who.
    pub id: UserId,
    /// Who changes it; nothing for the user alone.
    pub giver: Option<Giver>,
    /// The user's roles, as they were read.
    pub roles: Vec<RoleId>,
    /// What the caller read.
    pub etag: Option<String>,
    /// The version that the change was made from.
    pub version: i64,
    /// Email and name, sealed.
    pub contact: Vec<u8>,
    /// The digests of the email until now and from now on, if it changes.
    pub email: Option<(String, String)>,
    /// The language of messages.
    pub locale: String,
    /// What is different, by the names of the contract.
    pub paths: Vec<String>,
}

/// Something that staff do to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserStep {
    /// To whom.
    pub id: UserId,
    /// Who does it.
    pub giver: Giver,
    /// The user's roles, as they were read.
    pub roles: Vec<RoleId>,
    /// What the caller read.
    pub etag: Option<String>,
    /// The tenant's role that opens every door.
    pub admin: RoleId,
    /// What is done.
    pub act: UserAct,
}

/// What staff may do to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAct {
    /// Bar them, for a reason.
    Disable(String),
    /// Let them in again.
    Enable,
    /// Destroy what is personal; the digest of the email becomes free.
    Erase(String),
    /// Give them a role.
    Grant(RoleId),
    /// Take a role away.
    Revoke(RoleId),
    /// Bind them to locations.
    Bind(Vec<LocationId>),
    /// Give them another password, by its hash, and whether it has to be changed.
    SetPassword(String, bool),
    /// Send another link.
    Invite(NewLink),
}

/// A password that a user chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPassword {
    /// Its hash.
    pub hash: String,
    /// The tenant's role that opens every door.
    pub admin: RoleId,
    /// Email and name, sealed, if the name is another.
    pub contact: Option<Vec<u8>>,
}

/// What is said of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleContent {
    /// Names it in settings and scripts.
    pub key: String,
    /// How people call it.
    pub display_name: String,
    /// For whom it is meant.
    pub description: String,
    /// What it allows.
    pub permissions: BTreeSet<String>,
}

/// A role to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRole {
    /// Its id.
    pub id: RoleId,
    /// Who makes it.
    pub giver: Giver,
    /// Whether it belongs to the system.
    pub system: bool,
    /// What is said of it.
    pub content: RoleContent,
}

/// What a role becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRevision {
    /// Which role.
    pub id: RoleId,
    /// Who changes it.
    pub giver: Giver,
    /// What the caller read.
    pub etag: Option<String>,
    /// The version that the change was made from.
    pub version: i64,
    /// What is said of it from now on.
    pub content: RoleContent,
    /// What is different, by the names of the contract.
    pub paths: Vec<String>,
}

/// A role to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRemoval {
    /// Which role.
    pub id: RoleId,
    /// Its key, as it was read.
    pub key: String,
    /// What the caller read.
    pub etag: Option<String>,
}
