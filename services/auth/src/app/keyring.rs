//! The keys that sign, opened and in memory: every replica has those that the database holds.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chassis::call::Call;
use chassis::deadline::Deadline;
use chassis::fault::Fault;
use chassis::token::{Fetch, Jwk, Jwks, KeyError, KeySource, Signer};
use journal::Submission;
use vocab::Moment;
use zeroize::Zeroizing;

use super::vault::Vault;
use super::{App, answered, operator};
use crate::domain::{Command, FRESH_MAX, KeySet, KeyUse, SigningKey};

/// What private keys are sealed as.
const SEALED_AS: &str = "signing key";
/// As what it appears in facts.
const METHOD: &str = "retail.auth.v1.jobs/SigningKeys";
/// How long a rotation may take.
const BUDGET: Duration = Duration::from_secs(10);

/// The keys. Clones share them.
#[derive(Clone)]
pub struct Keyring {
    vault: Vault,
    /// Whether keys are those of a development machine, which production refuses by their names.
    development: bool,
    ring: Arc<ArcSwapOption<Ring>>,
}

struct Ring {
    version: i64,
    signer: Arc<Signer>,
    /// Each with the moment until which it is published, if that is known.
    published: Vec<(Jwk, Option<Moment>)>,
}

impl Keyring {
    /// A ring without keys yet.
    pub fn new(vault: Vault, development: bool) -> Self {
        Self {
            vault,
            development,
            ring: Arc::default(),
        }
    }

    /// Draws a key that never was before, sealed.
    pub fn drawn(&self) -> Result<SigningKey, Fault> {
        let drawn = Signer::for_development().map_err(Fault::bug)?;
        let pem = drawn.to_pem().map_err(Fault::bug)?;
        let signer = self.signer(&pem)?;
        Ok(SigningKey {
            kid: signer.public().kid.clone(),
            public: signer.public().x.clone(),
            sealed: self.vault.seal(SEALED_AS, pem.as_bytes())?,
            used: KeyUse::Next,
        })
    }

    /// Takes over what the database holds; what is older than what is known changes nothing.
    pub fn take(&self, keys: &KeySet) -> Result<(), Fault> {
        let known = self.ring.load();
        if known.as_ref().is_some_and(|it| it.version >= keys.version) {
            return Ok(());
        }
        let signing = keys.signing();
        let signing = signing.ok_or_else(|| Fault::bug("no key signs"))?;
        let pem = self.vault.open(SEALED_AS, &signing.sealed)?;
        let pem = std::str::from_utf8(&pem).map_err(Fault::bug)?;
        let signer = Arc::new(self.signer(pem)?);
        let published = keys.keys.iter().map(|it| {
            let until = match it.used {
                KeyUse::Signed(until) => Some(until),
                KeyUse::Next | KeyUse::Signs(_) => None,
            };
            (jwk(it), until)
        });
        self.ring.store(Some(Arc::new(Ring {
            version: keys.version,
            signer,
            published: published.collect(),
        })));
        Ok(())
    }

    /// What signs now.
    pub fn signing(&self) -> Result<Arc<Signer>, Fault> {
        let ring = self.ring.load();
        let signer = ring.as_ref().map(|it| Arc::clone(&it.signer));
        signer.ok_or_else(|| Fault::unavailable("signing keys"))
    }

    /// What verifies at a moment.
    pub fn published(&self, now: Moment) -> Jwks {
        let ring = self.ring.load();
        let keys = ring.iter().flat_map(|it| it.published.iter());
        let keys = keys.filter(|(_, until)| until.is_none_or(|until| now < until));
        Jwks {
            keys: keys.map(|(key, _)| key.clone()).collect(),
        }
    }

    /// The same for whoever verifies in this process.
    pub fn source(&self, clock: vocab::Clock) -> KeySource {
        let ring = self.clone();
        let fetch: Fetch = Arc::new(move || {
            let keys = ring.published(clock.now());
            Box::pin(async move {
                match keys.keys.is_empty() {
                    true => Err(KeyError::Unread("there are no keys yet".into())),
                    false => Ok(keys),
                }
            })
        });
        KeySource::Fetch(fetch)
    }

    fn signer(&self, pem: &str) -> Result<Signer, Fault> {
        let pem = Zeroizing::new(pem.to_owned());
        let signer = match self.development {
            true => Signer::of_development_pem(&pem),
            false => Signer::of_pem(&pem),
        };
        signer.map_err(Fault::bug)
    }
}

/// A key as the contract publishes it.
pub fn jwk(key: &SigningKey) -> Jwk {
    Jwk {
        kid: key.kid.clone(),
        kty: "OKP".to_owned(),
        alg: "EdDSA".to_owned(),
        usage: "sig".to_owned(),
        crv: "Ed25519".to_owned(),
        x: key.public.clone(),
    }
}

impl App {
    /// Makes the keys that sign, or lets the next one sign if that is due.
    pub async fn keep_keys(&self) -> Result<(), Fault> {
        let deadline = Deadline::within(BUDGET);
        let submission = Submission::of_service("auth", operator(), METHOD, deadline);
        self.rotated(submission, false, true).await.map(|_| ())
    }

    /// Lets the next key sign at once.
    pub async fn rotate_keys(&self, call: &Call, withdraw: bool) -> Result<Jwk, Fault> {
        let submission = Submission {
            tenant: operator(),
            ..Submission::from(call)
        };
        let keys = self.rotated(submission, withdraw, false).await?;
        let signing = keys.signing().map(jwk);
        signing.ok_or_else(|| Fault::bug("no key signs"))
    }

    async fn rotated(&self, of: Submission, withdraw: bool, if_due: bool) -> Result<KeySet, Fault> {
        let ring = &self.0.keyring;
        let fresh = (0..FRESH_MAX).map(|_| ring.drawn());
        let fresh = fresh.collect::<Result<_, _>>()?;
        let command = Command::RotateKeys {
            fresh,
            withdraw,
            if_due,
        };
        let keys = answered!(self.submit(of, command).await?, Keys)?;
        self.take_keys().await?;
        Ok(*keys)
    }

    /// Takes over the keys that the database holds.
    pub async fn take_keys(&self) -> Result<(), Fault> {
        match self.0.db.signing_keys(operator()).await? {
            Some(keys) => self.0.keyring.take(&keys),
            None => Ok(()),
        }
    }
}
