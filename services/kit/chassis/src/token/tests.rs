//! Tokens: what is believed, and everything that is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::common::ActorType;
use serde_json::{Value, json};
use vocab::{Clock, ClockHands, CustomerId, LocationId, Moment, TenantId, UserId};

use super::{
    Grant, Identity, Jwk, Jwks, KeyError, KeySource, Keys, MESH, Refused, Signer, TokenSettings,
    Verifier, is_development,
};
use crate::settings::{Environment, Profile, read};

const NOW: i64 = 1_800_000_000;

fn now() -> Moment {
    Moment::from_seconds_nanos(NOW, 0).unwrap()
}

fn settings() -> TokenSettings {
    TokenSettings {
        issuers: vec!["retail-mesh".to_owned()],
        keys_file: None,
        life_max: Duration::from_secs(600),
        development: true,
    }
}

struct Desk {
    signer: Signer,
    verifier: Verifier,
    hands: ClockHands,
}

impl Desk {
    fn open() -> Self {
        let signer = Signer::for_development().unwrap();
        let (clock, hands) = Clock::fixed(now());
        let source = KeySource::Fixed(signer.jwks());
        let verifier = Verifier::new("order", &settings(), source, clock);
        Self {
            signer,
            verifier,
            hands,
        }
    }

    fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.signer.public().kid})
    }

    /// A good token but for what `change` does to header and claims.
    fn token(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let (mut header, mut claims) = (self.header(), claims());
        change(&mut header, &mut claims);
        self.signer.seal(&header, &claims).unwrap()
    }

    fn good(&self) -> String {
        self.token(|_, _| ())
    }

    /// A token whose parts are taken as they are, with a signature that holds.
    fn raw(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.signer.key.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    async fn verify(&self, token: &str) -> Result<Arc<Identity>, Refused> {
        self.verifier.verify(token).await
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn claims() -> Value {
    json!({
        "iss": "retail-mesh", "aud": MESH, "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 300,
        "jti": "token-1", "tid": TenantId::at(1, [1; 10]).to_string(),
        "sub": UserId::at(1, [2; 10]).to_string(), "sid": "ses-1", "prm": ["order.place"],
    })
}

type Change = fn(&mut Value, &mut Value);

/// Headers that ask for anything but what is used here.
const HEADERS: &[(&str, Change)] = &[
    ("alg none", |h, _| h["alg"] = json!("none")),
    ("alg in other letters", |h, _| h["alg"] = json!("eddsa")),
    ("alg ES256", |h, _| h["alg"] = json!("ES256")),
    ("alg HS256", |h, _| h["alg"] = json!("HS256")),
    ("no alg", |h, _| remove(h, "alg")),
    ("alg as a list", |h, _| h["alg"] = json!(["EdDSA"])),
    ("typ JWT", |h, _| h["typ"] = json!("JWT")),
    ("typ of an id token", |h, _| h["typ"] = json!("id+jwt")),
    ("typ in other letters", |h, _| h["typ"] = json!("AT+JWT")),
    ("no typ", |h, _| remove(h, "typ")),
    ("no kid", |h, _| remove(h, "kid")),
    ("kid a number", |h, _| h["kid"] = json!(7)),
    ("an embedded key", |h, _| h["jwk"] = json!({"kty": "OKP"})),
    ("a place of keys", |h, _| {
        h["jku"] = json!("https://evil.example/jwks")
    }),
    ("a place of a chain", |h, _| {
        h["x5u"] = json!("https://evil.example/x")
    }),
    ("a chain", |h, _| h["x5c"] = json!(["AAAA"])),
    ("something critical", |h, _| h["crit"] = json!(["exp"])),
    ("a payload not encoded", |h, _| h["b64"] = json!(false)),
    ("a payload compressed", |h, _| h["zip"] = json!("DEF")),
];

/// Claims that are missing, of the wrong type, or not ours.
const CLAIMS: &[(&str, Change)] = &[
    ("no iss", |_, c| remove(c, "iss")),
    ("no aud", |_, c| remove(c, "aud")),
    ("no iat", |_, c| remove(c, "iat")),
    ("no nbf", |_, c| remove(c, "nbf")),
    ("no exp", |_, c| remove(c, "exp")),
    ("no jti", |_, c| remove(c, "jti")),
    ("no tid", |_, c| remove(c, "tid")),
    ("no sub", |_, c| remove(c, "sub")),
    ("no sid", |_, c| remove(c, "sid")),
    ("no prm", |_, c| remove(c, "prm")),
    ("exp as a text", |_, c| c["exp"] = json!("9999999999")),
    ("nbf as a text", |_, c| c["nbf"] = json!("1")),
    ("iat as a text", |_, c| c["iat"] = json!("1")),
    ("exp null", |_, c| c["exp"] = Value::Null),
    ("exp true", |_, c| c["exp"] = json!(true)),
    ("exp before 1970", |_, c| c["exp"] = json!(-1)),
    ("exp beyond all times", |_, c| c["exp"] = json!(1e30)),
    ("expired", |_, c| c["exp"] = json!(NOW - 30)),
    ("not yet valid", |_, c| c["nbf"] = json!(NOW + 31)),
    ("issued in the future", |_, c| c["iat"] = json!(NOW + 31)),
    ("living too long", |_, c| c["exp"] = json!(NOW + 541)),
    ("ending before it began", |_, c| c["exp"] = json!(NOW - 61)),
    ("another issuer", |_, c| {
        c["iss"] = json!("https://evil.example")
    }),
    ("two issuers", |_, c| {
        c["iss"] = json!(["retail-mesh", "evil"])
    }),
    ("for another service", |_, c| c["aud"] = json!("payment")),
    ("for others", |_, c| c["aud"] = json!(["payment", "store"])),
    ("for nobody", |_, c| c["aud"] = json!([])),
    ("for no text", |_, c| c["aud"] = json!(7)),
    ("no id of a tenant", |_, c| c["tid"] = json!("other-tenant")),
    ("no tenant", |_, c| c["tid"] = json!("")),
    ("an id of something else", |_, c| {
        c["tid"] = c["sub"].clone()
    }),
    ("no subject", |_, c| c["sub"] = json!("")),
    ("an unknown kind of subject", |_, c| {
        c["sub"] = json!("prd_1")
    }),
    ("a service with an odd name", |_, c| {
        c["sub"] = json!("Order Service")
    }),
    ("a session without a name", |_, c| c["sid"] = json!("")),
    ("a session with a long name", |_, c| {
        c["sid"] = json!("s".repeat(65))
    }),
    ("jti a number", |_, c| c["jti"] = json!(7)),
    ("permissions as one text", |_, c| {
        c["prm"] = json!("order.place")
    }),
    ("permissions as numbers", |_, c| c["prm"] = json!([1, 2])),
    ("no id of a customer", |_, c| c["cus"] = json!("cus_1")),
    ("a machine that is a customer", |_, c| {
        c["sub"] = json!("order");
        c["cus"] = json!(CustomerId::at(1, [3; 10]).to_string());
    }),
    ("a guest who is another customer", |_, c| {
        c["sub"] = json!(CustomerId::at(1, [4; 10]).to_string());
        c["cus"] = json!(CustomerId::at(1, [3; 10]).to_string());
    }),
    ("no id of a location", |_, c| c["loc"] = json!(["here"])),
    ("too many locations", |_, c| {
        c["loc"] = json!(vec![LocationId::at(1, [3; 10]).to_string(); 101]);
    }),
];

fn remove(from: &mut Value, name: &str) {
    from.as_object_mut().unwrap().remove(name);
}

/// Bytes that were changed after signing, or are no token at all.
fn broken(desk: &Desk) -> Vec<(&'static str, String)> {
    let good = desk.good();
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let other = desk.token(|_, c| c["prm"] = json!(["tenant.delete"]));
    let other_payload = other.split('.').nth(1).unwrap();
    vec![
        ("empty", String::new()),
        ("a word", "token".to_owned()),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{good}.{signature}")),
        ("no signature", format!("{header}.{payload}.")),
        ("half a signature", good[..good.len() - 40].to_owned()),
        (
            "a signature of zeros",
            format!("{header}.{payload}.{}", encode([0; 64])),
        ),
        (
            "a changed payload",
            format!("{header}.{other_payload}.{signature}"),
        ),
        ("padding", format!("{good}=")),
        ("a space before", format!(" {good}")),
        (
            "a line break inside",
            format!("{header}\n.{payload}.{signature}"),
        ),
        (
            "another alphabet",
            format!("{header}.{payload}.+{}", &signature[1..]),
        ),
    ]
}

/// Tokens that somebody else signed, or that say more than one thing.
fn forged(desk: &Desk) -> Vec<(&'static str, String)> {
    let good = desk.good();
    let parts: Vec<&str> = good.split('.').collect();
    let (payload, signature) = (parts[1], parts[2]);
    let stranger = Signer::for_development().unwrap();
    let hs = format!(
        "{}.{payload}",
        encode(r#"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#)
    );
    let public = URL_SAFE_NO_PAD.decode(&desk.signer.public().x).unwrap();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), hs.as_bytes());
    let unsigned = encode(r#"{"alg":"none","typ":"at+jwt","kid":"k"}"#);
    let twice = r#"{"alg":"EdDSA","alg":"none","typ":"at+jwt","kid":"k"}"#;
    let text = claims().to_string();
    let exp_twice = text.replacen('{', r#"{"exp":1,"#, 1);
    vec![
        ("never signed", format!("{unsigned}.{payload}.")),
        (
            "never signed, with a signature",
            format!("{unsigned}.{payload}.{signature}"),
        ),
        ("HS256 with the public key", format!("{hs}.{}", encode(tag))),
        (
            "a stranger's key under our name",
            stranger.seal(&desk.header(), &claims()).unwrap(),
        ),
        (
            "an unknown key",
            desk.token(|h, _| h["kid"] = json!("dev-other")),
        ),
        ("two algorithms", desk.raw(twice, &text)),
        ("two ends", desk.raw(&desk.header().to_string(), &exp_twice)),
        (
            "claims as a list",
            desk.raw(&desk.header().to_string(), "[1]"),
        ),
        ("no claims", desk.raw(&desk.header().to_string(), "")),
        (
            "too long",
            desk.token(|_, c| c["prm"] = json!(vec!["order.place"; 2_000])),
        ),
    ]
}

#[tokio::test]
async fn what_is_not_exactly_one_of_our_tokens_is_refused() {
    let desk = Desk::open();
    assert!(
        desk.verify(&desk.good()).await.is_ok(),
        "the base of all that follows"
    );
    let mut tokens = broken(&desk);
    tokens.extend(forged(&desk));
    let changed = HEADERS.iter().chain(CLAIMS);
    tokens.extend(changed.map(|(name, change)| (*name, desk.token(change))));
    assert!(tokens.len() >= 80, "{}", tokens.len());
    for (name, token) in tokens {
        let refused = desk.verify(&token).await;
        assert!(refused.is_err(), "{name} was believed");
    }
    assert!(desk.verify(&desk.good()).await.is_ok());
}

#[tokio::test]
async fn every_byte_of_a_token_counts() {
    let desk = Desk::open();
    let good = desk.good();
    for place in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(bytes).unwrap();
        assert!(desk.verify(&token).await.is_err(), "byte {place}");
    }
}

#[tokio::test]
async fn a_caller_is_what_their_subject_and_customer_say() {
    let desk = Desk::open();
    let customer = CustomerId::at(1, [3; 10]).to_string();
    let user = claims()["sub"].as_str().unwrap().to_owned();
    let key = vocab::ApiKeyId::at(1, [5; 10]).to_string();
    let account = vocab::ServiceAccountId::at(1, [6; 10]).to_string();
    for (subject, with, kind, id) in [
        (&user, None, ActorType::User, &user),
        (&user, Some(&customer), ActorType::Customer, &customer),
        (&customer, Some(&customer), ActorType::Customer, &customer),
        (&key, None, ActorType::ApiKey, &key),
        (&account, None, ActorType::ServiceAccount, &account),
        (
            &"order".to_owned(),
            None,
            ActorType::Service,
            &"order".to_owned(),
        ),
        (
            &"system".to_owned(),
            None,
            ActorType::System,
            &"system".to_owned(),
        ),
    ] {
        let token = desk.token(|_, c| {
            c["sub"] = json!(subject);
            if let Some(customer) = with {
                c["cus"] = json!(customer);
            }
        });
        let caller = Arc::clone(&desk.verify(&token).await.unwrap().caller);
        assert_eq!((caller.kind, &caller.id), (kind, id), "{subject}");
        assert_eq!(caller.customer.map(|it| it.to_string()).as_ref(), with);
        assert!(caller.may("order.place") && !caller.may("order.cancel"));
    }
}

#[tokio::test]
async fn a_token_is_believed_until_its_end_also_when_it_was_seen_before() {
    let desk = Desk::open();
    let token = desk.token(|_, c| c["aud"] = json!(["store", "order"]));
    assert!(desk.verify(&token).await.is_ok());
    desk.hands.forward(Duration::from_secs(329));
    assert!(
        desk.verify(&token).await.is_ok(),
        "clocks may differ by half a minute"
    );
    desk.hands.forward(Duration::from_secs(1));
    assert_eq!(desk.verify(&token).await.unwrap_err(), Refused::Time);
    desk.hands.back(Duration::from_secs(330 + 91));
    assert_eq!(
        desk.verify(&token).await.unwrap_err(),
        Refused::Time,
        "before it begins"
    );
}

#[tokio::test]
async fn what_is_signed_is_believed_and_says_what_was_granted() {
    let desk = Desk::open();
    let grant = Grant {
        tenant: TenantId::at(1, [1; 10]),
        subject: UserId::at(1, [2; 10]).to_string(),
        permissions: vec!["stock.adjust".to_owned()],
        customer: None,
        locations: vec![LocationId::at(1, [9; 10])],
        session: "ses-1".to_owned(),
        audience: "order".to_owned(),
        life: Duration::from_secs(600),
    };
    let pem = desk.signer.to_pem().unwrap();
    let again = Signer::of_development_pem(&pem).unwrap();
    assert_eq!(again.public(), desk.signer.public());
    let token = again.sign(
        &grant,
        Moment::from_micros(NOW * 1_000_000 + 123_000).unwrap(),
    );
    let identity = desk.verify(&token.unwrap()).await.unwrap();
    assert_eq!(identity.tenant, grant.tenant);
    assert_eq!(identity.caller.locations, grant.locations);
    assert_eq!(
        identity.caller.permissions().collect::<Vec<_>>(),
        ["stock.adjust"]
    );
    assert!(
        Signer::of_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_err()
    );
}

/// A publisher of keys that counts how often it is asked.
fn publisher(keys: Arc<std::sync::Mutex<Option<Jwks>>>) -> (KeySource, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let fetch = move || -> futures_util::future::BoxFuture<'static, Result<Jwks, KeyError>> {
        count.fetch_add(1, Ordering::Relaxed);
        let keys = keys.lock().unwrap().clone();
        Box::pin(async move { keys.ok_or(KeyError::Invalid("gone")) })
    };
    (KeySource::Fetch(Arc::new(fetch)), asked)
}

#[tokio::test(start_paused = true)]
async fn keys_are_asked_for_when_due_and_rarely_for_strangers() {
    let (old, new) = (
        Signer::for_development().unwrap(),
        Signer::for_development().unwrap(),
    );
    let published = Arc::new(std::sync::Mutex::new(Some(old.jwks())));
    let (source, asked) = publisher(Arc::clone(&published));
    let verifier = Verifier::new("order", &settings(), source, Clock::fixed(now()).0);
    let header =
        |signer: &Signer| json!({"alg": "EdDSA", "typ": "at+jwt", "kid": signer.public().kid});
    let sealed = |signer: &Signer| signer.seal(&header(signer), &claims()).unwrap();
    let (by_old, by_new) = (sealed(&old), sealed(&new));
    for _ in 0..100 {
        assert!(verifier.verify(&by_old).await.is_ok());
        assert_eq!(verifier.verify(&by_new).await.unwrap_err(), Refused::Key);
    }
    assert_eq!(
        asked.load(Ordering::Relaxed),
        1,
        "a stranger's name makes nobody ask"
    );
    *published.lock().unwrap() = Some(new.jwks());
    tokio::time::advance(Duration::from_secs(31)).await;
    assert!(
        verifier.verify(&by_new).await.is_ok(),
        "the new key is found within half a minute"
    );
    assert_eq!(
        verifier.verify(&by_old).await.unwrap_err(),
        Refused::Key,
        "the old is withdrawn"
    );
    *published.lock().unwrap() = None;
    tokio::time::advance(Duration::from_secs(600)).await;
    assert!(
        verifier.verify(&by_new).await.is_ok(),
        "known keys outlive a publisher that is gone"
    );
}

#[tokio::test]
async fn production_trusts_no_key_of_development_and_none_that_is_published() {
    let development = Signer::for_development().unwrap();
    let pem = development.to_pem().unwrap();
    let production = Signer::of_pem(&pem).unwrap();
    let example = Jwk {
        kid: "key-1".to_owned(),
        x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
        ..production.public().clone()
    };
    assert!(is_development(development.public()) && is_development(&example));
    let check = async |key: &Jwk| {
        let keys = vec![key.clone()];
        Keys::new(KeySource::Fixed(Jwks { keys }), false)
            .check()
            .await
    };
    assert!(check(production.public()).await.is_ok());
    for refused in [development.public(), &example] {
        assert!(matches!(check(refused).await, Err(KeyError::Development)));
    }
}

#[tokio::test]
async fn a_set_that_is_not_ours_is_not_used() {
    let signer = Signer::for_development().unwrap();
    let key = signer.public().clone();
    let other = |change: fn(&mut Jwk)| {
        let mut key = key.clone();
        change(&mut key);
        vec![key]
    };
    for keys in [
        vec![],
        vec![key.clone(), key.clone()],
        other(|it| it.kty = "RSA".to_owned()),
        other(|it| it.alg = "ES256".to_owned()),
        other(|it| it.usage = "enc".to_owned()),
        other(|it| it.crv = "X25519".to_owned()),
        other(|it| it.x = "AAAA".to_owned()),
        other(|it| it.kid = String::new()),
    ] {
        let keys = Keys::new(KeySource::Fixed(Jwks { keys: keys.clone() }), true);
        assert!(keys.check().await.is_err(), "{keys:?}");
    }
    let missing = Keys::new(KeySource::File("/nonexistent/keys.json".into()), true);
    assert!(matches!(missing.check().await, Err(KeyError::Unread(_))));
}

#[test]
fn production_lets_no_token_live_for_longer_than_an_hour() {
    let read = |life: &str, profile| {
        let environment = Environment::from_iter([("RETAIL_TOKEN_LIFE_MAX", life)]);
        read(&environment, "ORDER", |it| TokenSettings::read(it, profile))
    };
    let refused = read("61m", Profile::Production).unwrap_err();
    assert_eq!(refused.list()[0].name, "RETAIL_TOKEN_LIFE_MAX");
    assert!(read("60m", Profile::Production).is_ok());
    assert!(read("12h", Profile::Development).is_ok());
}
