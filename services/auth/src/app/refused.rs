//! What each refusal of the domain is to a caller: kind, reason and metadata of the contract.

use chassis::fault::{Fault, Kind, Reason};
use journal::OUTRUN;

use crate::domain::Refusal;

const TENANT: &str = "retail.auth.v1.Tenant";
const USER: &str = "retail.auth.v1.User";
const ROLE: &str = "retail.auth.v1.Role";
const API_KEY: &str = "retail.auth.v1.ApiKey";
const ACCOUNT: &str = "retail.auth.v1.ServiceAccount";
const SESSION: &str = "retail.auth.v1.Session";

/// What every rpc may say of a tenant that is closed.
const SUSPENDED: Reason = Reason::new(Kind::Denied, Reason::SHARED, "TENANT_SUSPENDED");

const fn of(kind: Kind, name: &'static str) -> Reason {
    Reason::new(kind, "retail.auth", name)
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        let exists = |name| Self::new(of(Kind::Exists, name), text.clone());
        let denied = |name| Self::new(of(Kind::Denied, name), text.clone());
        let unknown = |name| Self::new(of(Kind::Unauthenticated, name), text.clone());
        match refusal {
            Refusal::TenantMissing(id) => Self::missing(TENANT, id.to_string()),
            Refusal::UserMissing(id) => Self::missing(USER, id.to_string()),
            Refusal::RoleMissing(id) => Self::missing(ROLE, id.to_string()),
            Refusal::ApiKeyMissing(id) => Self::missing(API_KEY, id.to_string()),
            Refusal::AccountMissing(id) => Self::missing(ACCOUNT, id.to_string()),
            Refusal::SessionMissing => Self::missing(SESSION, ""),
            Refusal::Outrun => Self::new(OUTRUN, text),
            Refusal::EtagMismatch => Self::etag_mismatch(),
            Refusal::TenantSuspended => Self::new(SUSPENDED, text),
            Refusal::CodeExists => exists("CODE_EXISTS"),
            Refusal::EmailExists => exists("EMAIL_EXISTS"),
            Refusal::RoleKeyExists => exists("ROLE_KEY_EXISTS"),
            Refusal::PermissionNotHeld(it) => denied("PERMISSION_NOT_HELD").with("permission", it),
            Refusal::LocationNotHeld(it) => {
                let location = it.map(|it| it.to_string()).unwrap_or_default();
                denied("LOCATION_NOT_HELD").with("location_id", location)
            }
            Refusal::UserDisabled => denied("USER_DISABLED"),
            Refusal::AccountDisabled => denied("SERVICE_ACCOUNT_DISABLED"),
            Refusal::GrantNotAllowed => denied("GRANT_NOT_ALLOWED"),
            Refusal::CredentialsInvalid => unknown("CREDENTIALS_INVALID"),
            Refusal::TokenExpired => unknown("TOKEN_EXPIRED"),
            Refusal::TokenRevoked => unknown("TOKEN_REVOKED"),
            Refusal::TokenReused => unknown("TOKEN_REUSED"),
            Refusal::Throttled(wait) => {
                Self::new(of(Kind::Exhausted, "LOGIN_THROTTLED"), text).retry_after(wait)
            }
            other => not_now(other, text),
        }
    }
}

/// The refusals that another request or another state would not meet.
fn not_now(refusal: Refusal, text: String) -> Fault {
    let no = |name| Fault::new(of(Kind::Refused, name), text.clone());
    let bad = |name| Fault::new(of(Kind::Invalid, name), text.clone());
    match refusal {
        Refusal::PermissionUnknown(it) => bad("PERMISSION_UNKNOWN").with("permission", it),
        Refusal::PasswordTooWeak(rule) => bad("PASSWORD_TOO_WEAK").with("rule", rule.name()),
        Refusal::OperatorTenant => no("OPERATOR_TENANT"),
        Refusal::RoleUnknown(id) => no("ROLE_UNKNOWN").with("role_id", id.to_string()),
        Refusal::RoleInUse { users, accounts } => no("ROLE_IN_USE")
            .with("users", users.to_string())
            .with("service_accounts", accounts.to_string()),
        Refusal::SystemRole => no("SYSTEM_ROLE_IMMUTABLE"),
        Refusal::LastAdmin => no("LAST_ADMIN"),
        Refusal::UserIsCustomer => no("USER_IS_CUSTOMER"),
        Refusal::UserNotInvited(state) => no("USER_NOT_INVITED").with("state", state.name()),
        Refusal::UserInvited => no("USER_INVITED"),
        Refusal::UserErased => no("USER_ERASED"),
        Refusal::ApiKeyEnded => no("API_KEY_ENDED"),
        Refusal::PasswordChangeRequired => no("PASSWORD_CHANGE_REQUIRED"),
        other => Fault::bug(other),
    }
}

/// The password of a caller who has a token is not theirs.
pub fn password_wrong() -> Fault {
    let text = "the password is not the caller's";
    Fault::new(of(Kind::Denied, "PASSWORD_WRONG"), text)
}

/// A link that shall not be sent any more.
pub fn link_ended() -> Fault {
    Fault::new(of(Kind::Refused, "LINK_ENDED"), "the link has ended")
}
