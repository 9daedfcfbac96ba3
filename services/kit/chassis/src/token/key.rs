//! Public keys as JWK sets carry them: Ed25519 and nothing else.

use std::collections::HashMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::ALGORITHM;

/// The most keys of a set: one that signs, those before and after it, and room.
const KEYS_MAX: usize = 16;
const KEY_BYTES: usize = 32;
/// What the name of a key begins with that a development machine made for itself.
pub(super) const DEVELOPMENT: &str = "dev-";

/// Keys whose private half anybody can read, in standards or in our own tests.
const PUBLISHED: &[&str] = &[
    // The example of RFC 8037.
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
];

/// Says why a set of keys is not used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file or answer cannot be read.
    #[error("the keys cannot be read")]
    Unread(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The set is no JWK set of the form that is wanted.
    #[error("the key set is not valid: {0}")]
    Invalid(&'static str),
    /// A key of a development machine, or one whose private half is published, in production.
    #[error("the key set holds a key of development")]
    Development,
}

/// A JWK set as in RFC 7517.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys; their order means nothing.
    pub keys: Vec<Jwk>,
}

/// One public key as in RFC 8037.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Names the key.
    pub kid: String,
    /// Always `OKP`.
    pub kty: String,
    /// Always `EdDSA`.
    pub alg: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// The public key, in unpadded base64url.
    pub x: String,
}

impl Jwk {
    /// Describes a public key; its name is its thumbprint as in RFC 7638, after a prefix.
    pub(super) fn of(public: &[u8], prefix: &str) -> Self {
        let x = URL_SAFE_NO_PAD.encode(public);
        Self {
            kid: format!("{prefix}{}", thumbprint(&x)),
            kty: "OKP".to_owned(),
            alg: ALGORITHM.to_owned(),
            usage: "sig".to_owned(),
            crv: "Ed25519".to_owned(),
            x,
        }
    }

    /// The thumbprint as in RFC 7638, by which a key is known whatever its name.
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.x)
    }

    fn key(&self) -> Result<PublicKey, KeyError> {
        let expected = [
            (self.kty.as_str(), "OKP"),
            (self.alg.as_str(), ALGORITHM),
            (self.usage.as_str(), "sig"),
            (self.crv.as_str(), "Ed25519"),
        ];
        if self.kid.is_empty() || expected.iter().any(|(found, wanted)| found != wanted) {
            return Err(KeyError::Invalid(
                "a key is not an Ed25519 key for signatures",
            ));
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).ok();
        let bytes = bytes.filter(|it| it.len() == KEY_BYTES);
        let bytes = bytes.ok_or(KeyError::Invalid("a key does not have 32 bytes"))?;
        Ok(PublicKey(UnparsedPublicKey::new(&ED25519, bytes)))
    }
}

/// Says whether a key is one that production must not trust: made by a development machine, or with
/// a private half that is published.
pub fn is_development(key: &Jwk) -> bool {
    key.kid.starts_with(DEVELOPMENT) || PUBLISHED.contains(&key.thumbprint().as_str())
}

fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

/// What verifies a signature.
#[derive(Clone, Debug)]
pub(super) struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }
}

impl Jwks {
    /// Reads a set from its JSON.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        serde_json::from_slice(json).map_err(|it| KeyError::Unread(Box::new(it)))
    }

    /// All keys by name, or the first thing that is wrong with the set.
    pub(super) fn by_name(&self) -> Result<HashMap<String, PublicKey>, KeyError> {
        if self.keys.is_empty() || self.keys.len() > KEYS_MAX {
            return Err(KeyError::Invalid("there are no keys, or too many"));
        }
        let mut by_name = HashMap::new();
        for jwk in &self.keys {
            if by_name.insert(jwk.kid.clone(), jwk.key()?).is_some() {
                return Err(KeyError::Invalid("two keys have one name"));
            }
        }
        Ok(by_name)
    }
}
