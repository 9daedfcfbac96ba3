//! Sessions, tokens, and the keys that verify these.

use chassis::token::Jwk;
use contracts::auth as pb;
use vocab::TenantId;

use super::{text, texts, time};
use crate::app::Issued;
use crate::domain::Session;

/// Writes a session.
pub fn session(tenant: TenantId, it: &Session, agent: String, current: &str) -> pb::Session {
    let id = it.id.to_string();
    pb::Session {
        tenant_id: tenant.to_string(),
        user_id: text(it.user),
        customer_id: text(it.customer),
        user_agent: agent,
        current: id == current,
        last_use_time: time(it.refreshed_at),
        expire_time: time(it.expires_at()),
        create_time: time(it.begun_at),
        session_id: id,
    }
}

/// Writes what was given out.
pub fn issued(it: Issued) -> pb::IssueTokenResponse {
    let (refresh_token, refresh_expire_time) = match it.refresh {
        Some((token, until)) => (token, time(until)),
        None => (String::new(), None),
    };
    pb::IssueTokenResponse {
        access_token: it.access_token,
        refresh_token,
        token_type: "Bearer".to_owned(),
        expire_time: time(it.expires_at),
        refresh_expire_time,
        permissions: it.permissions,
        tenant_id: it.bearer.tenant.to_string(),
        user_id: text(it.bearer.user),
        customer_id: text(it.bearer.customer),
        session_id: it.bearer.session.to_string(),
        location_ids: texts(&it.bearer.locations),
    }
}

/// Writes a key that verifies tokens.
pub fn key(key: Jwk) -> pb::Jwk {
    pb::Jwk {
        kid: key.kid,
        kty: key.kty,
        alg: key.alg,
        r#use: key.usage,
        crv: key.crv,
        x: key.x,
    }
}
