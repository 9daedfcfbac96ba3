//! Typed identifiers: 128 bits that know what they name, written as a TypeID such as
//! `prd_01h455vb4pex5vsknk084sn02q`.
//!
//! **Invariant:** one id has one text. Capitals, look-alike letters and other spellings are
//! refused, so that ids may be compared as text wherever they travel.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use thiserror::Error;
use uuid::{Builder, Uuid, Version};

use crate::digest::digest;

pub use kind::Kind;

pub mod kind;
#[cfg(test)]
mod tests;
mod text;

/// The most bytes that the text of an id takes.
pub const ID_TEXT_MAX: usize = text::PREFIX_MAX + 1 + text::DIGITS;

/// The last millisecond that the 48 bits of a UUIDv7 can hold, in the year 10889.
const TIME_MS_MAX: u64 = (1 << 48) - 1;

/// An identifier of one kind of thing; ids of two kinds are two types.
///
/// Ids sort by the time they were made at, because the time leads their bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K: Kind> {
    uuid: Uuid,
    kind: PhantomData<K>,
}

/// Says why a text is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// The text names something else.
    #[error("expected an id with the prefix {expected}, found one with the prefix {found}")]
    WrongKind {
        /// The prefix that was asked for.
        expected: &'static str,
        /// The prefix that the text has.
        found: &'static str,
    },
    /// The text does not start with a prefix that anything has.
    #[error("expected an id with the prefix {expected}, found no known prefix")]
    UnknownKind {
        /// The prefix that was asked for.
        expected: &'static str,
    },
    /// Too little or too much follows the prefix.
    #[error("expected 26 characters after the prefix, found {found}")]
    WrongLength {
        /// How many bytes follow the prefix.
        found: usize,
    },
    /// A character is not a digit of Crockford's base32 in lower case.
    #[error("the character at {position} is not allowed in an id")]
    WrongCharacter {
        /// Its place in the text, counted in bytes from 0.
        position: usize,
    },
    /// The first character after the prefix is above 7, which is more than 128 bits.
    #[error("the id is larger than 128 bits")]
    TooLarge,
}

impl<K: Kind> Id<K> {
    /// Takes a stored UUID of any version as an id of this kind.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            kind: PhantomData,
        }
    }

    /// Returns the UUID to store.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// Makes a new id: a UUIDv7 of a time in milliseconds since 1970 and 74 of the random bits.
    ///
    /// A time that 48 bits cannot hold counts as the last one that they can.
    pub fn at(time_ms: u64, random: [u8; 10]) -> Self {
        let time_ms = time_ms.min(TIME_MS_MAX);
        Self::from_uuid(Builder::from_unix_timestamp_millis(time_ms, &random).into_uuid())
    }

    /// Derives the id that the same time and the same parts always give.
    ///
    /// With a time the id is a UUIDv7 whose random bits are a hash of the parts; without one it is
    /// a UUIDv8 that is hash altogether. The kind is hashed too, and so are the lengths of the
    /// parts. **Invariant:** what this returns never changes: retries across releases rely on it.
    pub fn derive(time_ms: Option<u64>, parts: &[&[u8]]) -> Self {
        match time_ms {
            Some(time_ms) => Self::at(time_ms, digest(K::PREFIX, parts)),
            None => {
                Self::from_uuid(Builder::from_custom_bytes(digest(K::PREFIX, parts)).into_uuid())
            }
        }
    }

    /// Returns the time the id was made at, in milliseconds since 1970, if it is a UUIDv7.
    pub fn time_ms(self) -> Option<u64> {
        uuid_time_ms(self.uuid)
    }

    /// Writes the id's text into a buffer and returns it, without allocating.
    pub fn encode(self, buffer: &mut [u8; ID_TEXT_MAX]) -> &str {
        const {
            assert!(
                K::PREFIX.len() <= text::PREFIX_MAX,
                "the prefix does not fit the buffer"
            )
        }
        text::encode(K::PREFIX, self.uuid.as_u128(), buffer)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bits = text::decode(K::PREFIX, text)?;
        Ok(Self::from_uuid(Uuid::from_u128(bits)))
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; ID_TEXT_MAX]))
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the milliseconds since 1970 that a UUIDv7, such as a request id, begins with.
pub fn uuid_time_ms(uuid: Uuid) -> Option<u64> {
    match uuid.get_version() {
        Some(Version::SortRand) => u64::try_from(uuid.as_u128() >> 80).ok(),
        _ => None,
    }
}
