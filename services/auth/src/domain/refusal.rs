//! Why a command is refused. Each variant states the fact that stands in its way.

use std::time::Duration;

use thiserror::Error;
use vocab::{ApiKeyId, LocationId, RoleId, ServiceAccountId, TenantId, UserId};

use super::user::UserState;

/// Why nothing happened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    TenantMissing(TenantId),
    /// There is no such user.
    #[error("there is no such user")]
    UserMissing(UserId),
    /// There is no such role.
    #[error("there is no such role")]
    RoleMissing(RoleId),
    /// There is no such key.
    #[error("there is no such API key")]
    ApiKeyMissing(ApiKeyId),
    /// There is no such account.
    #[error("there is no such service account")]
    AccountMissing(ServiceAccountId),
    /// What the command rests on has changed since it was read; its caller reads again.
    #[error("the state has changed since it was read")]
    Outrun,
    /// The caller's etag is not the present one.
    #[error("the resource has changed since it was read")]
    EtagMismatch,
    /// The tenant is closed.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// The operator's own tenant stays open.
    #[error("the operator's own tenant cannot be suspended")]
    OperatorTenant,
    /// Another tenant has the code.
    #[error("another tenant has the code")]
    CodeExists,
    /// Another user has the email.
    #[error("another user has the email")]
    EmailExists,
    /// Another role has the key.
    #[error("another role has the key")]
    RoleKeyExists,
    /// A role that is named does not exist.
    #[error("the role does not exist")]
    RoleUnknown(RoleId),
    /// Somebody has the role.
    #[error("somebody has the role")]
    RoleInUse {
        /// Users who have it.
        users: i64,
        /// Accounts that have it.
        accounts: i64,
    },
    /// The role belongs to the system.
    #[error("the role belongs to the system")]
    SystemRole,
    /// The release knows no such permission.
    #[error("the permission is not known")]
    PermissionUnknown(String),
    /// The caller does not hold it.
    #[error("the caller does not hold the permission")]
    PermissionNotHeld(String),
    /// The caller does not reach there; nothing is the whole tenant.
    #[error("the caller does not reach the location")]
    LocationNotHeld(Option<LocationId>),
    /// Nobody would be left who could open every door.
    #[error("the tenant would be left without an administrator")]
    LastAdmin,
    /// The user is a shopper.
    #[error("the user is a shopper")]
    UserIsCustomer,
    /// The user is not waiting for an invitation.
    #[error("the user is not invited")]
    UserNotInvited(UserState),
    /// The user has not accepted the invitation.
    #[error("the user has not accepted the invitation")]
    UserInvited,
    /// The user was erased.
    #[error("the user was erased")]
    UserErased,
    /// The user is barred.
    #[error("the user is disabled")]
    UserDisabled,
    /// The account is barred.
    #[error("the service account is disabled")]
    AccountDisabled,
    /// The key is revoked or expired.
    #[error("the API key has ended")]
    ApiKeyEnded,
    /// The password has to be changed first.
    #[error("the password has to be changed first")]
    PasswordChangeRequired,
    /// Tenant, name and secret do not belong together.
    #[error("the credentials do not belong together")]
    CredentialsInvalid,
    /// The token's time has passed.
    #[error("the token has expired")]
    TokenExpired,
    /// The token was withdrawn or replaced.
    #[error("the token was withdrawn")]
    TokenRevoked,
    /// The token was used before.
    #[error("the token was used before")]
    TokenReused,
    /// Too many tries failed.
    #[error("too many tries failed")]
    Throttled(Duration),
    /// The tenant refuses guests, or whoever asks is no service.
    #[error("the grant is not allowed here")]
    GrantNotAllowed,
    /// The password does not do.
    #[error("the password is too weak")]
    PasswordTooWeak(PasswordRule),
    /// The session is not one of the caller's.
    #[error("there is no such session")]
    SessionMissing,
}

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordRule {
    /// It is too short or too long.
    Length,
    /// Everybody tries it first.
    Common,
    /// It is the present one.
    Same,
    /// It holds the email.
    Email,
}

impl PasswordRule {
    /// Its name in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Length => "LENGTH",
            Self::Common => "COMMON",
            Self::Same => "SAME",
            Self::Email => "EMAIL",
        }
    }
}
