//! What is done with API keys and service accounts. A secret is shown once: whoever repeats the
//! request gets the answer without it.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Tries;
use vocab::{ApiKeyId, LocationId, Moment, RoleId, ServiceAccountId};
use zeroize::Zeroizing;

use super::vault::secret;
use super::{App, answered, giver};
use crate::db::Machine;
use crate::domain::command::{
    AccountChange, AccountContent, AccountStep, ApiKeyStep, NewAccount, NewApiKey,
};
use crate::domain::{Account, ApiKey, Command, Refusal, Secrets};

/// A secret on its way to the one who asked for it; empty in a repetition.
pub type Secret = Zeroizing<String>;

/// An API key to make.
#[derive(Clone, Debug)]
pub struct KeyAsked {
    /// Which system holds it.
    pub display_name: String,
    /// What it allows.
    pub permissions: BTreeSet<String>,
    /// Where.
    pub locations: Vec<LocationId>,
    /// When it ends by itself.
    pub expires_at: Option<Moment>,
}

/// What is said of an account, and what is different by the names of the contract.
#[derive(Clone, Debug)]
pub struct AccountAsked {
    /// Which system it stands for.
    pub display_name: String,
    /// What it may do, sorted.
    pub roles: Vec<RoleId>,
    /// Where, sorted.
    pub locations: Vec<LocationId>,
    /// What is different.
    pub paths: Vec<String>,
}

impl AccountAsked {
    fn content(self) -> (AccountContent, Vec<String>) {
        let content = AccountContent {
            display_name: self.display_name,
            roles: self.roles,
            locations: self.locations,
        };
        (content, self.paths)
    }
}

impl App {
    /// Makes an API key.
    pub async fn create_api_key(
        &self,
        call: &Call,
        asked: KeyAsked,
    ) -> Result<(Machine<ApiKey>, Secret), Fault> {
        let (text, digest, hint) = secret()?;
        let command = Command::CreateApiKey(Box::new(NewApiKey {
            id: self.draw()?.id(),
            giver: giver(call),
            maker: call.caller.user,
            display_name: asked.display_name,
            permissions: asked.permissions,
            locations: asked.locations,
            secrets: Secrets::first(digest, hint),
            expires_at: asked.expires_at,
        }));
        let key = answered!(self.submit(call, command).await?, ApiKey)?;
        Ok(shown_once(*key, &text, digest))
    }

    /// An API key as it is.
    pub async fn api_key_of(&self, call: &Call, id: ApiKeyId) -> Result<Machine<ApiKey>, Fault> {
        let found = self.0.db.api_key(call.tenant, id).await?;
        found.ok_or_else(|| Refusal::ApiKeyMissing(id).into())
    }

    /// Gives an API key a new secret.
    pub async fn rotate_api_key(
        &self,
        call: &Call,
        id: ApiKeyId,
        overlap: Duration,
        etag: Option<String>,
    ) -> Result<(Machine<ApiKey>, Secret), Fault> {
        let (text, digest, hint) = secret()?;
        let step = ApiKeyStep::Rotate {
            giver: giver(call),
            secret: (digest, hint),
            overlap,
            etag,
        };
        let command = Command::StepApiKey(id, Box::new(step));
        let key = answered!(self.submit(call, command).await?, ApiKey)?;
        Ok(shown_once(*key, &text, digest))
    }

    /// Ends an API key.
    pub async fn revoke_api_key(
        &self,
        call: &Call,
        id: ApiKeyId,
        reason: &str,
        etag: Option<String>,
    ) -> Result<Machine<ApiKey>, Fault> {
        let call = call.clone().because(reason);
        let reason = reason.to_owned();
        let step = ApiKeyStep::Revoke { reason, etag };
        let command = Command::StepApiKey(id, Box::new(step));
        let key = answered!(self.submit(&call, command).await?, ApiKey)?;
        let used_at = self.api_key_of(&call, id).await?.used_at;
        Ok(Machine { is: *key, used_at })
    }

    /// Makes a service account.
    pub async fn create_account(
        &self,
        call: &Call,
        asked: AccountAsked,
    ) -> Result<(Machine<Account>, Secret), Fault> {
        let (text, digest, hint) = secret()?;
        let (content, _) = asked.content();
        // A role that is not there has no row to lock.
        self.known_roles(call, &content.roles).await?;
        let command = Command::CreateAccount(Box::new(NewAccount {
            id: self.draw()?.id(),
            giver: giver(call),
            content,
            secrets: Secrets::first(digest, hint),
        }));
        let account = answered!(self.submit(call, command).await?, Account)?;
        let (newest, of) = (account.secrets.newest, *account);
        Ok((unused(of), once(&text, newest == digest)))
    }

    /// A service account as it is.
    pub async fn account_of(
        &self,
        call: &Call,
        id: ServiceAccountId,
    ) -> Result<Machine<Account>, Fault> {
        let found = self.0.db.account(call.tenant, id).await?;
        found.ok_or_else(|| Refusal::AccountMissing(id).into())
    }

    /// Changes a service account.
    pub async fn revise_account(
        &self,
        call: &Call,
        id: ServiceAccountId,
        etag: Option<String>,
        revise: impl Fn(&Account) -> Result<AccountAsked, Fault>,
    ) -> Result<Machine<Account>, Fault> {
        let change = |present: &Account| {
            let (content, paths) = revise(present)?.content();
            Ok(AccountChange::Revise(content, paths))
        };
        self.step_account(call, id, etag, change).await
    }

    /// Gives a service account a new secret.
    pub async fn rotate_account(
        &self,
        call: &Call,
        id: ServiceAccountId,
        overlap: Duration,
        etag: Option<String>,
    ) -> Result<(Machine<Account>, Secret), Fault> {
        let (text, digest, hint) = secret()?;
        let change = |_: &Account| Ok(AccountChange::Rotate((digest, hint.clone()), overlap));
        let account = self.step_account(call, id, etag, change).await?;
        let newest = account.is.secrets.newest;
        Ok((account, once(&text, newest == digest)))
    }

    /// Bars a service account for a reason, or lets it in again.
    pub async fn bar_account(
        &self,
        call: &Call,
        id: ServiceAccountId,
        reason: Option<&str>,
        etag: Option<String>,
    ) -> Result<Machine<Account>, Fault> {
        let call = call.clone().because(reason.unwrap_or_default());
        let change = |_: &Account| {
            Ok(match reason {
                Some(reason) => AccountChange::Disable(reason.to_owned()),
                None => AccountChange::Enable,
            })
        };
        self.step_account(&call, id, etag, change).await
    }

    async fn step_account(
        &self,
        call: &Call,
        id: ServiceAccountId,
        etag: Option<String>,
        change: impl Fn(&Account) -> Result<AccountChange, Fault>,
    ) -> Result<Machine<Account>, Fault> {
        let mut tries = Tries::default();
        loop {
            let present = self.account_of(call, id).await?;
            let change = change(&present.is)?;
            if let AccountChange::Revise(content, _) = &change {
                self.known_roles(call, &content.roles).await?;
            }
            let command = Command::StepAccount(Box::new(AccountStep {
                id,
                giver: giver(call),
                roles: present.is.roles.clone(),
                etag: etag.clone(),
                change,
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                let account = answered!(done?, Account)?;
                let used_at = present.used_at;
                return Ok(Machine {
                    is: *account,
                    used_at,
                });
            }
        }
    }

    /// Refuses roles that there are not.
    async fn known_roles(&self, call: &Call, ids: &[RoleId]) -> Result<(), Fault> {
        let found = self.0.db.roles(call.tenant, ids.to_vec()).await?;
        let known = |id: &RoleId| {
            let found = found.iter().find(|it| it.id == *id);
            found.is_some_and(|it| it.deleted_at.is_none())
        };
        match ids.iter().find(|it| !known(it)) {
            Some(unknown) => Err(Refusal::RoleUnknown(*unknown).into()),
            None => Ok(()),
        }
    }
}

/// The whole string of an API key: its id, a dot, and the secret.
fn shown_once(key: ApiKey, text: &str, digest: [u8; 32]) -> (Machine<ApiKey>, Secret) {
    let first = key.secrets.newest == digest;
    let whole = Zeroizing::new(format!("{}.{text}", key.id));
    (unused(key), once(&whole, first))
}

fn once(text: &str, first: bool) -> Secret {
    Zeroizing::new(if first {
        text.to_owned()
    } else {
        String::new()
    })
}

fn unused<T>(is: T) -> Machine<T> {
    Machine { is, used_at: None }
}
