//! Headers of tokens that ask for anything but what is used here.

use serde_json::{Value, json};

use super::{Forged, Good, with, without};
use crate::token::signer::{Signer, SignerError};
use crate::token::verifier::Refused;

/// A name, a member, and what it is instead.
type Changed = (&'static str, &'static str, fn() -> Value);

/// Members of a header that are not what they are in ours.
const CHANGED: &[Changed] = &[
    ("alg none", "alg", || json!("none")),
    ("alg None", "alg", || json!("None")),
    ("alg in other letters", "alg", || json!("eddsa")),
    ("alg of the curve", "alg", || json!("Ed25519")),
    ("alg ES256", "alg", || json!("ES256")),
    ("alg RS256", "alg", || json!("RS256")),
    ("alg PS256", "alg", || json!("PS256")),
    ("alg HS256", "alg", || json!("HS256")),
    ("alg empty", "alg", || json!("")),
    ("alg null", "alg", || Value::Null),
    ("alg as a list", "alg", || json!(["EdDSA"])),
    ("typ JWT", "typ", || json!("JWT")),
    ("typ of an id token", "typ", || json!("id+jwt")),
    ("typ of a refresh token", "typ", || json!("rt+jwt")),
    ("typ in other letters", "typ", || json!("AT+JWT")),
    ("typ with its tree", "typ", || json!("application/at+jwt")),
    ("kid a number", "kid", || json!(7)),
    ("kid null", "kid", || Value::Null),
    ("an embedded key", "jwk", || json!({"kty": "OKP"})),
    ("a place of keys", "jku", || {
        json!("https://evil.example/jwks")
    }),
    ("a place of a chain", "x5u", || {
        json!("https://evil.example/x")
    }),
    ("a chain", "x5c", || json!(["AAAA"])),
    ("a thumbprint", "x5t", || json!("AAAA")),
    ("something critical", "crit", || json!(["exp"])),
    ("a payload not encoded", "b64", || json!(false)),
    ("a payload compressed", "zip", || json!("DEF")),
    ("a content type", "cty", || json!("JWT")),
];

/// Names of keys that nobody published.
const STRANGE: &[(&str, &str)] = &[
    ("an unknown key", "dev-other"),
    ("no name of a key", ""),
    ("a key as a path", "../../../../dev/null"),
    ("a key as a file", "/proc/sys/kernel/randomize_va_space"),
    ("a key as a query", "x' UNION SELECT 'AAAA"),
    ("a key as a command", "key;curl evil.example"),
    ("a key as a place", "https://evil.example/key"),
];

/// Every header that is not to be believed.
pub(super) fn all(good: &Good<'_>) -> Result<Vec<Forged>, SignerError> {
    let mut all = Vec::new();
    let mut refuse = |name: String, header: Value, why| {
        let token = good.seal(&header, &good.claims)?;
        all.push(Forged::token(name, token, why));
        Ok::<(), SignerError>(())
    };
    for (name, member, value) in CHANGED {
        let header = with(&good.header, member, value());
        refuse((*name).to_owned(), header, Refused::Header)?;
    }
    for member in ["alg", "typ", "kid"] {
        let header = without(&good.header, member);
        refuse(format!("no {member}"), header, Refused::Header)?;
    }
    for (name, kid) in STRANGE {
        let header = with(&good.header, "kid", json!(kid));
        refuse((*name).to_owned(), header, Refused::Key)?;
    }
    let lower = kid(good).to_ascii_lowercase();
    for (name, kid) in [
        ("a key in small letters", lower),
        ("a key and more", format!("{}\0", kid(good))),
        ("a key with a space", format!(" {}", kid(good))),
        ("a key with a long name", kid(good).repeat(50)),
    ] {
        let header = with(&good.header, "kid", json!(kid));
        refuse(name.to_owned(), header, Refused::Key)?;
    }
    all.extend(of_strangers(good)?);
    Ok(all)
}

/// Tokens that somebody signed whom we do not know.
fn of_strangers(good: &Good<'_>) -> Result<Vec<Forged>, SignerError> {
    let stranger = Signer::for_development()?;
    let own = with(&good.header, "kid", json!(stranger.public().kid));
    let embedded = with(&own, "jwk", json!(stranger.public()));
    let ours_embedded = with(&good.header, "jwk", json!(stranger.public()));
    let sealed = |header| stranger.seal(header, &good.claims);
    Ok(vec![
        Forged::token("a stranger's key", sealed(&own)?, Refused::Key),
        Forged::token(
            "a stranger's key under our name",
            sealed(&good.header)?,
            Refused::Signature,
        ),
        Forged::token(
            "a stranger's key, embedded",
            sealed(&embedded)?,
            Refused::Header,
        ),
        Forged::token(
            "a stranger's key, embedded under our name",
            sealed(&ours_embedded)?,
            Refused::Header,
        ),
    ])
}

fn kid<'a>(good: &'a Good<'_>) -> &'a str {
    &good.signer.public().kid
}
