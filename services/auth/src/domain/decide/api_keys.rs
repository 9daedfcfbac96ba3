//! API keys: made, rotated and ended.

use vocab::{ApiKeyId, Moment};

use super::roles::known;
use crate::domain::answer::Decision;
use crate::domain::command::{ApiKeyStep, NewApiKey};
use crate::domain::fact::{Aggregate, Happened};
use crate::domain::key::{self, View};
use crate::domain::machine::ApiKey;
use crate::domain::rights::Rules;
use crate::domain::{Refusal, agree};

/// Makes a key of what its maker holds.
pub(super) fn create(rules: &Rules, new: &NewApiKey, now: Moment) -> Result<Decision, Refusal> {
    known(rules, &new.permissions)?;
    new.giver.holds(&new.permissions)?;
    new.giver.reaches(&new.locations)?;
    let made = ApiKey {
        id: new.id,
        version: 1,
        display_name: new.display_name.clone(),
        permissions: new.permissions.clone(),
        locations: new.locations.clone(),
        maker: new.maker,
        secrets: new.secrets.clone(),
        expires_at: new.expires_at,
        revoked: None,
        created_at: now,
    };
    let after = Aggregate::ApiKey(Box::new(made));
    Ok(Decision::with(now, after, Happened::ApiKeyCreated))
}

/// Rotates a key, or ends it.
pub(super) fn step(
    view: &dyn View,
    id: ApiKeyId,
    step: &ApiKeyStep,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = key::api_key(view, id).ok_or(Refusal::ApiKeyMissing(id))?;
    let (ApiKeyStep::Rotate { etag, .. } | ApiKeyStep::Revoke { etag, .. }) = step;
    agree(&id.to_string(), present.version, etag.as_deref())?;
    let mut changed = present.clone();
    changed.version = present.version.saturating_add(1);
    let what = match step {
        ApiKeyStep::Rotate {
            giver,
            secret,
            overlap,
            ..
        } => {
            giver.holds(&present.permissions)?;
            giver.reaches(&present.locations)?;
            if !present.works_at(now) {
                return Err(Refusal::ApiKeyEnded);
            }
            changed.secrets = present.secrets.rotated(secret.clone(), *overlap, now);
            Happened::ApiKeyRotated
        }
        ApiKeyStep::Revoke { reason, .. } => {
            if present.revoked.is_some() {
                return Ok(Decision::of(Aggregate::ApiKey(Box::new(present.clone()))));
            }
            changed.revoked = Some((now, reason.clone()));
            Happened::ApiKeyRevoked
        }
    };
    Ok(Decision::with(
        now,
        Aggregate::ApiKey(Box::new(changed)),
        what,
    ))
}
