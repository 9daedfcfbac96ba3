//! The roles of development.

use clap::ValueEnum;

/// Who a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// May do everything in the tenant.
    Admin,
    /// Runs the shop: everything but accounts and operation, which are read.
    Manager,
    /// Works in the shop: reads, and what is done at a location.
    Staff,
    /// Works with the stock.
    Warehouse,
    /// Buys: what is their own and what everybody sees.
    Shopper,
    /// Runs the installation: opens and closes tenants.
    Operator,
}

impl Role {
    /// Those that a tenant has.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Manager,
        Self::Staff,
        Self::Warehouse,
        Self::Shopper,
    ];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Staff => "staff",
            Self::Warehouse => "warehouse",
            Self::Shopper => "shopper",
            Self::Operator => "operator",
        }
    }
}
