//! API keys and service accounts, both ways.

use chassis::fault::Fault;
use contracts::auth as pb;
use contracts::validate::Path;
use prost_types::FieldMask;
use vocab::{Etag, Moment, TenantId};

use super::{ids, merge, optional_time, paths, read_time, text, texts, time, unfit};
use crate::app::{AccountAsked, KeyAsked};
use crate::db::Machine;
use crate::domain::{Account, ApiKey, Secrets};

/// Reads an API key that is to be made; its end has to lie ahead.
pub fn key_asked(wire: pb::ApiKey, now: Moment) -> Result<KeyAsked, Fault> {
    let expires_at = read_time("api_key.expire_time", wire.expire_time.as_ref())?;
    if expires_at.is_some_and(|end| end <= now) {
        let root = Path::Root;
        let at = root.field("api_key");
        let at = at.field("expire_time");
        return Err(unfit(&at, "timestamp.ahead", "must lie ahead"));
    }
    Ok(KeyAsked {
        display_name: wire.display_name,
        permissions: wire.permissions.into_iter().collect(),
        locations: ids("api_key.location_ids", &wire.location_ids)?,
        expires_at,
    })
}

/// Writes an API key, without its secret.
pub fn api_key(tenant: TenantId, it: &Machine<ApiKey>, now: Moment) -> pb::ApiKey {
    let key = &it.is;
    let id = key.id.to_string();
    let state = match (&key.revoked, key.works_at(now)) {
        (Some(_), _) => pb::ApiKeyState::Revoked,
        (None, true) => pb::ApiKeyState::Active,
        (None, false) => pb::ApiKeyState::Expired,
    };
    pb::ApiKey {
        tenant_id: tenant.to_string(),
        display_name: key.display_name.clone(),
        permissions: key.permissions.iter().cloned().collect(),
        location_ids: texts(&key.locations),
        maker_user_id: text(key.maker),
        secret_hint: key.secrets.hint.clone(),
        state: state.into(),
        expire_time: optional_time(key.expires_at),
        last_use_time: optional_time(it.used_at),
        old_secret_expire_time: old_until(&key.secrets, now),
        revoke_time: key.revoked.as_ref().and_then(|(at, _)| time(*at)),
        etag: Etag::of(&id, key.version).to_string(),
        create_time: time(key.created_at),
        api_key_id: id,
    }
}

/// Until when the secret before works too.
pub fn old_until(secrets: &Secrets, now: Moment) -> Option<prost_types::Timestamp> {
    let old = secrets.old.as_ref().filter(|(_, until)| now < *until);
    old.and_then(|(_, until)| time(*until))
}

/// Reads an account that is to be made.
pub fn account_asked(wire: pb::ServiceAccount) -> Result<AccountAsked, Fault> {
    Ok(AccountAsked {
        display_name: wire.display_name,
        roles: ids("service_account.role_ids", &wire.role_ids)?,
        locations: ids("service_account.location_ids", &wire.location_ids)?,
        paths: Vec::new(),
    })
}

/// What an update makes of an account.
pub fn account_revised(
    tenant: TenantId,
    present: &Account,
    sent: &pb::ServiceAccount,
    mask: Option<&FieldMask>,
) -> Result<AccountAsked, Fault> {
    let machine = Machine {
        is: present.clone(),
        used_at: None,
    };
    let before = account(tenant, &machine, present.updated_at);
    let merged = merge(&before, sent, mask, "service_account")?;
    let mut asked = account_asked(merged)?;
    asked.paths = paths(&[
        ("display_name", asked.display_name != present.display_name),
        ("role_ids", asked.roles != present.roles),
        ("location_ids", asked.locations != present.locations),
    ]);
    Ok(asked)
}

/// Writes an account, without its secret.
pub fn account(tenant: TenantId, it: &Machine<Account>, now: Moment) -> pb::ServiceAccount {
    let account = &it.is;
    let id = account.id.to_string();
    let state = match account.disabled {
        true => pb::ServiceAccountState::Disabled,
        false => pb::ServiceAccountState::Active,
    };
    pb::ServiceAccount {
        tenant_id: tenant.to_string(),
        display_name: account.display_name.clone(),
        role_ids: texts(&account.roles),
        location_ids: texts(&account.locations),
        state: state.into(),
        last_use_time: optional_time(it.used_at),
        old_secret_expire_time: old_until(&account.secrets, now),
        etag: Etag::of(&id, account.version).to_string(),
        create_time: time(account.created_at),
        update_time: time(account.updated_at),
        service_account_id: id,
    }
}
