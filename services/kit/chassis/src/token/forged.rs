//! Identities that nobody may be believed with: one list for the verifier and for every rpc.
//!
//! Each is a good one but for one thing. Only proofs are built with it (feature `proof`).
//! **Invariant:** none of them names a caller who could be believed by another way.

use serde_json::{Value, json};
use vocab::Moment;

use super::claims::Grant;
use super::signer::{Signer, SignerError};
use super::verifier::Refused;
use super::{ALGORITHM, TYPE};

mod bytes;
mod claims;
mod headers;
mod shown;

/// Something that a caller shows instead of a token that holds.
#[derive(Clone, Debug)]
pub struct Forged {
    /// What is wrong with it.
    pub name: String,
    /// What the caller shows.
    pub shown: Shown,
}

/// What a caller shows.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A token in its place, and why a verifier refuses it.
    Token(String, Refused),
    /// Headers by name, such that no token can be found in them.
    Headers(Vec<(&'static str, Vec<u8>)>),
}

impl Forged {
    fn token(name: impl Into<String>, token: String, why: Refused) -> Self {
        Self {
            name: name.into(),
            shown: Shown::Token(token, why),
        }
    }

    /// The headers that a caller sends with it, by name.
    pub fn headers(&self) -> Vec<(&'static str, Vec<u8>)> {
        match &self.shown {
            Shown::Token(token, _) => vec![(AUTHORIZATION, format!("Bearer {token}").into())],
            Shown::Headers(headers) => headers.clone(),
        }
    }
}

/// How old the good token is, so that one that ended did not also end before it began.
const AGE_SECONDS: i64 = 100;
const AUTHORIZATION: &str = "authorization";

/// A good token in parts, to be spoilt.
struct Good<'a> {
    signer: &'a Signer,
    header: Value,
    claims: Value,
    now: i64,
}

impl Good<'_> {
    fn seal(&self, header: &Value, claims: &Value) -> Result<String, SignerError> {
        self.signer.seal(header, claims)
    }

    fn whole(&self) -> Result<String, SignerError> {
        self.seal(&self.header, &self.claims)
    }
}

/// Every identity that is not to be believed, around a grant for some minutes that would be. They
/// stay unbelievable for two minutes.
pub fn all(signer: &Signer, grant: &Grant, now: Moment) -> Result<Vec<Forged>, SignerError> {
    let seconds = now.micros() / 1_000_000;
    let issued = Moment::from_seconds_nanos(seconds - AGE_SECONDS, 0).unwrap_or(now);
    let good = Good {
        signer,
        header: json!({"alg": ALGORITHM, "typ": TYPE, "kid": signer.public().kid}),
        claims: signer.claims(grant, issued)?,
        now: seconds,
    };
    let mut all = shown::all(&good.whole()?);
    all.extend(headers::all(&good)?);
    all.extend(claims::all(&good)?);
    all.extend(bytes::all(&good)?);
    Ok(all)
}

/// Takes one member off an object.
fn without(object: &Value, name: &str) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
    object
}

/// Sets one member of an object.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}
