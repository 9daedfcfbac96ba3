//! The ids of traces and spans, as W3C Trace Context spells them.
//!
//! **Invariant:** no id is zero, which stands for "none" on the wire.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

use serde::{Serialize, Serializer};

/// The id of a trace: 16 bytes, 32 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

/// The id of a span within its trace: 8 bytes, 16 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    const DIGITS: usize = 32;

    /// Reads the bytes of the wire.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = u128::from_be_bytes(bytes.try_into().ok()?);
        NonZeroU128::new(number).map(Self)
    }

    /// Reads up to 32 digits; with fewer, zeros are taken to stand before them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|it| it.is_ascii_hexdigit());
        if !digits || text.len() > Self::DIGITS {
            return None;
        }
        let number = u128::from_str_radix(text, 16).ok()?;
        NonZeroU128::new(number).map(Self)
    }
}

impl SpanId {
    /// Reads the bytes of the wire.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = u64::from_be_bytes(bytes.try_into().ok()?);
        NonZeroU64::new(number).map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for SpanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{SpanId, TraceId};

    #[test]
    fn a_short_trace_id_means_zeros_before_it() {
        let id = TraceId::parse("00F0").unwrap();
        assert_eq!(id.to_string(), format!("{:0>32}", "f0"));
        assert_eq!(TraceId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in ["", "0", "xyz", "+1", &"1".repeat(33)] {
            assert_eq!(TraceId::parse(text), None, "{text}");
        }
        assert_eq!(TraceId::from_bytes(&[0; 16]), None);
        assert_eq!(TraceId::from_bytes(&[1; 15]), None);
        assert_eq!(SpanId::from_bytes(&[0; 8]), None);
        assert_eq!(SpanId::from_bytes(&[]), None);
    }

    #[test]
    fn bytes_become_digits_in_their_order() {
        let id = SpanId::from_bytes(&[0, 1, 2, 3, 4, 5, 6, 0xff]).unwrap();
        assert_eq!(id.to_string(), "00010203040506ff");
    }
}
