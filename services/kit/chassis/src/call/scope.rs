//! How far a caller reaches within a tenant, compared with what a request names.

use contracts::mask::Input;
use vocab::{CustomerId, UserId};

use super::caller::Caller;
use crate::contract::{Access, Scope, ScopeField};
use crate::fault::Fault;

/// Somebody to whom something belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A shopper or a guest.
    Customer(CustomerId),
    /// Somebody who signs in.
    User(UserId),
}

impl From<CustomerId> for Owner {
    fn from(id: CustomerId) -> Self {
        Self::Customer(id)
    }
}

impl From<UserId> for Owner {
    fn from(id: UserId) -> Self {
        Self::User(id)
    }
}

/// Says that a request names what lies outside of its caller's scope.
#[derive(Debug, PartialEq, Eq)]
struct Outside;

/// Compares what a request names with what its caller reaches. A field that names nothing is filled
/// with what the caller reaches, so that "all that the caller may see" is never more.
pub(super) fn enforce<M: Input>(
    caller: &Caller,
    access: &Access,
    message: &mut M,
) -> Result<(), Fault> {
    admit(caller, access)?;
    let Access::Permission {
        permission,
        scope,
        field: Some(ScopeField::Request(field)),
    } = access
    else {
        return Ok(());
    };
    let compared = match scope {
        Scope::Everyone | Scope::Tenant => Ok(()),
        Scope::Location => within_locations(caller, message),
        Scope::Own if caller.customer.is_none() => Ok(()),
        Scope::Own | Scope::Caller => own_only(caller, field, message),
    };
    compared.map_err(|Outside| Fault::denied(permission.clone()))
}

/// Refuses shoppers where only staff and machines act, whatever their token lists.
pub(super) fn admit(caller: &Caller, access: &Access) -> Result<(), Fault> {
    match access {
        Access::Permission {
            permission,
            scope: Scope::Tenant | Scope::Location,
            ..
        } if caller.customer.is_some() => Err(Fault::denied(permission.clone())),
        Access::Permission { .. } | Access::Public => Ok(()),
    }
}

fn within_locations<M: Input>(caller: &Caller, message: &mut M) -> Result<(), Outside> {
    if caller.locations.is_empty() {
        return Ok(());
    }
    let named = message.scoped();
    if named.is_empty() {
        let bound: Vec<String> = caller.locations.iter().map(ToString::to_string).collect();
        message.narrow(&bound);
        return Ok(());
    }
    let inside = |id: &&str| id.parse().is_ok_and(|id| caller.locations.contains(&id));
    if named.iter().all(inside) {
        Ok(())
    } else {
        Err(Outside)
    }
}

fn own_only<M: Input>(caller: &Caller, field: &[String], message: &mut M) -> Result<(), Outside> {
    let named = message.scoped();
    if !named.iter().all(|id| caller.is_named(id)) {
        return Err(Outside);
    }
    if named.is_empty() {
        let own = match field.last().map(String::as_str) {
            Some("user_id") => caller.user.map(|it| it.to_string()),
            _ => caller.customer.map(|it| it.to_string()),
        };
        message.narrow(own.as_slice());
    }
    Ok(())
}
