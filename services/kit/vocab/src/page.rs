//! Page tokens: where a list goes on, in a form that only this server can have written.
//!
//! A token is bound to tenant, list and filters, and is authenticated with HMAC-SHA-256. It is not
//! encrypted: a position holds nothing that its reader may not see.
//! **Invariant:** whatever is wrong with a token, the error is one and the same.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use crate::{TenantId, base64url};

#[cfg(test)]
mod tests;

/// The most bytes of a position; sort keys are cut to less before they are indexed.
pub const PAGE_POSITION_MAX: usize = 512;

/// The most characters of a page token.
pub const PAGE_TOKEN_MAX: usize = (TAG_LENGTH + PAGE_POSITION_MAX).div_ceil(3) * 4;

const TAG_LENGTH: usize = 16;
const SECRET_LENGTH: usize = 32;
const PURPOSE: &[u8] = b"retail page token 1";

/// A secret that page tokens are authenticated with. It cannot be printed.
#[derive(Clone)]
pub struct PageKey(Hmac<Sha256>);

/// The key that tokens are sealed with, and one more that they may have been sealed with.
///
/// To change keys, first let every replica accept the new one, then let them seal with it and
/// accept the old one, then forget that.
#[derive(Clone, Debug)]
pub struct PageKeys {
    sealing: PageKey,
    accepted: Option<PageKey>,
}

/// What a page token is good for, and for nothing else.
#[derive(Clone, Copy, Debug)]
pub struct PageBinding<'call> {
    /// The tenant whose list it is.
    pub tenant: TenantId,
    /// The list, such as the full name of the rpc.
    pub list: &'call str,
    /// The filters and the order, in any form that is the same for every page; a hash will do.
    pub filters: &'call [u8],
}

/// Says that a page token was not given out for this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the page token was not given out for this call")]
pub struct InvalidPageToken;

/// Says that a position is longer than a page token carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a page position has at most 512 bytes")]
pub struct PositionTooLong;

impl PageKey {
    /// Makes a key of a secret.
    pub fn new(secret: [u8; SECRET_LENGTH]) -> Self {
        // HMAC fills a short key up with zeros; doing so here leaves nothing that could fail.
        let mut block = [0; 64];
        for (slot, byte) in block.iter_mut().zip(secret) {
            *slot = byte;
        }
        Self(Hmac::new(&block.into()))
    }

    fn mac(&self, binding: &PageBinding<'_>, position: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        let tenant = binding.tenant.uuid();
        let list = binding.list.as_bytes();
        for part in [PURPOSE, tenant.as_bytes(), list, binding.filters, position] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl PageKeys {
    /// Seals with one key, and accepts another one too where keys are being changed.
    pub const fn new(sealing: PageKey, accepted: Option<PageKey>) -> Self {
        Self { sealing, accepted }
    }

    /// Returns the token of a position in the list that the binding names.
    pub fn seal(
        &self,
        binding: &PageBinding<'_>,
        position: &[u8],
    ) -> Result<String, PositionTooLong> {
        if position.len() > PAGE_POSITION_MAX {
            return Err(PositionTooLong);
        }
        let tag = self.sealing.mac(binding, position).finalize().into_bytes();
        let mut sealed = Vec::with_capacity(TAG_LENGTH + position.len());
        sealed.extend(tag.iter().take(TAG_LENGTH));
        sealed.extend(position);
        Ok(base64url::encode(&sealed))
    }

    /// Returns the position in a token that was sealed for this binding.
    pub fn open(
        &self,
        binding: &PageBinding<'_>,
        token: &str,
    ) -> Result<Vec<u8>, InvalidPageToken> {
        if token.len() > PAGE_TOKEN_MAX {
            return Err(InvalidPageToken);
        }
        let sealed = base64url::decode(token).ok_or(InvalidPageToken)?;
        let (tag, position) = sealed
            .split_first_chunk::<TAG_LENGTH>()
            .ok_or(InvalidPageToken)?;
        for key in [Some(&self.sealing), self.accepted.as_ref()]
            .into_iter()
            .flatten()
        {
            // Compares in constant time.
            if key
                .mac(binding, position)
                .verify_truncated_left(tag)
                .is_ok()
            {
                return Ok(position.to_vec());
            }
        }
        Err(InvalidPageToken)
    }
}

impl fmt::Debug for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageKey")
    }
}
