//! Whether somebody could do something now. Decides nothing: each service checks tokens itself.

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::{ApiKeyId, LocationId, RoleId, ServiceAccountId, UserId};

use super::App;
use super::release::PROFILE;
use crate::domain::{Refusal, Role, UserState};

/// Whether it is allowed, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is.
    Allowed,
    /// No role or key allows it.
    NotGranted,
    /// The subject is bound to other locations.
    Elsewhere,
    /// The subject cannot sign in.
    Inactive,
    /// Nobody of the tenant can do anything.
    Suspended,
}

type Asked<'a> = (&'a str, Option<LocationId>);

impl App {
    /// Whether a user could do something, and by which roles.
    pub async fn check_user(
        &self,
        call: &Call,
        id: UserId,
        asked: Asked<'_>,
    ) -> Result<(Checked, Vec<RoleId>), Fault> {
        let entry = self.0.db.entry_of(call.tenant, id).await?;
        let entry = entry.ok_or(Refusal::UserMissing(id))?;
        let by = self.by(&entry.roles, asked.0);
        let held = !by.is_empty() || self.0.release.profile.contains(asked.0);
        let active = entry.user.state == UserState::Active;
        let checked = self
            .checked(call, (active, held), &entry.user.locations, asked.1)
            .await?;
        Ok((checked, by))
    }

    /// Whether an API key could do something.
    pub async fn check_api_key(
        &self,
        call: &Call,
        id: ApiKeyId,
        asked: Asked<'_>,
    ) -> Result<(Checked, Vec<RoleId>), Fault> {
        let key = self.api_key_of(call, id).await?.is;
        let known = self.0.release.rules.known.contains(asked.0);
        let held = known && key.permissions.contains(asked.0) || PROFILE.contains(&asked.0);
        let active = key.works_at(self.0.db.now().await?);
        let checked = self
            .checked(call, (active, held), &key.locations, asked.1)
            .await?;
        Ok((checked, Vec::new()))
    }

    /// Whether a service account could do something, and by which roles.
    pub async fn check_account(
        &self,
        call: &Call,
        id: ServiceAccountId,
        asked: Asked<'_>,
    ) -> Result<(Checked, Vec<RoleId>), Fault> {
        let account = self.account_of(call, id).await?.is;
        let roles = self.0.db.roles(call.tenant, account.roles).await?;
        let by = self.by(&roles, asked.0);
        let held = !by.is_empty() || PROFILE.contains(&asked.0);
        let checked = self
            .checked(call, (!account.disabled, held), &account.locations, asked.1)
            .await?;
        Ok((checked, by))
    }

    fn by(&self, roles: &[Role], permission: &str) -> Vec<RoleId> {
        let rules = &self.0.release.rules;
        let allow = |it: &&Role| it.deleted_at.is_none() && rules.allowed(it).contains(permission);
        roles.iter().filter(allow).map(|it| it.id).collect()
    }

    async fn checked(
        &self,
        call: &Call,
        (active, held): (bool, bool),
        bound: &[LocationId],
        location: Option<LocationId>,
    ) -> Result<Checked, Fault> {
        let tenant = self.0.db.tenant(call.tenant).await?;
        let reaches = |it| bound.is_empty() || bound.contains(&it);
        Ok(if tenant.is_some_and(|it| it.suspended.is_some()) {
            Checked::Suspended
        } else if !active {
            Checked::Inactive
        } else if !held {
            Checked::NotGranted
        } else if !location.is_none_or(reaches) {
            Checked::Elsewhere
        } else {
            Checked::Allowed
        })
    }
}
