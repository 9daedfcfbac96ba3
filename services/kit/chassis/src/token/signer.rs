//! Signs tokens: auth with the key that it keeps, a development machine with one of its own.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use thiserror::Error;
use uuid::Builder;
use vocab::Moment;
use zeroize::Zeroizing;

use super::claims::{Audience, Claims, Grant, Seconds};
use super::key::{DEVELOPMENT, Jwk, Jwks};
use super::{ALGORITHM, ISSUER, TYPE};

/// The first and last line of a private key as PEM.
const PEM: (&str, &str) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");

/// Says why nothing can be signed.
#[derive(Debug, Error)]
pub enum SignerError {
    /// The text is no PKCS#8 key of Ed25519.
    #[error("the key is no Ed25519 key in PKCS#8")]
    Key,
    /// The system gives no randomness.
    #[error("the system has no randomness")]
    Randomness,
    /// The claims cannot be written.
    #[error("the claims cannot be written")]
    Claims(#[from] serde_json::Error),
}

/// Signs tokens with one key.
pub struct Signer {
    pub(super) key: Ed25519KeyPair,
    public: Jwk,
    issuer: String,
}

impl Signer {
    /// A key that never was before, and that production refuses by its name.
    pub fn for_development() -> Result<Self, SignerError> {
        let key = Ed25519KeyPair::generate().map_err(|_| SignerError::Randomness)?;
        Ok(Self::of_key(key, DEVELOPMENT))
    }

    /// A key of a development machine, as [`Self::to_pem`] wrote it.
    pub fn of_development_pem(pem: &str) -> Result<Self, SignerError> {
        Ok(Self::of_key(parse(pem)?, DEVELOPMENT))
    }

    /// A key that production trusts, as [`Self::to_pem`] wrote it.
    pub fn of_pem(pem: &str) -> Result<Self, SignerError> {
        Ok(Self::of_key(parse(pem)?, ""))
    }

    fn of_key(key: Ed25519KeyPair, prefix: &str) -> Self {
        let public = Jwk::of(key.public_key().as_ref(), prefix);
        Self {
            key,
            public,
            issuer: ISSUER.to_owned(),
        }
    }

    /// Writes the private key, to be kept in a file that nobody else can read.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, SignerError> {
        let der = self.key.to_pkcs8().map_err(|_| SignerError::Key)?;
        let body = Zeroizing::new(STANDARD.encode(der.as_ref()));
        let (first, last) = PEM;
        Ok(Zeroizing::new(format!("{first}\n{}\n{last}\n", *body)))
    }

    /// The public half.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// The public half as a set, as files and GetJwks hold it.
    pub fn jwks(&self) -> Jwks {
        Jwks {
            keys: vec![self.public.clone()],
        }
    }

    /// Signs a token that works from a moment on.
    pub fn sign(&self, grant: &Grant, now: Moment) -> Result<String, SignerError> {
        self.sealed(&self.claims(grant, now)?)
    }

    /// The same with a name that is drawn by the caller: the same name, grant and moment give the
    /// same token.
    pub fn sign_as(&self, grant: &Grant, now: Moment, id: [u8; 16]) -> Result<String, SignerError> {
        self.sealed(&self.claims_as(grant, now, id)?)
    }

    fn sealed(&self, claims: &serde_json::Value) -> Result<String, SignerError> {
        let header = json!({"alg": ALGORITHM, "typ": TYPE, "kid": self.public.kid});
        self.seal(&header, claims)
    }

    /// Everything that a token says of its caller.
    pub(super) fn claims(
        &self,
        grant: &Grant,
        now: Moment,
    ) -> Result<serde_json::Value, SignerError> {
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| SignerError::Randomness)?;
        self.claims_as(grant, now, id)
    }

    fn claims_as(
        &self,
        grant: &Grant,
        now: Moment,
        id: [u8; 16],
    ) -> Result<serde_json::Value, SignerError> {
        let issued = now.micros() / 1_000;
        let life = i64::try_from(grant.life.as_millis()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: Audience::One(grant.audience.clone()),
            iat: Seconds(issued),
            nbf: Seconds(issued),
            exp: Seconds(issued.saturating_add(life)),
            jti: Builder::from_random_bytes(id).into_uuid().to_string(),
            tid: grant.tenant.to_string(),
            sub: grant.subject.clone(),
            sid: grant.session.clone(),
            prm: grant.permissions.clone(),
            cus: grant.customer.map(|it| it.to_string()),
            loc: grant.locations.iter().map(ToString::to_string).collect(),
        };
        Ok(serde_json::to_value(claims)?)
    }

    /// Signs any header and any claims; tests write with it what auth never would.
    pub(super) fn seal(
        &self,
        header: &serde_json::Value,
        claims: &serde_json::Value,
    ) -> Result<String, SignerError> {
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(header)?);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.public.kid)
    }
}

fn parse(pem: &str) -> Result<Ed25519KeyPair, SignerError> {
    let (first, last) = PEM;
    let body = pem.trim().strip_prefix(first);
    let body = body.and_then(|it| it.strip_suffix(last));
    let text: Zeroizing<String> = body
        .map(|it| it.split_whitespace().collect::<String>().into())
        .ok_or(SignerError::Key)?;
    let der = STANDARD
        .decode(text.as_bytes())
        .map_err(|_| SignerError::Key)?;
    let der = Zeroizing::new(der);
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| SignerError::Key)
}
