//! Bytes that were changed after signing, signed by other means, or never were a token.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Forged, Good, with};
use crate::token::signer::SignerError;
use crate::token::verifier::Refused;

/// The order of the group of Ed25519, least byte first: added to the second half of a signature,
/// it makes another that a lenient verifier takes.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The claims as a reader would expect them in a list.
const MEMBERS: [&str; 10] = [
    "iss", "aud", "iat", "nbf", "exp", "jti", "tid", "sub", "sid", "prm",
];

/// A good token, taken apart.
struct Parts {
    header: String,
    payload: String,
    signature: String,
}

impl Parts {
    fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Self {
            header: next(),
            payload: next(),
            signature: next(),
        }
    }

    fn signed(&self) -> String {
        format!("{}.{}", self.header, self.payload)
    }

    fn with_signature(&self, bytes: impl AsRef<[u8]>) -> String {
        format!("{}.{}", self.signed(), encode(bytes))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Every text that is no token of ours.
pub(super) fn all(good: &Good<'_>) -> Result<Vec<Forged>, SignerError> {
    let parts = Parts::of(&good.whole()?);
    let mut all = broken(&parts);
    all.extend(resigned(good, &parts)?);
    all.extend(weakened(good, &parts));
    all.extend(said_twice(good));
    let named = all.into_iter();
    Ok(named
        .map(|(name, token, why)| Forged::token(name, token, why))
        .collect())
}

type Named = (&'static str, String, Refused);

fn broken(parts: &Parts) -> Vec<Named> {
    let Parts {
        header,
        payload,
        signature,
    } = parts;
    let good = format!("{header}.{payload}.{signature}");
    let half: String = signature.chars().take(44).collect();
    let rest: String = signature.chars().skip(1).collect();
    use Refused::{Header, Malformed, Signature};
    vec![
        ("empty", String::new(), Malformed),
        ("a word", "token".to_owned(), Malformed),
        ("dots", "..".to_owned(), Header),
        ("two parts", format!("{header}.{payload}"), Malformed),
        ("four parts", format!("{good}.{signature}"), Signature),
        (
            "five parts",
            format!("{good}.{header}.{signature}"),
            Signature,
        ),
        ("no signature", format!("{header}.{payload}."), Signature),
        (
            "half a signature",
            format!("{header}.{payload}.{half}"),
            Signature,
        ),
        ("no payload", format!("{header}..{signature}"), Signature),
        ("no header", format!(".{payload}.{signature}"), Header),
        ("padding", format!("{good}="), Malformed),
        ("a space before", format!(" {good}"), Header),
        ("a scheme again", format!("Bearer {good}"), Header),
        ("a space behind", format!("{good} "), Malformed),
        ("quotes", format!("\"{good}\""), Header),
        ("a token and a comma", format!("{good},{good}"), Signature),
        (
            "another alphabet",
            format!("{header}.{payload}.+{rest}"),
            Malformed,
        ),
        (
            "parts in another order",
            format!("{payload}.{header}.{signature}"),
            Header,
        ),
        (
            "a signature spelt otherwise",
            spelt_otherwise(&good),
            Malformed,
        ),
    ]
}

/// The last letter of a signature carries four bits that mean nothing; they must be zero.
fn spelt_otherwise(token: &str) -> String {
    let (whole, last) = token.split_at(token.len().saturating_sub(1));
    let place = LETTERS.find(last).unwrap_or_default();
    let other = LETTERS.get(place + 1..place + 2).unwrap_or_default();
    format!("{whole}{other}")
}

/// Signatures that are not that of our key over these bytes, under a header that is ours.
fn resigned(good: &Good<'_>, parts: &Parts) -> Result<Vec<Named>, SignerError> {
    let other = with(&good.claims, "prm", json!(["tenant.delete"]));
    let other = Parts::of(&good.seal(&good.header, &other)?);
    let signed = parts.signed();
    let mut flipped = URL_SAFE_NO_PAD.decode(&parts.signature).unwrap_or_default();
    if let Some(first) = flipped.first_mut() {
        *first ^= 1;
    }
    let mut all: Vec<Named> = vec![(
        "a changed payload",
        format!("{}.{}.{}", parts.header, other.payload, parts.signature),
        Refused::Signature,
    )];
    let mut refuse = |name, signature: &[u8]| {
        all.push((name, parts.with_signature(signature), Refused::Signature));
    };
    refuse("a flipped bit", &flipped);
    refuse("a signature of zeros", &[0; 64]);
    refuse("a signature of a byte", &[0]);
    refuse("a signature that is too long", &[7; 128]);
    refuse("a signature made anew", &made_anew(&parts.signature));
    refuse("a signature of P-256", &by_p256(&signed)?);
    refuse("HS256 with the public key, not told", &tag(good, &signed));
    Ok(all)
}

/// Tokens that say by which weaker means they are to be checked.
fn weakened(good: &Good<'_>, parts: &Parts) -> Vec<Named> {
    let (payload, signature) = (&parts.payload, &parts.signature);
    let header = |alg: &str| encode(with(&good.header, "alg", json!(alg)).to_string());
    let (unsigned, hs) = (header("none"), format!("{}.{payload}", header("HS256")));
    let tagged = format!("{hs}.{}", encode(tag(good, &hs)));
    let kept = format!("{unsigned}.{payload}.{signature}");
    vec![
        ("HS256 with the public key", tagged, Refused::Header),
        (
            "never signed",
            format!("{unsigned}.{payload}."),
            Refused::Header,
        ),
        ("never signed, with a signature", kept, Refused::Header),
    ]
}

/// A signature with another second half that means the same.
fn made_anew(signature: &str) -> Vec<u8> {
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let mut carry = 0_u16;
    for (byte, more) in bytes.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    bytes
}

fn by_p256(signed: &str) -> Result<Vec<u8>, SignerError> {
    let failed = |_| SignerError::Randomness;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes());
    Ok(signature.map_err(failed)?.as_ref().to_vec())
}

fn tag(good: &Good<'_>, signed: &str) -> Vec<u8> {
    let public = &good.signer.public().x;
    let public = URL_SAFE_NO_PAD.decode(public).unwrap_or_default();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &public);
    hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
}

/// The members of an object as a list, which some readers take for the object.
fn listed(object: &Value, members: &[&str]) -> String {
    let mut list: Vec<&Value> = members.iter().filter_map(|it| object.get(it)).collect();
    let (none, empty) = (Value::Null, json!([]));
    if list.len() == MEMBERS.len() {
        list.extend([&none, &empty]);
    }
    json!(list).to_string()
}

/// Texts that say more than one thing, or are not what they must be, with a signature that holds.
fn said_twice(good: &Good<'_>) -> Vec<Named> {
    let (header, claims) = (good.header.to_string(), good.claims.to_string());
    let first = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    let last = |text: &str, member: &str| {
        let inside = text.strip_suffix('}').unwrap_or(text);
        format!("{inside},{member}}}")
    };
    let raw = |header: &str, claims: &str| {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = good.signer.key.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    };
    let of = |name, claims: &str| (name, raw(&header, claims), Refused::Claims);
    let headed = |name, header: &str| (name, raw(header, &claims), Refused::Header);
    vec![
        headed("two algorithms", &first(&header, r#""alg":"none""#)),
        headed(
            "two algorithms, ours first",
            &last(&header, r#""alg":"none""#),
        ),
        headed(
            "a header as a list",
            &listed(&good.header, &["alg", "typ", "kid"]),
        ),
        headed("two headers", &format!("{header}{header}")),
        of("two ends", &first(&claims, r#""exp":1"#)),
        of(
            "two ends, ours first",
            &last(&claims, r#""exp":99999999999"#),
        ),
        of(
            "two tenants",
            &last(&claims, r#""tid":"ten_01h455vb4pex5vsknk084sn02q""#),
        ),
        of("two sets of permissions", &first(&claims, r#""prm":["*"]"#)),
        of("claims as a list", &listed(&good.claims, &MEMBERS)),
        of("claims as a text", "\"claims\""),
        of("no claims", ""),
        of("null as claims", "null"),
        of("two sets of claims", &format!("{claims}{claims}")),
        of(
            "an end that is no number",
            &claims.replace("\"exp\":", "\"exp\":NaN,\"x\":"),
        ),
    ]
}
