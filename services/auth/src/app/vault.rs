//! What is kept from whoever reads the database: sealed data, wrapped keys, digests of secrets.
//!
//! Everything is derived from one key-encryption key, which lies outside of the database. A user's
//! personal data is sealed with a key of their own, kept wrapped; destroying that destroys it all.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::fault::Fault;
use sha2::{Digest, Sha256};
use vocab::{Kind, SessionId, TenantId, UserId};
use zeroize::Zeroizing;

/// A key of 256 bits.
type Key = Zeroizing<[u8; 32]>;

/// The length of an id, and of the number of a refresh token.
const ID: usize = 16;
const NUMBER: usize = 4;
/// The length of a refresh token's bytes.
const REFRESH: usize = ID + ID + NUMBER + 32;
/// The length of an invitation's bytes.
const INVITATION: usize = ID + ID + 32;

/// Seals, opens, digests.
#[derive(Clone)]
pub struct Vault {
    master: Key,
}

/// The key of one user's personal data.
pub struct SubjectKey {
    key: Key,
    /// As it is stored.
    pub wrapped: Vec<u8>,
}

/// A refresh token, taken apart. Nothing of it is proved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose tenant it says it is of.
    pub tenant: TenantId,
    /// The session.
    pub session: SessionId,
    /// Which of its tokens.
    pub generation: u32,
    proof: [u8; 32],
}

/// An invitation, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Whose tenant it says it is of.
    pub tenant: TenantId,
    /// Who is invited.
    pub user: UserId,
    /// The digest of the whole, by which it is recognised.
    pub digest: [u8; 32],
}

impl Vault {
    /// A vault that a key-encryption key opens.
    pub fn new(master: [u8; 32]) -> Self {
        Self {
            master: Zeroizing::new(master),
        }
    }

    /// Seals what belongs to this service: keys that sign, seeds, names of programs.
    pub fn seal(&self, what: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        seal(&self.derived(what), what.as_bytes(), plain)
    }

    /// Opens what was sealed under the same name.
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        open(&self.derived(what), what.as_bytes(), sealed)
    }

    /// A key for a user that never was before.
    pub fn subject_key(&self) -> Result<SubjectKey, Fault> {
        let key = random()?;
        let wrapped = self.seal("subject key", &*key)?;
        Ok(SubjectKey { key, wrapped })
    }

    /// The key of a user; nothing if it was destroyed.
    pub fn unwrapped(&self, wrapped: &[u8]) -> Result<Option<SubjectKey>, Fault> {
        if wrapped.is_empty() {
            return Ok(None);
        }
        let bytes = self.open("subject key", wrapped)?;
        let key = bytes.as_slice().try_into().map_err(Fault::bug)?;
        Ok(Some(SubjectKey {
            key: Zeroizing::new(key),
            wrapped: wrapped.to_vec(),
        }))
    }

    /// The digest by which an email is found within a tenant, whatever its case.
    pub fn email(&self, tenant: TenantId, email: &str) -> String {
        let email = email.to_lowercase();
        let tenant = tenant.uuid();
        let parts = [tenant.as_bytes().as_slice(), email.as_bytes()];
        URL_SAFE_NO_PAD.encode(self.digest("email", &parts))
    }

    /// The digest by which tries are counted, of an account or an address.
    pub fn tries(&self, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.digest("tries", parts))
    }

    /// What a password is mixed with before it is hashed.
    pub fn peppered(&self, password: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.digest("pepper", &[password.as_bytes()]))
    }

    /// Draws what the refresh tokens of a session are made from, sealed.
    pub fn seed(&self) -> Result<Vec<u8>, Fault> {
        self.seal("seed", &*random()?)
    }

    /// Makes a refresh token.
    pub fn refresh_token(
        &self,
        (tenant, session, generation): (TenantId, SessionId, i64),
        seed: &[u8],
    ) -> Result<String, Fault> {
        let generation = u32::try_from(generation).map_err(Fault::bug)?;
        let proof = self.proof((tenant, session, generation), seed)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(REFRESH));
        bytes.extend(tenant.uuid().as_bytes());
        bytes.extend(session.uuid().as_bytes());
        bytes.extend(generation.to_be_bytes());
        bytes.extend(proof);
        Ok(URL_SAFE_NO_PAD.encode(&*bytes))
    }

    /// Whether a refresh token was made from a seed.
    pub fn proves(&self, token: &RefreshToken, seed: &[u8]) -> Result<bool, Fault> {
        let of = (token.tenant, token.session, token.generation);
        let proof = self.proof(of, seed)?;
        Ok(same(&proof, &token.proof))
    }

    fn proof(
        &self,
        (tenant, session, generation): (TenantId, SessionId, u32),
        seed: &[u8],
    ) -> Result<[u8; 32], Fault> {
        let seed = self.open("seed", seed)?;
        let (tenant, session) = (tenant.uuid(), session.uuid());
        let generation = generation.to_be_bytes();
        let parts = [tenant.as_bytes(), session.as_bytes(), generation.as_slice()];
        Ok(mac(&seed, &parts))
    }

    /// Draws an invitation: what is sent, and its digest.
    pub fn invitation(
        &self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<(Zeroizing<String>, [u8; 32]), Fault> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(INVITATION));
        bytes.extend(tenant.uuid().as_bytes());
        bytes.extend(user.uuid().as_bytes());
        bytes.extend(random()?.iter());
        let digest = Sha256::digest(&*bytes).into();
        Ok((Zeroizing::new(URL_SAFE_NO_PAD.encode(&*bytes)), digest))
    }

    fn derived(&self, what: &str) -> Key {
        Zeroizing::new(mac(&*self.master, &[what.as_bytes()]))
    }

    fn digest(&self, what: &str, parts: &[&[u8]]) -> [u8; 32] {
        mac(&*self.derived(what), parts)
    }
}

impl SubjectKey {
    /// Seals something personal.
    pub fn seal(&self, what: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        seal(&self.key, what.as_bytes(), plain)
    }

    /// Opens something personal.
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        open(&self.key, what.as_bytes(), sealed)
    }
}

impl RefreshToken {
    /// Takes a token apart; nothing if it has not its form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (tenant, rest) = id(&bytes)?;
        let (session, rest) = id(rest)?;
        let (generation, proof) = rest.split_first_chunk::<NUMBER>()?;
        Some(Self {
            tenant,
            session,
            generation: u32::from_be_bytes(*generation),
            proof: proof.try_into().ok()?,
        })
    }
}

impl Invitation {
    /// Takes an invitation apart; nothing if it has not its form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (tenant, rest) = id(&bytes)?;
        let (user, _) = id(rest)?;
        (bytes.len() == INVITATION).then(|| Self {
            tenant,
            user,
            digest: Sha256::digest(&*bytes).into(),
        })
    }
}

/// Draws a secret of 256 bits, its digest and its last letters.
pub fn secret() -> Result<(Zeroizing<String>, [u8; 32], String), Fault> {
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*random()?));
    let hint = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
    let hint = hint.to_owned();
    let digest = digest_of(&text);
    Ok((text, digest, hint))
}

/// The digest by which a secret is recognised: it has too many bits to be guessed.
pub fn digest_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Compares without telling by its time where two differ.
pub fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn id<K: Kind>(bytes: &[u8]) -> Option<(vocab::Id<K>, &[u8])> {
    let (id, rest) = bytes.split_first_chunk::<ID>()?;
    Some((vocab::Id::from_uuid(uuid::Uuid::from_bytes(*id)), rest))
}

fn random() -> Result<Key, Fault> {
    let mut key = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *key).map_err(|_| Fault::bug("no randomness"))?;
    Ok(key)
}

/// Every part with its length, so that no two lists of parts are one text.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.sign().as_ref());
    bytes
}

fn seal(key: &[u8; 32], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Fault> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(Fault::bug)?;
    let mut sealed = plain.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(aad), &mut sealed);
    let nonce = nonce.map_err(Fault::bug)?;
    Ok([nonce.as_ref().as_slice(), &sealed].concat())
}

fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE_LEN>()
        .ok_or_else(|| Fault::bug("sealed data is too short"))?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(Fault::bug)?;
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let plain = key.open_in_place(nonce, Aad::from(aad), &mut bytes);
    let length = plain.map_err(Fault::bug)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(number: u8) -> Vault {
        Vault::new([number; 32])
    }

    #[test]
    fn what_is_sealed_opens_under_its_name_and_key_alone() {
        let sealed = vault(1).seal("seed", b"secret").unwrap();
        assert_eq!(&**vault(1).open("seed", &sealed).unwrap(), b"secret");
        assert!(vault(2).open("seed", &sealed).is_err());
        assert!(vault(1).open("agent", &sealed).is_err());
        assert_ne!(sealed, vault(1).seal("seed", b"secret").unwrap());
        assert!(!sealed.windows(6).any(|it| it == b"secret"));
    }

    #[test]
    fn a_refresh_token_is_of_one_session_and_one_generation() {
        let (tenant, session) = (TenantId::at(1, [1; 10]), SessionId::at(1, [2; 10]));
        let seed = vault(1).seed().unwrap();
        let text = vault(1).refresh_token((tenant, session, 3), &seed).unwrap();
        let token = RefreshToken::parse(&text).unwrap();
        assert_eq!((token.session, token.generation), (session, 3));
        assert!(vault(1).proves(&token, &seed).unwrap());
        let next = RefreshToken {
            generation: 4,
            ..token.clone()
        };
        assert!(!vault(1).proves(&next, &seed).unwrap());
        let other = vault(1).seed().unwrap();
        assert!(!vault(1).proves(&token, &other).unwrap());
        assert_eq!(RefreshToken::parse("garbage"), None);
    }

    #[test]
    fn an_email_is_one_whatever_its_case_and_another_in_each_tenant() {
        let (one, other) = (TenantId::at(1, [1; 10]), TenantId::at(1, [2; 10]));
        let digest = vault(1).email(one, "Ann@Example.com");
        assert_eq!(digest, vault(1).email(one, "ann@example.COM"));
        assert_ne!(digest, vault(1).email(other, "ann@example.com"));
        assert_ne!(digest, vault(2).email(one, "ann@example.com"));
    }

    #[test]
    fn a_destroyed_key_opens_nothing() {
        let key = vault(1).subject_key().unwrap();
        let sealed = key.seal("contact", b"ann").unwrap();
        let again = vault(1).unwrapped(&key.wrapped).unwrap().unwrap();
        assert_eq!(&**again.open("contact", &sealed).unwrap(), b"ann");
        assert!(vault(1).unwrapped(&[]).unwrap().is_none());
    }
}
