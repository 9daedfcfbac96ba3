//! Who acts, and how far they reach.

use std::collections::BTreeSet;
use std::fmt;

use contracts::common::{Actor, ActorType};
use vocab::{CustomerId, LocationId, UserId};

use super::scope::Owner;

/// Who acts. It comes from a verified token, or is a service on its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The sort of actor.
    pub kind: ActorType,
    /// The actor's id as facts name it: `usr_…`, `cus_…`, `key_…`, `svc_…`, the name of a service,
    /// or `system`. Of a public rpc without a token it is the name of the serving service.
    pub id: String,
    /// The user, of staff and of shoppers with an account.
    pub user: Option<UserId>,
    /// The customer that the caller reaches alone; nothing for staff and machines.
    pub customer: Option<CustomerId>,
    /// The session of the token; empty for work of a service on its own.
    pub session: String,
    /// The locations that the caller is bound to; none: the whole tenant.
    pub locations: Vec<LocationId>,
    pub(crate) permissions: Permissions,
}

/// What a caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Permissions {
    /// Everything: a service on its own, which asked nobody.
    All,
    /// The acts that a token lists.
    These(BTreeSet<String>),
}

impl Caller {
    /// A service that acts on its own.
    pub fn service(name: &str) -> Self {
        Self {
            kind: ActorType::Service,
            id: name.to_owned(),
            user: None,
            customer: None,
            session: String::new(),
            locations: Vec::new(),
            permissions: Permissions::All,
        }
    }

    /// Nobody known, in whose place the serving service acts.
    pub(crate) fn nobody(service: &str) -> Self {
        Self {
            permissions: Permissions::These(BTreeSet::new()),
            ..Self::service(service)
        }
    }

    /// Says whether the caller may do something, such as `order.place`.
    pub fn may(&self, permission: &str) -> bool {
        match &self.permissions {
            Permissions::All => true,
            Permissions::These(them) => them.contains(permission),
        }
    }

    /// Says whether the caller is a service on its own, which asked nobody and may do everything.
    pub fn may_everything(&self) -> bool {
        self.permissions == Permissions::All
    }

    /// What the caller may do, sorted; nothing for a service on its own, which may do everything.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        let them = match &self.permissions {
            Permissions::All => None,
            Permissions::These(them) => Some(them),
        };
        them.into_iter().flatten().map(String::as_str)
    }

    /// The actor as facts and audit name it.
    pub fn actor(&self) -> Actor {
        Actor {
            r#type: self.kind.into(),
            actor_id: self.id.clone(),
        }
    }

    /// Says whether the caller is the owner of something.
    pub fn is(&self, owner: Owner) -> bool {
        match owner {
            Owner::Customer(it) => self.customer == Some(it),
            Owner::User(it) => self.user == Some(it),
        }
    }

    /// Says whether a text is the id of the caller's customer or user.
    pub(super) fn is_named(&self, id: &str) -> bool {
        let customer = id.parse().map(Owner::Customer);
        let owner = customer.or_else(|_| id.parse().map(Owner::User));
        owner.is_ok_and(|owner| self.is(owner))
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
