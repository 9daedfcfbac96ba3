//! Tokens: what is believed, and everything that is not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contracts::common::ActorType;
use serde_json::{Value, json};
use vocab::{Clock, ClockHands, CustomerId, LocationId, Moment, TenantId, UserId};

use super::forged::{self, Shown};
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

    async fn verify(&self, token: &str) -> Result<Arc<Identity>, Refused> {
        self.verifier.verify(token).await
    }
}

fn claims() -> Value {
    json!({
        "iss": "retail-mesh", "aud": MESH, "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 300,
        "jti": "token-1", "tid": TenantId::at(1, [1; 10]).to_string(),
        "sub": UserId::at(1, [2; 10]).to_string(), "sid": "ses-1", "prm": ["order.place"],
    })
}

/// What forgeries are made around.
fn granted() -> Grant {
    Grant {
        tenant: TenantId::at(1, [1; 10]),
        subject: UserId::at(1, [2; 10]).to_string(),
        permissions: vec!["order.place".to_owned()],
        customer: None,
        locations: Vec::new(),
        session: "ses-1".to_owned(),
        audience: MESH.to_owned(),
        life: Duration::from_secs(600),
    }
}

#[tokio::test]
async fn what_is_not_exactly_one_of_our_tokens_is_refused_for_what_it_is() {
    let desk = Desk::open();
    let mut names = BTreeSet::new();
    for forged in forged::all(&desk.signer, &granted(), now()).unwrap() {
        assert!(names.insert(forged.name.clone()), "twice: {}", forged.name);
        let Shown::Token(token, why) = &forged.shown else {
            continue;
        };
        let refused = desk.verify(token).await.map(|it| it.tenant);
        assert_eq!(refused, Err(*why), "{}", forged.name);
    }
    assert!(names.len() >= 150, "{}", names.len());
    let good = desk.signer.sign(&granted(), now()).unwrap();
    assert!(desk.verify(&good).await.is_ok(), "the base of all of them");
}

#[tokio::test]
async fn times_are_judged_to_the_second() {
    let desk = Desk::open();
    for (claim, allowed, refused) in [
        ("exp", NOW - 29, NOW - 30),
        ("nbf", NOW + 30, NOW + 31),
        ("iat", NOW + 30, NOW + 31),
        ("exp", NOW + 540, NOW + 541),
    ] {
        let at = |time: i64| desk.token(|_, c| c[claim] = json!(time));
        assert!(desk.verify(&at(allowed)).await.is_ok(), "{claim} {allowed}");
        let late = desk.verify(&at(refused)).await.unwrap_err();
        assert_eq!(late, Refused::Time, "{claim} {refused}");
    }
    let ends_at_once = desk.token(|_, c| c["exp"] = c["iat"].clone());
    assert_eq!(desk.verify(&ends_at_once).await.unwrap_err(), Refused::Time);
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
