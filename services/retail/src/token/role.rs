//! The roles of development, and what each may do according to the contracts.

use std::collections::BTreeSet;

use anyhow::Result;
use chassis::contract::{Access, Contract, Contracts, Idempotency, Scope};
use clap::ValueEnum;

/// Contexts that run the installation and not the shop.
const OPERATION: [&str; 2] = ["auth", "ops"];

/// Who a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// May do everything.
    Admin,
    /// Runs the shop: everything but accounts and operation, which are read.
    Manager,
    /// Works in the shop: reads, and what is done at a location.
    Staff,
    /// Buys: what is their own and what everybody sees.
    Shopper,
}

impl Role {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Staff => "staff",
            Self::Shopper => "shopper",
        }
    }

    /// Every permission of it, sorted.
    pub fn permissions(self) -> Result<Vec<String>> {
        let contracts = Contracts::built()?;
        let asked = contracts.all().into_iter().filter_map(|contract| {
            let context = contract.method.split('.').nth(1).unwrap_or_default();
            self.permission(context, contract)
        });
        Ok(asked.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// The permission of one rpc, if the role has it.
    fn permission(self, context: &str, contract: &Contract) -> Option<String> {
        let Access::Permission {
            permission, scope, ..
        } = &contract.access
        else {
            return None;
        };
        let reads = contract.idempotency == Idempotency::NoSideEffects;
        let operates = OPERATION.contains(&context);
        let is_own = matches!(scope, Scope::Own | Scope::Everyone | Scope::Caller);
        let allowed = match self {
            Self::Admin => true,
            Self::Manager => !operates || reads || *scope == Scope::Caller,
            Self::Staff => {
                let works = reads || *scope == Scope::Location;
                !operates && works || *scope == Scope::Caller
            }
            Self::Shopper => !operates && is_own || *scope == Scope::Caller,
        };
        allowed.then(|| permission.clone())
    }
}
