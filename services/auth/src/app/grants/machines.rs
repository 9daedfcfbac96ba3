//! Other systems with a secret. They get no refresh token: they use the secret again.

use std::time::Duration;

use chassis::call::ActorType;
use chassis::call::Call;
use chassis::deadline::Deadline;
use chassis::fault::Fault;
use vocab::{ApiKeyId, Moment, ServiceAccountId, TenantId};

use super::submission;
use crate::app::App;
use crate::app::release::PROFILE;
use crate::app::tokens::{Bearer, Issued};
use crate::app::vault::{digest_of, same};
use crate::db::nobody;
use crate::domain::{Command, Outcome, Refusal, Secrets, UseOf};

/// How often the last use is noted.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// How long noting it may take.
const NOTING: Duration = Duration::from_millis(500);

/// Who shows a secret.
#[derive(Clone, Debug)]
pub enum Client {
    /// An API key.
    ApiKey(ApiKeyId),
    /// A service account.
    Account(ServiceAccountId),
}

impl App {
    /// Trades the secret of a machine for a token.
    pub async fn machine(
        &self,
        call: &Call,
        client: &Client,
        secret: &str,
        narrowed: &[String],
    ) -> Result<Issued, Fault> {
        let tenant = match client {
            Client::ApiKey(id) => self.0.finder.tenant_of_key(*id).await?,
            Client::Account(id) => self.0.finder.tenant_of_account(*id).await?,
        };
        let (known, tenant) = (tenant.is_some(), tenant.unwrap_or_else(nobody));
        // The time comes first: what is withdrawn later is withdrawn of this token too.
        let now = self.0.db.now().await?;
        let done = match client {
            Client::ApiKey(id) => self.api_key(tenant, *id, secret, now).await,
            Client::Account(id) => self.account(tenant, *id, secret, now).await,
        };
        let done = match done {
            Ok((bearer, used)) => {
                self.opened(call, (bearer, client, used), narrowed, now)
                    .await
            }
            Err(fault) => Err(fault),
        };
        if known {
            let (outcome, reason) = match &done {
                Ok(_) => (Outcome::Allowed, ""),
                Err(fault) => (Outcome::Denied, fault.reason().name),
            };
            self.saw(call, (tenant, actor(client)), outcome, reason);
        }
        done
    }

    async fn opened(
        &self,
        call: &Call,
        (bearer, client, used): (Bearer, &Client, Option<Moment>),
        narrowed: &[String],
        now: Moment,
    ) -> Result<Issued, Fault> {
        let tenant = self.0.db.tenant(bearer.tenant).await?;
        if tenant.is_none_or(|it| it.suspended.is_some()) {
            return Err(Refusal::TenantSuspended.into());
        }
        let noted = used.and_then(|it| it.plus(NOTED_EVERY).ok());
        if noted.is_none_or(|due| due <= now) {
            self.note_use(call, bearer.tenant, client).await;
        }
        self.issued(bearer, narrowed, now, None)
    }

    /// Notes when it was used, unless that takes too long: nothing depends on it.
    async fn note_use(&self, call: &Call, tenant: TenantId, client: &Client) {
        let what = match client {
            Client::ApiKey(id) => UseOf::ApiKey(*id),
            Client::Account(id) => UseOf::Account(*id),
        };
        let mut submission = submission(call, tenant, actor(client));
        submission.deadline = Deadline::within(NOTING.min(call.deadline.left()));
        if let Err(fault) = self.submit(submission, Command::MarkUsed(what)).await {
            tracing::debug!(fault.reason = fault.reason().name, "use not noted");
        }
    }

    async fn api_key(
        &self,
        tenant: TenantId,
        id: ApiKeyId,
        secret: &str,
        now: Moment,
    ) -> Result<(Bearer, Option<Moment>), Fault> {
        let found = self.0.db.api_key(tenant, id).await?;
        let secrets = found.as_ref().map(|it| &it.is.secrets);
        let right = opens(secrets, secret, now);
        let machine = found.filter(|_| right).ok_or(Refusal::CredentialsInvalid)?;
        let key = machine.is;
        if key.revoked.is_some() {
            return Err(Refusal::TokenRevoked.into());
        }
        if !key.works_at(now) {
            return Err(Refusal::TokenExpired.into());
        }
        let known = &self.0.release.rules.known;
        let mut held = key.permissions;
        held.retain(|it| known.contains(it));
        held.extend(PROFILE.iter().map(|it| (*it).to_owned()));
        let bearer = self.machine_bearer(tenant, id.to_string(), key.locations)?;
        Ok((Bearer { held, ..bearer }, machine.used_at))
    }

    async fn account(
        &self,
        tenant: TenantId,
        id: ServiceAccountId,
        secret: &str,
        now: Moment,
    ) -> Result<(Bearer, Option<Moment>), Fault> {
        let found = self.0.db.account(tenant, id).await?;
        let secrets = found.as_ref().map(|it| &it.is.secrets);
        let right = opens(secrets, secret, now);
        let machine = found.filter(|_| right).ok_or(Refusal::CredentialsInvalid)?;
        let account = machine.is;
        if account.disabled {
            return Err(Refusal::AccountDisabled.into());
        }
        let roles = self.0.db.roles(tenant, account.roles).await?;
        let rules = &self.0.release.rules;
        let living = roles.iter().filter(|it| it.deleted_at.is_none());
        let mut held: std::collections::BTreeSet<String> =
            living.flat_map(|it| rules.allowed(it)).cloned().collect();
        held.extend(PROFILE.iter().map(|it| (*it).to_owned()));
        let bearer = self.machine_bearer(tenant, id.to_string(), account.locations)?;
        Ok((Bearer { held, ..bearer }, machine.used_at))
    }

    fn machine_bearer(
        &self,
        tenant: TenantId,
        subject: String,
        locations: Vec<vocab::LocationId>,
    ) -> Result<Bearer, Fault> {
        Ok(Bearer {
            tenant,
            subject,
            user: None,
            customer: None,
            session: self.draw()?.id(),
            locations,
            held: std::collections::BTreeSet::new(),
            audience: String::new(),
        })
    }
}

/// Compares a secret with those that open; with none it costs as much and opens nothing.
fn opens(secrets: Option<&Secrets>, secret: &str, now: Moment) -> bool {
    let shown = digest_of(secret);
    let Some(secrets) = secrets else {
        return same(&shown, &[0; 32]);
    };
    secrets
        .open_at(now)
        .fold(false, |any, it| any | same(&shown, it))
}

fn actor(client: &Client) -> (ActorType, String) {
    match client {
        Client::ApiKey(id) => (ActorType::ApiKey, id.to_string()),
        Client::Account(id) => (ActorType::ServiceAccount, id.to_string()),
    }
}
