//! The keys that verify tokens, fetched when they are due and never more often than is polite.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::key::{Jwk, Jwks, KeyError, PublicKey, is_development};
use crate::fault;

/// How long fetched keys are used without asking again.
const FRESH: Duration = Duration::from_secs(300);
/// How soon a name that is not known may make us ask again.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// The same as long as there are no keys at all: whoever publishes them may be starting too.
const ASK_FIRST: Duration = Duration::from_millis(250);
/// How long a fetch may take.
const FETCH_MAX: Duration = Duration::from_secs(2);
/// The largest file of keys.
const FILE_MAX_BYTES: usize = 64 * 1024;

/// Asks whoever publishes the keys.
pub type Fetch = Arc<dyn Fn() -> BoxFuture<'static, Result<Jwks, KeyError>> + Send + Sync>;

/// Where keys come from.
#[derive(Clone)]
pub enum KeySource {
    /// A file with a JWK set, read anew when it is due.
    File(PathBuf),
    /// Whatever answers, such as the rpc of auth.
    Fetch(Fetch),
    /// A set that never changes.
    Fixed(Jwks),
}

impl KeySource {
    /// Reads the keys once.
    pub async fn read(&self) -> Result<Jwks, KeyError> {
        match self {
            Self::Fixed(keys) => Ok(keys.clone()),
            Self::Fetch(fetch) => fetch().await,
            Self::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(|| std::fs::read(path)).await;
                let read = read.map_err(|it| KeyError::Unread(Box::new(it)))?;
                let bytes = read.map_err(|it| KeyError::Unread(Box::new(it)))?;
                if bytes.len() > FILE_MAX_BYTES {
                    return Err(KeyError::Invalid("the file is too large"));
                }
                Jwks::parse(&bytes)
            }
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Fetch(_) => f.write_str("Fetch"),
            Self::Fixed(keys) => write!(f, "Fixed({} keys)", keys.keys.len()),
        }
    }
}

/// The keys in use. Whoever asks for a name that is not known makes them be fetched again, but
/// rarely: strangers can write any name into a token.
#[derive(Debug)]
pub struct Keys {
    source: KeySource,
    /// Whether keys that a development machine made are trusted.
    development: bool,
    known: ArcSwap<Known>,
    /// When they were last asked for; held by the one who asks.
    asked: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, PublicKey>,
    published: Vec<Jwk>,
    fetched: Option<Instant>,
}

impl Keys {
    /// Begins without keys; the first token makes them be fetched.
    pub fn new(source: KeySource, development: bool) -> Self {
        Self {
            source,
            development,
            known: ArcSwap::default(),
            asked: Mutex::new(None),
        }
    }

    /// Finds a key by name.
    pub(super) async fn find(&self, kid: &str) -> Option<PublicKey> {
        if !self.knows(kid) {
            self.refresh().await;
        }
        self.known.load().keys.get(kid).cloned()
    }

    /// Says whether a key was published when the keys were fetched, which was not long ago.
    pub(super) fn knows(&self, kid: &str) -> bool {
        let known = self.known.load();
        let fresh = known.fetched.is_some_and(|it| it.elapsed() < FRESH);
        fresh && known.keys.contains_key(kid)
    }

    /// Says whether there are keys, and asks for them while there are none.
    pub(crate) async fn are_known(&self) -> bool {
        if self.known.load().fetched.is_none() {
            self.refresh().await;
        }
        self.known.load().fetched.is_some()
    }

    /// The keys as they were published last.
    pub fn published(&self) -> Vec<Jwk> {
        self.known.load().published.clone()
    }

    /// Fetches the keys for the start of a service, which does not start with keys that are wrong.
    pub async fn check(&self) -> Result<(), KeyError> {
        let known = self.fetch().await?;
        self.known.store(Arc::new(known));
        Ok(())
    }

    /// Fetches the keys unless somebody did a moment ago. What was known stays known if that fails.
    pub async fn refresh(&self) {
        let mut asked = self.asked.lock().await;
        let first = self.known.load().fetched.is_none();
        let pause = if first { ASK_FIRST } else { ASK_AGAIN };
        if asked.is_some_and(|it| it.elapsed() < pause) {
            return;
        }
        *asked = Some(Instant::now());
        match self.fetch().await {
            Ok(known) => self.known.store(Arc::new(known)),
            Err(error) => {
                let error = fault::chain(&error);
                tracing::warn!(error, "keys of tokens not fetched");
            }
        }
    }

    async fn fetch(&self) -> Result<Known, KeyError> {
        let read = tokio::time::timeout(FETCH_MAX, self.source.read()).await;
        let jwks = read.map_err(|it| KeyError::Unread(Box::new(it)))??;
        if !self.development && jwks.keys.iter().any(is_development) {
            return Err(KeyError::Development);
        }
        Ok(Known {
            keys: jwks.by_name()?,
            published: jwks.keys,
            fetched: Some(Instant::now()),
        })
    }
}
