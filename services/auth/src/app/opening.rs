//! Tenants from nothing: their roles, their first user; and those that an installation begins with.

use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::fault::Fault;
use journal::Submission;
use serde::Deserialize;
use vocab::{CustomerId, RoleId, TenantId, UserId};

use super::contact::Contact;
use super::users::UserAsked;
use super::{App, operator};
use crate::domain::command::{NewRole, NewTenant, TenantContent};
use crate::domain::{ADMIN_ROLE, Command, Giver, OPERATOR_ROLE, SHOPPER_ROLE, role_id};

/// As what it appears in facts.
const METHOD: &str = "retail.auth.v1.jobs/Opening";
/// How long a step may take.
const BUDGET: Duration = Duration::from_secs(20);
/// The code of the operator's own tenant.
const OPERATOR_CODE: &str = "operator";

/// A tenant to open.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its id.
    pub id: TenantId,
    /// Whether it runs the installation.
    pub operator: bool,
    /// What is said of it.
    pub content: TenantContent,
    /// Its first user.
    pub admin: Contact,
    /// Their password; none invites them.
    pub password: Option<String>,
}

/// Whom an installation begins with, as a file says it. A machine of development has one tenant
/// with a user for each role; any other at most the operator.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// Who runs the installation.
    pub operator: Option<Seed>,
    /// Tenants with users, of development.
    #[serde(default)]
    pub tenants: Vec<Seeded>,
}

/// A tenant that is there from the beginning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeded {
    /// Its id; drawn from its code, if nothing is said.
    pub tenant_id: Option<String>,
    /// What people type.
    pub code: String,
    /// Its users; the first opens every door.
    pub users: Vec<Seed>,
}

/// A user who is there from the beginning.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The name to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// The key of their role.
    #[serde(default)]
    pub role: String,
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[seed]")
    }
}

impl App {
    /// What opens a tenant.
    pub(super) async fn opened_tenant(&self, opening: Opening) -> Result<Command, Fault> {
        let Opening {
            id,
            operator,
            content,
            admin,
            password,
        } = opening;
        let key = if operator { OPERATOR_ROLE } else { ADMIN_ROLE };
        let password = match password {
            Some(text) => {
                let deadline = Deadline::within(BUDGET);
                Some((self.0.hashing.hash(&text, deadline).await?, false))
            }
            None => None,
        };
        let asked = UserAsked {
            contact: admin,
            locale: content.locale.clone(),
            password: None,
        };
        let user = self.draw()?.id();
        let roles = match operator {
            true => sorted(vec![role_id(id, ADMIN_ROLE), role_id(id, key)]),
            false => vec![role_id(id, key)],
        };
        let admin = self.new_user(id, (user, roles), &asked, password)?;
        Ok(Command::OpenTenant(Box::new(NewTenant {
            id,
            content,
            operator,
            roles: self.first_roles(id, operator),
            admin,
        })))
    }

    /// The roles that a tenant begins with.
    fn first_roles(&self, tenant: TenantId, operator: bool) -> Vec<NewRole> {
        let rules = &self.0.release.rules;
        let own = operator.then_some((&OPERATOR_ROLE, &rules.operator));
        let all = rules.system.iter().chain(own);
        let roles = all.map(|(key, permissions)| NewRole {
            id: role_id(tenant, key),
            giver: Giver::SERVICE,
            system: true,
            content: crate::domain::command::RoleContent {
                key: (*key).to_owned(),
                display_name: (*key).to_owned(),
                description: String::new(),
                permissions: permissions.clone(),
            },
        });
        roles.collect()
    }

    /// Makes what an installation begins with, as far as it is not there.
    pub async fn plant(&self, seeds: &Seeds) -> Result<(), Fault> {
        if let Some(seed) = &seeds.operator {
            let content = content(OPERATOR_CODE);
            self.plant_tenant((operator(), true), content, seed).await?;
        }
        for seeded in &seeds.tenants {
            let named = seeded.tenant_id.as_deref().and_then(|it| it.parse().ok());
            let drawn = || TenantId::derive(None, &[b"seeded", seeded.code.as_bytes()]);
            let id = named.unwrap_or_else(drawn);
            let mut users = seeded.users.iter();
            let Some(first) = users.next() else {
                continue;
            };
            self.plant_tenant((id, false), content(&seeded.code), first)
                .await?;
            for seed in users {
                self.plant_user(id, seed).await?;
            }
        }
        Ok(())
    }

    async fn plant_tenant(
        &self,
        (id, operator): (TenantId, bool),
        content: TenantContent,
        seed: &Seed,
    ) -> Result<(), Fault> {
        if self.0.db.tenant(id).await?.is_some() {
            return Ok(());
        }
        let opening = Opening {
            id,
            operator,
            content,
            admin: contact(seed),
            password: Some(seed.password.clone()),
        };
        let command = self.opened_tenant(opening).await?;
        self.planted(id, command, "CODE_EXISTS").await
    }

    async fn plant_user(&self, tenant: TenantId, seed: &Seed) -> Result<(), Fault> {
        let digest = self.0.vault.email(tenant, &seed.email);
        if self.0.db.user_of_email(tenant, digest).await?.is_some() {
            return Ok(());
        }
        let deadline = Deadline::within(BUDGET);
        let hash = self.0.hashing.hash(&seed.password, deadline).await?;
        let asked = UserAsked {
            contact: contact(seed),
            locale: String::new(),
            password: None,
        };
        let mut draw = self.draw()?;
        let (id, customer): (UserId, CustomerId) = (draw.id(), draw.id());
        let roles = vec![role_id(tenant, &seed.role)];
        let mut new = self.new_user(tenant, (id, roles), &asked, Some((hash, false)))?;
        new.customer = (seed.role == SHOPPER_ROLE).then_some(customer);
        let command = Command::CreateUser(Box::new(new));
        self.planted(tenant, command, "EMAIL_EXISTS").await
    }

    /// What another replica planted a moment ago is there.
    async fn planted(&self, tenant: TenantId, command: Command, there: &str) -> Result<(), Fault> {
        let deadline = Deadline::within(BUDGET);
        let submission = Submission::of_service("auth", tenant, METHOD, deadline);
        match self.submit(submission, command).await {
            Err(fault) if fault.reason().name != there => Err(fault),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn content(code: &str) -> TenantContent {
    TenantContent {
        code: code.to_owned(),
        display_name: code.to_owned(),
        currency: "EUR".to_owned(),
        locale: String::new(),
        time_zone: String::new(),
        settings: Vec::new(),
        guests_refused: false,
    }
}

fn contact(seed: &Seed) -> Contact {
    let name = seed.email.split('@').next().unwrap_or_default();
    Contact {
        email: seed.email.clone(),
        display_name: name.to_owned(),
    }
}

fn sorted(mut roles: Vec<RoleId>) -> Vec<RoleId> {
    roles.sort_unstable();
    roles
}
