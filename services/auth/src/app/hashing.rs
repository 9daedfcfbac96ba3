//! Passwords as hashes: argon2id on a bounded pool of threads.
//!
//! A hash costs memory and time on purpose, so only so many are made at once and only so many wait;
//! more are turned away, and other calls keep their speed. Whoever is not known is compared with a
//! hash of nobody, so that an answer takes as long.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use chassis::deadline::Deadline;
use chassis::fault::Fault;
use std::time::Duration;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::vault::Vault;

/// How many wait for a thread, for each thread.
const WAITING: usize = 32;
/// When whoever was turned away may come again.
const AGAIN: Duration = Duration::from_secs(1);
/// A salt has this many bytes.
const SALT: usize = 16;

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// How many are made at once.
    pub threads: usize,
}

/// Makes and compares hashes. Clones share the threads.
#[derive(Clone)]
pub struct Hashing(Arc<Shared>);

struct Shared {
    vault: Vault,
    argon: Argon2<'static>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// A hash of what nobody knows.
    nobody: String,
}

impl Hashing {
    /// Makes the pool; the one hash of nobody is made at once.
    pub fn new(vault: Vault, cost: Cost) -> Result<Self, Fault> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None);
        let params = params.map_err(|it| Fault::bug(it.to_string()))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut unknown = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *unknown).map_err(|_| Fault::bug("no randomness"))?;
        let nobody = hashed(&argon, &unknown)?;
        let threads = cost.threads.max(1);
        Ok(Self(Arc::new(Shared {
            vault,
            argon,
            running: Arc::new(Semaphore::new(threads)),
            waiting: Arc::new(Semaphore::new(threads.saturating_mul(WAITING))),
            nobody,
        })))
    }

    /// Hashes a password.
    pub async fn hash(&self, password: &str, deadline: Deadline) -> Result<String, Fault> {
        let shared = Arc::clone(&self.0);
        let peppered = shared.vault.peppered(password);
        self.run(deadline, move || hashed(&shared.argon, &peppered))
            .await
    }

    /// Compares a password with a hash; with that of nobody where there is none, which never is
    /// the same.
    pub async fn matches(
        &self,
        password: &str,
        hash: Option<&str>,
        deadline: Deadline,
    ) -> Result<bool, Fault> {
        let shared = Arc::clone(&self.0);
        let peppered = shared.vault.peppered(password);
        let hash = hash.filter(|it| !it.is_empty());
        let known = hash.is_some();
        let hash = hash.unwrap_or(&shared.nobody).to_owned();
        let compare = move || {
            let parsed = PasswordHash::new(&hash).map_err(|it| Fault::bug(it.to_string()))?;
            Ok(shared.argon.verify_password(&*peppered, &parsed).is_ok())
        };
        Ok(self.run(deadline, compare).await? && known)
    }

    /// Runs on a thread of the pool. A caller who leaves frees no thread before its work is done.
    async fn run<T: Send + 'static>(
        &self,
        deadline: Deadline,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let waiting = Arc::clone(&self.0.waiting).try_acquire_owned();
        let waiting = waiting.map_err(|_| Fault::overloaded(AGAIN))?;
        let running = Arc::clone(&self.0.running).acquire_owned();
        let running = deadline.bound(running).await?.map_err(Fault::bug)?;
        let thread = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((running, waiting));
            done
        });
        deadline.bound(thread).await?.map_err(Fault::bug)?
    }
}

fn hashed(argon: &Argon2<'_>, peppered: &[u8; 32]) -> Result<String, Fault> {
    let mut salt = [0; SALT];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| Fault::bug("no randomness"))?;
    let salt = SaltString::encode_b64(&salt).map_err(|it| Fault::bug(it.to_string()))?;
    let hash = argon.hash_password(peppered, &salt);
    Ok(hash.map_err(|it| Fault::bug(it.to_string()))?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Deadline {
        Deadline::within(Duration::from_secs(30))
    }

    fn hashing(threads: usize) -> Hashing {
        let cost = Cost {
            memory_kib: 64,
            passes: 1,
            threads,
        };
        Hashing::new(Vault::new([1; 32]), cost).unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_and_no_other() {
        let hashing = hashing(1);
        let hash = hashing.hash("correct horse", soon()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let matches = async |word, hash| hashing.matches(word, hash, soon()).await.unwrap();
        assert!(matches("correct horse", Some(&hash)).await);
        assert!(!matches("correct horsf", Some(&hash)).await);
        assert!(!matches("correct horse", None).await);
        assert!(!matches("", Some("")).await, "no password is no empty one");
        let again = hashing.hash("correct horse", soon()).await.unwrap();
        assert_ne!(hash, again, "every hash has a salt of its own");
        let elsewhere = Hashing::new(
            Vault::new([2; 32]),
            Cost {
                memory_kib: 64,
                passes: 1,
                threads: 1,
            },
        );
        let elsewhere = elsewhere.unwrap();
        let stolen = elsewhere.matches("correct horse", Some(&hash), soon());
        assert!(
            !stolen.await.unwrap(),
            "a hash is of no use without its pepper"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_so_many_hash_or_wait_and_more_are_turned_away() {
        let hashing = hashing(1);
        let held = Arc::clone(&hashing.0.running)
            .acquire_owned()
            .await
            .unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING {
            let hashing = hashing.clone();
            waiting.spawn(async move { hashing.hash("a password", soon()).await });
        }
        while hashing.0.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hashing.hash("one too many", soon()).await.unwrap_err();
        assert_eq!(refused.reason().name, "OVERLOADED");
        drop(held);
        while let Some(done) = waiting.join_next().await {
            done.unwrap().unwrap();
        }
        hashing.hash("room again", soon()).await.unwrap();
    }
}
