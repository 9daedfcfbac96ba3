//! What may be done, by whom, and who may give it away.

use std::collections::{BTreeMap, BTreeSet};

use vocab::{LocationId, RoleId, TenantId};

use super::{Refusal, Role};

/// The key of the role that opens every door of a tenant.
pub const ADMIN_ROLE: &str = "admin";
/// The key of the role that every shopper has.
pub const SHOPPER_ROLE: &str = "shopper";

/// What the running release knows: every permission, and what the roles of the system allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Every permission.
    pub known: BTreeSet<String>,
    /// The roles that every tenant has, by key.
    pub system: BTreeMap<&'static str, BTreeSet<String>>,
    /// The role that the operator's tenant has besides.
    pub operator: BTreeSet<String>,
}

/// The key of the role of whoever runs the installation.
pub const OPERATOR_ROLE: &str = "operator";

/// Who gives rights away: nobody gives what they do not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Giver {
    /// What they hold; nothing for a service on its own, which asked nobody.
    pub permissions: Option<BTreeSet<String>>,
    /// Where they are bound to; none for everywhere.
    pub locations: Vec<LocationId>,
}

/// The id of a role of the system: the same for ever, and another in each tenant.
pub fn role_id(tenant: TenantId, key: &str) -> RoleId {
    RoleId::derive(None, &[tenant.uuid().as_bytes(), b"role", key.as_bytes()])
}

impl Rules {
    /// What a role allows today: for roles of the system the release says it.
    pub fn allowed<'a>(&'a self, role: &'a Role) -> &'a BTreeSet<String> {
        if !role.system {
            return &role.permissions;
        }
        if role.key == OPERATOR_ROLE {
            return &self.operator;
        }
        self.system
            .get(role.key.as_str())
            .unwrap_or(&role.permissions)
    }
}

impl Giver {
    /// A service on its own.
    pub const SERVICE: Self = Self {
        permissions: None,
        locations: Vec::new(),
    };

    /// Refuses the first permission that the giver does not hold.
    pub(super) fn holds<'a>(
        &self,
        permissions: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Refusal> {
        let Some(held) = &self.permissions else {
            return Ok(());
        };
        let missing = permissions.into_iter().find(|it| !held.contains(*it));
        missing.map_or(Ok(()), |it| Err(Refusal::PermissionNotHeld(it.clone())))
    }

    /// Refuses the first location that the giver does not reach; none is the whole tenant.
    pub(super) fn reaches(&self, locations: &[LocationId]) -> Result<(), Refusal> {
        if self.locations.is_empty() {
            return Ok(());
        }
        if locations.is_empty() {
            return Err(Refusal::LocationNotHeld(None));
        }
        let beyond = locations.iter().find(|it| !self.locations.contains(it));
        beyond.map_or(Ok(()), |it| Err(Refusal::LocationNotHeld(Some(*it))))
    }
}
