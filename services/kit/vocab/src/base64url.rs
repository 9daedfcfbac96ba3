//! The URL-safe base64 of RFC 4648 §5, without padding.
//!
//! **Invariant:** one byte sequence has one text. Decoding refuses every other spelling, stray
//! bits in the last character included, so that no altered text can pass for the original.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Encodes bytes as text.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut shift = 24;
        let mut group = 0;
        for byte in chunk {
            shift -= 8;
            group |= u32::from(*byte) << shift;
        }
        text.extend(
            [18, 12, 6, 0]
                .iter()
                .take(chunk.len() + 1)
                .map(|at| letter(group >> at)),
        );
    }
    text
}

/// Decodes text, or returns nothing where `encode` would never have written it.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut shift = 24;
        let mut group = 0;
        for letter in chunk {
            shift -= 6;
            group |= sextet(*letter)? << shift;
        }
        let whole = chunk.len() * 6 / 8;
        if whole == 0 || group.trailing_zeros() < 24 - 8 * whole as u32 {
            return None;
        }
        bytes.extend(group.to_be_bytes().iter().skip(1).take(whole));
    }
    Some(bytes)
}

fn letter(group: u32) -> char {
    let sextet = (group & 63) as usize;
    ALPHABET.get(sextet).copied().unwrap_or_default().into()
}

fn sextet(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode};
    use crate::seeded::seeded;

    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(encode(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "Z", "Zh", "Zm9=", "Zg==", "Zm9vY", "Zm+v", "Zm/v", "Zm v", "Zmé", "\0\0\0\0",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(seeded())]

        #[test]
        fn bytes_survive_the_round_trip(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn text_that_decodes_is_the_only_spelling(text in "[A-Za-z0-9_-]{0,9}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
