//! The services that there are, where each listens, and what each of them owns.

use anyhow::{Result, bail};

/// One service as the stack knows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its name, which is also that of its database and of its user of NATS.
    pub name: &'static str,
    /// Its port, counted from the base.
    pub port: u16,
    /// Whether it has a database.
    pub database: bool,
    /// The contexts whose contracts it serves.
    pub contexts: &'static [&'static str],
}

/// Auth.
pub const AUTH: Spec = owner("auth", 1, &["auth"]);

/// The catalog.
pub const CATALOG: Spec = owner("catalog", 2, &["catalog"]);

/// Inventory.
pub const INVENTORY: Spec = owner("inventory", 3, &["inventory"]);

/// Every service, in the order in which they start.
pub const SPECS: &[Spec] = &[
    AUTH,
    CATALOG,
    INVENTORY,
    owner("store", 4, &["store"]),
    owner("order", 5, &["order"]),
    owner("payment", 6, &["payment"]),
    owner("notification", 7, &["notification"]),
    owner("planning", 8, &["forecast", "replenishment", "planning"]),
    Spec {
        name: "gateway",
        port: 0,
        database: false,
        contexts: &[],
    },
];

const fn owner(name: &'static str, port: u16, contexts: &'static [&'static str]) -> Spec {
    Spec {
        name,
        port,
        database: true,
        contexts,
    }
}

/// Finds a service by its name.
pub fn find(name: &str) -> Result<&'static Spec> {
    let Some(spec) = SPECS.iter().find(|it| it.name == name) else {
        let names: Vec<&str> = SPECS.iter().map(|it| it.name).collect();
        bail!(
            "no service is called {name}; there are {}",
            names.join(", ")
        );
    };
    Ok(spec)
}

/// Finds the service that serves a context.
pub fn of_context(context: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|it| it.contexts.contains(&context))
}

#[cfg(test)]
mod tests {
    use super::SPECS;

    const ROLES: &str = include_str!("../../../deploy/postgres/roles.sql");
    const DATABASES: &str = include_str!("../../../deploy/postgres/databases.sql");
    const NATS: &str = include_str!("../../../deploy/nats/nats.conf");

    #[test]
    fn what_is_deployed_knows_every_service_and_no_other() {
        let owners: Vec<String> = SPECS
            .iter()
            .filter(|it| it.database)
            .map(|it| format!("'{}'", it.name))
            .collect();
        let list = owners.join(", ");
        assert!(ROLES.contains(&list), "{list}");
        assert!(DATABASES.contains(&list), "{list}");
        let users = NATS.matches("user: ").count();
        assert_eq!(
            users,
            owners.len() + 2,
            "each owner, system and provisioner"
        );
        for spec in SPECS.iter().filter(|it| it.database) {
            let variable = format!("$NATS_PASSWORD_{} ", spec.name.to_uppercase());
            let line = NATS
                .lines()
                .find(|it| it.contains(&format!("user: {},", spec.name)));
            let line = line.map(|it| format!("{it} "));
            assert!(line.is_some_and(|it| it.contains(&variable)), "{variable}");
            for context in spec.contexts {
                assert!(NATS.contains(&format!("\"retail.v1.*.{context}.>\"")));
            }
        }
    }

    #[test]
    fn no_two_services_share_a_port() {
        let mut ports: Vec<u16> = SPECS.iter().map(|it| it.port).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), SPECS.len());
    }
}
