//! Tenants, both ways. Their settings are kept in the form of the contract.

use chassis::fault::Fault;
use contracts::auth as pb;
use contracts::validate::Path;
use prost::Message;
use prost_types::FieldMask;
use vocab::Etag;

use super::{merge, paths, time, unfit};
use crate::app::TenantAsked;
use crate::domain::Tenant;
use crate::domain::command::TenantContent;

/// The most bytes that settings take.
const SETTINGS_MAX: usize = 32 * 1024;

/// Reads what is said of a tenant.
pub fn content(wire: &pb::Tenant) -> Result<TenantContent, Fault> {
    let settings = wire.settings.as_ref();
    let encoded = settings.map(Message::encode_to_vec).unwrap_or_default();
    if encoded.len() > SETTINGS_MAX {
        let root = Path::Root;
        let at = root.field("tenant");
        let at = at.field("settings");
        return Err(unfit(&at, "struct.bytes", "must not be so large"));
    }
    Ok(TenantContent {
        code: wire.code.clone(),
        display_name: wire.display_name.clone(),
        currency: wire.default_currency_code.clone(),
        locale: wire.default_locale.clone(),
        time_zone: wire.time_zone.clone(),
        settings: encoded,
        guests_refused: settings.is_some_and(|it| it.guests_refused),
    })
}

/// What an update makes of a tenant.
pub fn revised(
    present: &Tenant,
    sent: &pb::Tenant,
    mask: Option<&FieldMask>,
) -> Result<TenantAsked, Fault> {
    let before = tenant(present);
    let merged = merge(&before, sent, mask, "tenant")?;
    if merged.code != before.code {
        let root = Path::Root;
        let at = root.field("tenant");
        let at = at.field("code");
        return Err(unfit(&at, "immutable", "cannot be changed"));
    }
    Ok(TenantAsked {
        content: content(&merged)?,
        paths: paths(&[
            ("display_name", merged.display_name != before.display_name),
            (
                "default_currency_code",
                merged.default_currency_code != before.default_currency_code,
            ),
            (
                "default_locale",
                merged.default_locale != before.default_locale,
            ),
            ("time_zone", merged.time_zone != before.time_zone),
            ("settings", merged.settings != before.settings),
        ]),
    })
}

/// Writes a tenant.
pub fn tenant(it: &Tenant) -> pb::Tenant {
    let id = it.id.to_string();
    let state = match it.suspended {
        Some(_) => pb::TenantState::Suspended,
        None => pb::TenantState::Active,
    };
    let settings = pb::TenantSettings::decode(&*it.settings).ok();
    pb::Tenant {
        code: it.code.clone(),
        display_name: it.display_name.clone(),
        state: state.into(),
        suspend_reason: it.suspended.clone().unwrap_or_default(),
        default_currency_code: it.currency.clone(),
        default_locale: it.locale.clone(),
        time_zone: it.time_zone.clone(),
        settings: settings.filter(|_| !it.settings.is_empty()),
        etag: Etag::of(&id, it.version).to_string(),
        create_time: time(it.created_at),
        update_time: time(it.updated_at),
        tenant_id: id,
    }
}
