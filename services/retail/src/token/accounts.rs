//! Who there is in a stack of development: an operator, and a tenant with a user for each role.
//!
//! Passwords are random and lie in the home alone; auth makes the accounts from the same file.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use vocab::TenantId;

use super::{Role, TENANT};
use crate::home::Home;
use crate::secrets::random;

/// The file of the accounts.
pub const FILE: &str = "accounts.json";
/// The tenant whose one product each start changes.
pub const PROOF: &str = "proof";
/// Who runs the installation.
const OPERATOR: &str = "operator@localhost.example";

/// All accounts.
#[derive(Debug, Serialize, Deserialize)]
pub struct Accounts {
    operator: Account,
    tenants: Vec<Tenant>,
}

/// A tenant with its users.
#[derive(Debug, Serialize, Deserialize)]
struct Tenant {
    tenant_id: String,
    code: String,
    users: Vec<Account>,
}

/// One account.
#[derive(Debug, Serialize, Deserialize)]
pub struct Account {
    /// The name to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// The key of the role; empty for the operator.
    #[serde(default)]
    pub role: String,
}

impl Accounts {
    /// Reads the accounts of a home, or makes them.
    pub fn complete(home: &Home) -> Result<Self> {
        if let Some(text) = home.read(FILE) {
            return serde_json::from_str(&text).context("read the accounts of this home");
        }
        let accounts = Self {
            operator: Account {
                email: OPERATOR.to_owned(),
                password: random()?,
                role: String::new(),
            },
            tenants: vec![
                Tenant::of(TENANT, &Role::ALL)?,
                Tenant::of(PROOF, &[Role::Admin])?,
            ],
        };
        home.write(FILE, &serde_json::to_string_pretty(&accounts)?)?;
        Ok(accounts)
    }

    /// The code of a tenant, named by it or by its id, and the account of a role there.
    pub fn find(&self, tenant: &str, role: Role) -> Option<(&str, &Account)> {
        if role == Role::Operator {
            return Some(("operator", &self.operator));
        }
        let named = |it: &&Tenant| it.code == tenant || it.tenant_id == tenant;
        let tenant = self.tenants.iter().find(named)?;
        let user = tenant.users.iter().find(|it| it.role == role.word())?;
        Some((&tenant.code, user))
    }
}

impl Tenant {
    fn of(code: &str, roles: &[Role]) -> Result<Self> {
        let id = TenantId::derive(None, &[b"development", code.as_bytes()]);
        let users = roles.iter().map(|role| {
            Ok(Account {
                email: format!("{}@{code}.example", role.word()),
                password: random()?,
                role: role.word().to_owned(),
            })
        });
        Ok(Self {
            tenant_id: id.to_string(),
            code: code.to_owned(),
            users: users.collect::<Result<_>>()?,
        })
    }
}
