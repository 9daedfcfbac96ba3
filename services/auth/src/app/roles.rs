//! What is done with roles.

use std::collections::BTreeSet;

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Tries;
use vocab::RoleId;

use super::{App, answered, giver};
use crate::domain::command::{NewRole, RoleContent, RoleRemoval, RoleRevision};
use crate::domain::{Command, Refusal, Role};

/// What is said of a role, and what is different by the names of the contract.
#[derive(Clone, Debug, Default)]
pub struct RoleAsked {
    /// Names it.
    pub key: String,
    /// How people call it.
    pub display_name: String,
    /// For whom it is meant.
    pub description: String,
    /// What it allows.
    pub permissions: BTreeSet<String>,
    /// What is different.
    pub paths: Vec<String>,
}

impl RoleAsked {
    fn content(self) -> RoleContent {
        RoleContent {
            key: self.key,
            display_name: self.display_name,
            description: self.description,
            permissions: self.permissions,
        }
    }
}

impl App {
    /// Makes a role.
    pub async fn create_role(&self, call: &Call, asked: RoleAsked) -> Result<Role, Fault> {
        let command = Command::CreateRole(Box::new(NewRole {
            id: self.draw()?.id(),
            giver: giver(call),
            system: false,
            content: asked.content(),
        }));
        answered!(self.submit(call, command).await?, Role).map(|it| *it)
    }

    /// A role as it is.
    pub async fn role(&self, call: &Call, id: RoleId) -> Result<Role, Fault> {
        let found = self.0.db.roles(call.tenant, vec![id]).await?;
        let found = found.into_iter().find(|it| it.deleted_at.is_none());
        let role = found.ok_or(Refusal::RoleMissing(id))?;
        Ok(self.shown(role))
    }

    /// All roles, in the order of their keys.
    pub async fn roles(&self, call: &Call) -> Result<Vec<Role>, Fault> {
        let all = self.0.db.all_roles(call.tenant).await?;
        Ok(all.into_iter().map(|it| self.shown(it)).collect())
    }

    /// Changes a role.
    pub async fn revise_role(
        &self,
        call: &Call,
        id: RoleId,
        etag: Option<String>,
        revise: impl Fn(&Role) -> Result<RoleAsked, Fault>,
    ) -> Result<Role, Fault> {
        let mut tries = Tries::default();
        loop {
            let present = self.role(call, id).await?;
            let asked = revise(&present)?;
            let command = Command::ReviseRole(Box::new(RoleRevision {
                id,
                giver: giver(call),
                etag: etag.clone(),
                version: present.version,
                paths: asked.paths.clone(),
                content: asked.content(),
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return answered!(done?, Role).map(|it| *it);
            }
        }
    }

    /// Removes a role that nobody has.
    pub async fn delete_role(
        &self,
        call: &Call,
        id: RoleId,
        etag: Option<String>,
    ) -> Result<(), Fault> {
        // One that is gone is read too: the request may be a repetition.
        let found = self.0.db.roles(call.tenant, vec![id]).await?;
        let found = found.into_iter().next().ok_or(Refusal::RoleMissing(id))?;
        let key = found.key;
        let command = Command::DeleteRole(RoleRemoval { id, key, etag });
        self.submit(call, command).await.map(|_| ())
    }

    /// A role with what it allows today.
    fn shown(&self, role: Role) -> Role {
        let permissions = self.0.release.rules.allowed(&role).clone();
        Role {
            permissions,
            ..role
        }
    }
}
