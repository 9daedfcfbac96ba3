//! Checks a token: its form, its signature, its claims, in this order.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use vocab::{Clock, Moment, TenantId};

use super::claims::Claims;
use super::keys::{KeySource, Keys};
use super::revocations::Revocations;
use super::settings::TokenSettings;
use super::{ALGORITHM, MESH, TOKEN_MAX_BYTES, TYPE};
use crate::call::Caller;
use crate::recent::Recent;

/// How far clocks may differ.
const LEEWAY_MS: i64 = 30_000;
/// Verified tokens that are remembered; one costs some kilobytes.
const REMEMBERED_MAX: usize = 10_000;

/// Who calls, as a token says.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The tenant of the token.
    pub tenant: TenantId,
    /// Who acts with it.
    pub caller: Arc<Caller>,
    pub(super) kid: String,
    pub(super) issued_ms: i64,
    not_before_ms: i64,
    expires_ms: i64,
}

impl Identity {
    /// When the token was issued, in milliseconds since 1970.
    pub fn issued_ms(&self) -> i64 {
        self.issued_ms
    }

    /// When it ends, in milliseconds since 1970.
    pub fn expires_ms(&self) -> i64 {
        self.expires_ms
    }
}

/// Why a token is not believed; for our log and never for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// It is no token: too long, not three parts, not base64url, not JSON of the wanted form.
    #[error("it is no token")]
    Malformed,
    /// Its header asks for anything but what is used here.
    #[error("its header is not ours")]
    Header,
    /// No key of that name is published.
    #[error("its key is not known")]
    Key,
    /// Nobody whom we know signed it.
    #[error("its signature does not hold")]
    Signature,
    /// A claim is missing, has the wrong type, or makes no sense.
    #[error("its claims are not ours")]
    Claims,
    /// Somebody else issued it.
    #[error("its issuer is not trusted")]
    Issuer,
    /// It was issued for somebody else.
    #[error("it is meant for others")]
    Audience,
    /// It works no longer, or not yet, or for longer than anything may.
    #[error("its time is not now")]
    Time,
    /// It was withdrawn before its time.
    #[error("it was withdrawn")]
    Revoked,
}

/// The header of a token. A field more, such as a key that a stranger brings along, is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// Checks the tokens that one service is called with.
#[derive(Debug)]
pub struct Verifier {
    issuers: Vec<String>,
    /// Who may be called with it; everybody, if nothing.
    audiences: Option<[String; 2]>,
    life_max_ms: i64,
    keys: Keys,
    clock: Clock,
    remembered: Recent<[u8; 32], Arc<Identity>>,
    revocations: Revocations,
}

impl Verifier {
    /// A verifier of tokens for one service.
    pub fn new(service: &str, settings: &TokenSettings, source: KeySource, clock: Clock) -> Self {
        Self {
            issuers: settings.issuers.clone(),
            audiences: Some([MESH.to_owned(), service.to_owned()]),
            life_max_ms: milliseconds(settings.life_max),
            keys: Keys::new(source, settings.development),
            clock,
            remembered: Recent::of(REMEMBERED_MAX),
            revocations: Revocations::default(),
        }
    }

    /// Refuses what is withdrawn, whenever that is heard of.
    #[must_use]
    pub fn refusing(self, revocations: Revocations) -> Self {
        Self {
            revocations,
            ..self
        }
    }

    /// Takes tokens for every service: for whoever says what they are worth elsewhere.
    #[must_use]
    pub fn of_any_audience(self) -> Self {
        Self {
            audiences: None,
            ..self
        }
    }

    /// The time that it goes by.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The keys that it checks with.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Says who calls with a token, or why it is not believed.
    pub async fn verify(&self, token: &str) -> Result<Arc<Identity>, Refused> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Refused::Malformed);
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let known = self.remembered.find(&digest);
        let known = known.filter(|it| self.keys.knows(&it.kid));
        let identity = match known {
            Some(known) => known,
            None => Arc::new(self.check(token).await?),
        };
        let now = self.now_ms();
        if identity.expires_ms + LEEWAY_MS <= now || now + LEEWAY_MS < identity.not_before_ms {
            return Err(Refused::Time);
        }
        if self.revocations.withdraw(&identity) {
            return Err(Refused::Revoked);
        }
        self.remembered.insert(digest, Arc::clone(&identity));
        Ok(identity)
    }

    /// Says whose token it is, whether its time has come or passed, and withdrawn or not.
    pub async fn read(&self, token: &str) -> Result<Identity, Refused> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Refused::Malformed);
        }
        self.check(token).await
    }

    async fn check(&self, token: &str) -> Result<Identity, Refused> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refused::Malformed)?;
        let header: Header = json(header).map_err(|_| Refused::Header)?;
        if header.alg != ALGORITHM || header.typ != TYPE {
            return Err(Refused::Header);
        }
        let signature = bytes(signature)?;
        let key = self.keys.find(&header.kid).await.ok_or(Refused::Key)?;
        if !key.verifies(signed.as_bytes(), &signature) {
            return Err(Refused::Signature);
        }
        let claims: Claims = json(payload).map_err(|_| Refused::Claims)?;
        self.judge(&claims, header.kid)
    }

    fn judge(&self, claims: &Claims, kid: String) -> Result<Identity, Refused> {
        if !self.issuers.contains(&claims.iss) {
            return Err(Refused::Issuer);
        }
        let audiences = self.audiences.as_ref();
        if audiences.is_some_and(|them| !claims.aud.names(them)) {
            return Err(Refused::Audience);
        }
        let (issued, expires) = (claims.iat.0, claims.exp.0);
        let life = expires - issued;
        if life <= 0 || life > self.life_max_ms || issued > self.now_ms() + LEEWAY_MS {
            return Err(Refused::Time);
        }
        let (tenant, caller) = claims.caller().ok_or(Refused::Claims)?;
        Ok(Identity {
            tenant,
            caller: Arc::new(caller),
            kid,
            issued_ms: issued,
            not_before_ms: claims.nbf.0,
            expires_ms: expires,
        })
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().micros() / 1_000
    }
}

fn bytes(part: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed)
}

/// Reads an object. A list of the same values in their order is none, though serde would take it.
fn json<T: for<'a> Deserialize<'a>>(part: &str) -> Result<T, Refused> {
    let bytes = bytes(part)?;
    if bytes.first() != Some(&b'{') {
        return Err(Refused::Malformed);
    }
    serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed)
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
