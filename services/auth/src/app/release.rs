//! What the running release knows of permissions, read from its contracts.
//!
//! Roles of the system are said by rules over the contracts, so that they grow with them.

use std::collections::{BTreeMap, BTreeSet};

use chassis::contract::{Access, Contract, Idempotency, Scope};

use crate::domain::{ADMIN_ROLE, Rules, SHOPPER_ROLE};

/// The role of guests.
pub const GUEST_ROLE: &str = "guest";
/// Contexts that run the installation and not the shop.
const OPERATION: [&str; 2] = ["auth", "ops"];
/// Held by whoever runs the installation, in the operator's own tenant.
const OPERATOR_ONLY: &[&str] = &[
    "signing_key.rotate",
    "tenant.create",
    "tenant.list",
    "tenant.resume",
    "tenant.suspend",
];
/// Held by services of the mesh alone.
const SERVICE_ONLY: &[&str] = &[
    "audit.record",
    "customer.ensure",
    "event.fetch",
    "order.disown",
    "stock.hold_firm",
    "user.open_link",
    "user_contact.read",
];
/// What every service of the mesh holds.
const EVERY_SERVICE: &[&str] = &[
    "audit.record",
    "event.fetch",
    "profile.read",
    "revocation.read",
    "tenant.list",
    "tenant.read",
];
/// The contexts whose every act a service may take.
const SERVICE_CALLS: &[(&str, &[&str])] = &[
    ("auth", &[]),
    ("catalog", &["inventory"]),
    ("gateway", &[]),
    ("inventory", &["catalog", "order", "store"]),
    ("notification", &["order", "store"]),
    ("order", &["catalog", "inventory", "payment", "store"]),
    ("payment", &["order"]),
    ("planning", &["inventory", "store"]),
    ("store", &["catalog", "inventory", "order"]),
];
/// What some services hold besides.
const SERVICE_EXTRA: &[(&str, &[&str])] = &[
    ("notification", &["user_contact.read", "user.open_link"]),
    ("store", &["user_contact.read"]),
];
/// What everybody holds who signs in, machines too.
pub const PROFILE: &[&str] = &["profile.read"];
/// What a guest holds besides.
pub const PROFILE_OF_GUESTS: &[&str] = &["profile.read", "profile.revoke_session"];
/// What a user holds besides, whatever their roles.
const PROFILE_START: &str = "profile.";

/// One permission, and what asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// The rpcs that ask for it.
    pub methods: BTreeSet<String>,
    /// What it allows, in words.
    pub description: String,
}

/// What the release knows.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// Every permission, with what asks for it.
    pub permissions: BTreeMap<String, Permission>,
    /// What the domain decides by.
    pub rules: Rules,
    /// What a user holds whatever their roles.
    pub profile: BTreeSet<String>,
    contexts: BTreeMap<String, BTreeSet<String>>,
}

impl Release {
    /// Reads the contracts of all rpcs.
    pub fn of<'a>(contracts: impl IntoIterator<Item = &'a Contract>) -> Self {
        let mut release = Self::default();
        let keys = [
            ADMIN_ROLE,
            "manager",
            "staff",
            "warehouse",
            SHOPPER_ROLE,
            GUEST_ROLE,
        ];
        for key in keys {
            release.rules.system.insert(key, BTreeSet::new());
        }
        for contract in contracts {
            release.add(contract);
        }
        let known: BTreeSet<String> = release.permissions.keys().cloned().collect();
        let of_services = |it: &&String| !SERVICE_ONLY.contains(&it.as_str());
        release.rules.operator = known.iter().filter(of_services).cloned().collect();
        let mine = known.iter().filter(|it| it.starts_with(PROFILE_START));
        release.profile = mine.cloned().collect();
        release.rules.known = known;
        release
    }

    fn add(&mut self, contract: &Contract) {
        let Access::Permission {
            permission, scope, ..
        } = &contract.access
        else {
            return;
        };
        let context = contract.method.split('.').nth(1).unwrap_or_default();
        let entry = self.permissions.entry(permission.clone()).or_default();
        entry.methods.insert(contract.method.to_string());
        let of_context = self.contexts.entry(context.to_owned()).or_default();
        of_context.insert(permission.clone());
        let reads = contract.idempotency == Idempotency::NoSideEffects;
        for (role, allowed) in &mut self.rules.system {
            if allows(role, (context, permission), *scope, reads) {
                allowed.insert(permission.clone());
            }
        }
    }

    /// What a service of the mesh may do; nothing if there is none of that name.
    pub fn of_service(&self, name: &str) -> Option<BTreeSet<String>> {
        let (_, calls) = SERVICE_CALLS.iter().find(|(it, _)| *it == name)?;
        let called = calls.iter().filter_map(|it| self.contexts.get(*it));
        let mut all: BTreeSet<String> = called.flatten().cloned().collect();
        let extra = SERVICE_EXTRA.iter().filter(|(it, _)| *it == name);
        let extra = extra.flat_map(|(_, them)| them.iter());
        all.extend(EVERY_SERVICE.iter().chain(extra).map(|it| (*it).to_owned()));
        Some(all)
    }
}

/// Whether a role of the system allows what one rpc asks for.
fn allows(role: &str, (context, permission): (&str, &str), scope: Scope, reads: bool) -> bool {
    if OPERATOR_ONLY.contains(&permission) || SERVICE_ONLY.contains(&permission) {
        return false;
    }
    let operates = OPERATION.contains(&context);
    let own = matches!(scope, Scope::Own | Scope::Everyone | Scope::Caller);
    match role {
        ADMIN_ROLE => true,
        "manager" => !operates || reads || scope == Scope::Caller,
        "staff" => (!operates && (reads || scope == Scope::Location)) || scope == Scope::Caller,
        "warehouse" => {
            let stock = context == "inventory" && (reads || scope == Scope::Location);
            let goods = matches!(context, "catalog" | "store" | "order") && reads;
            let ships = context == "order" && scope == Scope::Location;
            stock || goods || ships || scope == Scope::Caller
        }
        SHOPPER_ROLE => (!operates && own) || scope == Scope::Caller,
        GUEST_ROLE => !operates && matches!(scope, Scope::Own | Scope::Everyone),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::contract::Contracts;

    fn release() -> Release {
        let contracts = Contracts::built().unwrap();
        let all = contracts.all();
        Release::of(all.iter().map(|it| &**it))
    }

    #[test]
    fn every_list_names_permissions_that_there_are() {
        let release = release();
        let listed = OPERATOR_ONLY
            .iter()
            .chain(SERVICE_ONLY)
            .chain(EVERY_SERVICE);
        for permission in listed.chain(SERVICE_EXTRA.iter().flat_map(|(_, it)| *it)) {
            assert!(
                release.permissions.contains_key(*permission),
                "{permission}"
            );
        }
        assert_eq!(release.profile.len(), 5);
    }

    #[test]
    fn nobody_but_a_service_takes_the_steps_of_services() {
        let release = release();
        let order = release.of_service("order").unwrap();
        assert!(order.contains("stock.hold_firm"));
        assert!(!order.contains("user_contact.read"));
        assert!(release.of_service("stranger").is_none());
        for (role, allowed) in &release.rules.system {
            for permission in SERVICE_ONLY.iter().chain(OPERATOR_ONLY) {
                assert!(!allowed.contains(*permission), "{role} {permission}");
            }
        }
    }

    #[test]
    fn shoppers_buy_and_staff_do_not_administer() {
        let release = release();
        let may = |role: &str, act: &str| release.rules.system[role].contains(act);
        assert!(may("shopper", "order.place") && may("guest", "order.place"));
        assert!(!may("shopper", "order.ship") && !may("shopper", "user.read"));
        assert!(may("warehouse", "stock.receive") && !may("warehouse", "price.write"));
        assert!(may("staff", "product.read") && !may("staff", "user.disable"));
        assert!(may("manager", "price.write") && !may("manager", "user.disable"));
        assert!(may("admin", "user.disable") && !may("admin", "tenant.create"));
        assert!(release.rules.operator.contains("tenant.create"));
    }
}
