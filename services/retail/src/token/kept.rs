//! Tokens that were given out, and how long they are worth being given again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::auth as pb;
use contracts::auth::user_service_client::UserServiceClient;
use serde::Deserialize;
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use vocab::Moment;

use super::{FILE, Role, TENANT};

/// When a token was issued, and when it ends, in seconds.
#[derive(Deserialize)]
struct Life {
    iat: f64,
    exp: f64,
}

/// The file in which a token is kept; other programs know that of the usual one.
pub fn file(code: &str, role: Role) -> String {
    match (code, role) {
        (TENANT, Role::Admin) => FILE.to_owned(),
        _ => format!("{FILE}-{code}-{}", role.word()),
    }
}

/// Whether more than half of a token's life is left.
pub fn is_young(token: &str, now: Moment) -> bool {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    let life: Option<Life> = serde_json::from_slice(&payload).ok();
    let now = std::time::Duration::from_micros(now.micros().unsigned_abs()).as_secs_f64();
    life.is_some_and(|it| it.iat <= now && now < f64::midpoint(it.iat, it.exp))
}

/// Whether auth still believes a token.
pub async fn is_believed(channel: Channel, token: &str) -> bool {
    let Ok(header) = format!("Bearer {token}").parse::<AsciiMetadataValue>() else {
        return false;
    };
    let mut request = Request::new(pb::GetCurrentUserRequest {});
    request.metadata_mut().insert("authorization", header);
    let mut users = UserServiceClient::new(channel);
    users.get_current_user(request).await.is_ok()
}
