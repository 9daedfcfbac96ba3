//! Pages of lists: how many items one has, and tokens that say where the next one begins.
//!
//! **Invariant:** a token works for the tenant, the list and the filters that it was given out for,
//! and for nothing else.

use contracts::common::ErrorReason;
use prost::Message;
use sha2::{Digest, Sha256};
use vocab::{PageBinding, PageKey, PageKeys};

use crate::call::Call;
use crate::fault::Fault;
use crate::settings::{Profile, Reader, Secret};

mod position;
#[cfg(test)]
mod tests;

pub use position::Position;

/// Items of a page where none are asked for.
const PAGE_SIZE: i32 = 50;
/// The least characters of a secret that page tokens are sealed with.
const SECRET_MIN: usize = 32;
/// What development machines seal page tokens with.
const SECRET_DEV: &str = "page tokens of a development machine";

/// How many items a page has.
pub fn size(asked: i32) -> i64 {
    i64::from(if asked == 0 { PAGE_SIZE } else { asked })
}

/// Cuts what was read beyond a page, and returns the last item if there was more.
pub fn cut<T>(items: &mut Vec<T>, size: i64) -> Option<&T> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    items.last().filter(|_| more)
}

/// Reads what a service seals its page tokens with: `PAGE_SECRET`, at least 32 characters, which
/// production asks for, and `PAGE_SECRET_OLD`, which is still accepted.
pub fn read_keys(reader: &mut Reader<'_>, profile: Profile) -> Option<PageKeys> {
    let secret = match profile {
        Profile::Production => reader.required::<Secret<String>>("PAGE_SECRET"),
        Profile::Development => {
            let secret = Secret::new(SECRET_DEV.to_owned());
            reader.optional("PAGE_SECRET", secret)
        }
    };
    let old = reader.maybe::<Secret<String>>("PAGE_SECRET_OLD");
    let (secret, old) = (secret?, old?);
    if secret.expose().len() < SECRET_MIN {
        reader.refuse("PAGE_SECRET", "must have at least 32 characters");
        return None;
    }
    Some(PageKeys::new(key(&secret), old.as_ref().map(key)))
}

fn key(secret: &Secret<String>) -> PageKey {
    PageKey::new(Sha256::digest(secret.expose()).into())
}

/// The page token of one call.
pub struct Page<'a> {
    keys: &'a PageKeys,
    call: &'a Call,
    filters: Vec<u8>,
}

impl<'a> Page<'a> {
    /// The token of a call; `filters` is its request without token, size and mask.
    pub fn of(keys: &'a PageKeys, call: &'a Call, filters: &impl Message) -> Self {
        Self {
            keys,
            call,
            filters: filters.encode_to_vec(),
        }
    }

    /// Where the page begins, if it is not the first.
    pub fn open<P: Position>(&self, token: &str) -> Result<Option<P>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let opened = self.keys.open(&self.binding(), token);
        let position = opened.ok().and_then(|bytes| P::read(&bytes));
        position.map(Some).ok_or_else(|| {
            let text = "the page token was not given out for this call";
            Fault::shared(ErrorReason::PageTokenInvalid, text)
        })
    }

    /// The token of the next page.
    pub fn seal<P: Position>(&self, position: Option<&P>) -> Result<String, Fault> {
        let Some(position) = position else {
            return Ok(String::new());
        };
        let sealed = self.keys.seal(&self.binding(), &position.write());
        sealed.map_err(Fault::bug)
    }

    fn binding(&self) -> PageBinding<'_> {
        PageBinding {
            tenant: self.call.tenant,
            list: &self.call.method,
            filters: &self.filters,
        }
    }
}
