//! Access tokens: signed for whoever proved to be somebody, and what one is worth.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::call::Caller;
use chassis::fault::Fault;
use chassis::token::{Grant, MESH};
use std::sync::Arc;
use vocab::{CustomerId, LocationId, Moment, SessionId, TenantId, UserId};

use super::App;
use crate::domain::{Refusal, Role, User};

/// Who gets a token, and what it may allow at most.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The tenant.
    pub tenant: TenantId,
    /// The id of the user, guest, key or account, or the name of a service.
    pub subject: String,
    /// The user.
    pub user: Option<UserId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The session.
    pub session: SessionId,
    /// The locations that it is bound to.
    pub locations: Vec<LocationId>,
    /// What it may allow.
    pub held: BTreeSet<String>,
    /// Who accepts it; empty for every service.
    pub audience: String,
}

/// What was given out.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Who got it.
    pub bearer: Bearer,
    /// What goes into the header of every call.
    pub access_token: String,
    /// What it allows.
    pub permissions: Vec<String>,
    /// When it ends.
    pub expires_at: Moment,
    /// What it is refreshed with, and when that ends.
    pub refresh: Option<(String, Moment)>,
}

/// What a token is worth now.
#[derive(Clone, Debug)]
pub struct Worth {
    /// The tenant.
    pub tenant: TenantId,
    /// Who calls with it.
    pub caller: Arc<Caller>,
    /// When it was issued.
    pub issued_at: Moment,
    /// When it ends.
    pub expires_at: Moment,
}

impl App {
    /// Signs a token that was issued at a moment. The same name gives the same token.
    pub(super) fn issued(
        &self,
        bearer: Bearer,
        narrowed: &[String],
        now: Moment,
        name: Option<[u8; 16]>,
    ) -> Result<Issued, Fault> {
        let missing = narrowed.iter().find(|it| !bearer.held.contains(*it));
        if let Some(missing) = missing {
            return Err(Refusal::PermissionNotHeld(missing.clone()).into());
        }
        let permissions: Vec<String> = match narrowed.is_empty() {
            true => bearer.held.iter().cloned().collect(),
            false => {
                let set: BTreeSet<&String> = narrowed.iter().collect();
                set.into_iter().cloned().collect()
            }
        };
        // What is counted in milliseconds was issued in the one that began before: a token never
        // looks younger than the withdrawal that came after it.
        let issued_at = Moment::from_micros(now.micros() / 1_000 * 1_000).map_err(Fault::bug)?;
        let grant = Grant {
            tenant: bearer.tenant,
            subject: bearer.subject.clone(),
            permissions: permissions.clone(),
            customer: bearer.customer,
            locations: bearer.locations.clone(),
            session: bearer.session.to_string(),
            audience: match bearer.audience.is_empty() {
                true => MESH.to_owned(),
                false => bearer.audience.clone(),
            },
            life: self.0.life,
        };
        let signer = self.0.keyring.signing()?;
        let signed = match name {
            Some(name) => signer.sign_as(&grant, issued_at, name),
            None => signer.sign(&grant, issued_at),
        };
        Ok(Issued {
            access_token: signed.map_err(Fault::bug)?,
            permissions,
            expires_at: issued_at.plus(self.0.life).map_err(Fault::bug)?,
            refresh: None,
            bearer,
        })
    }

    /// What a user's roles allow today, and what every user may do.
    pub(super) fn held(&self, user: &User, roles: &[Role]) -> BTreeSet<String> {
        let rules = &self.0.release.rules;
        let mine = roles
            .iter()
            .filter(|it| it.deleted_at.is_none() && user.roles.contains(&it.id));
        let mut held: BTreeSet<String> = mine.flat_map(|it| rules.allowed(it)).cloned().collect();
        held.extend(self.0.release.profile.iter().cloned());
        held
    }

    /// How long an access token works.
    pub fn life(&self) -> Duration {
        self.0.life
    }

    /// What a token of a tenant is worth now; nothing if it is worth nothing.
    pub async fn worth(&self, tenant: TenantId, token: &str) -> Option<Worth> {
        let identity = self.0.verifier.verify(token).await.ok()?;
        if identity.tenant != tenant {
            return None;
        }
        let moment = |ms: i64| Moment::from_micros(ms.saturating_mul(1_000)).ok();
        Some(Worth {
            tenant: identity.tenant,
            caller: Arc::clone(&identity.caller),
            issued_at: moment(identity.issued_ms())?,
            expires_at: moment(identity.expires_ms())?,
        })
    }
}
