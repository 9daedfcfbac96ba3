//! Revocations, and the causes that events tell too.

use contracts::auth as pb;
use contracts::auth::revocation::Target as Wire;

use super::time;
use crate::app::{REVOKED_FOR, Revocation, Target};
use crate::domain::Cause;

/// Writes a revocation.
pub fn revocation(it: &Revocation) -> pb::Revocation {
    let target = match &it.target {
        Target::Session(id) => Wire::SessionId(id.clone()),
        Target::User(id) => Wire::UserId(id.clone()),
        Target::ApiKey(id) => Wire::ApiKeyId(id.clone()),
        Target::Account(id) => Wire::ServiceAccountId(id.clone()),
        Target::Tenant => Wire::WholeTenant(true),
        Target::Key(kid) => Wire::Kid(kid.clone()),
    };
    pb::Revocation {
        tenant_id: it.tenant.map(|it| it.to_string()).unwrap_or_default(),
        target: Some(target),
        cutoff_time: time(it.cutoff),
        expire_time: it.cutoff.plus(REVOKED_FOR).ok().and_then(time),
        cause: cause(it.cause),
    }
}

/// The number of a cause.
pub fn cause(it: Cause) -> i32 {
    it.number().into()
}
