//! The text of an id: prefix, underscore, 128 bits as 26 digits of Crockford's base32.

use super::ID_TEXT_MAX;
use super::IdError;
use super::kind::PREFIXES;

/// The longest prefix that the buffer of an id's text has room for.
pub(super) const PREFIX_MAX: usize = 5;

/// How many digits of five bits 128 bits take; the first digit carries three.
pub(super) const DIGITS: usize = 26;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes prefix and bits into the buffer and returns what was written.
pub(super) fn encode<'buffer>(
    prefix: &str,
    bits: u128,
    buffer: &'buffer mut [u8; ID_TEXT_MAX],
) -> &'buffer str {
    let digits = (0..DIGITS).rev().map(|place| letter(bits >> (5 * place)));
    let letters = prefix.bytes().chain([b'_']).chain(digits);
    for (slot, letter) in buffer.iter_mut().zip(letters) {
        *slot = letter;
    }
    let written = buffer.get(..prefix.len() + 1 + DIGITS).unwrap_or_default();
    str::from_utf8(written).unwrap_or_default()
}

/// Reads the bits of an id with the given prefix.
pub(super) fn decode(prefix: &'static str, text: &str) -> Result<u128, IdError> {
    let Some(digits) = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
    else {
        return Err(wrong_prefix(prefix, text));
    };
    if digits.len() != DIGITS {
        return Err(IdError::WrongLength {
            found: digits.len(),
        });
    }
    let mut bits = 0;
    for (place, letter) in digits.bytes().enumerate() {
        let position = prefix.len() + 1 + place;
        let digit = value(letter).ok_or(IdError::WrongCharacter { position })?;
        bits = bits << 5 | u128::from(digit);
    }
    // Digits sort before letters in ASCII, so this is every digit above 7.
    if digits.bytes().next() > Some(b'7') {
        return Err(IdError::TooLarge);
    }
    Ok(bits)
}

fn wrong_prefix(expected: &'static str, text: &str) -> IdError {
    let prefix = text.split_once('_').map(|(prefix, _)| prefix);
    match PREFIXES.iter().find(|known| prefix == Some(**known)) {
        Some(found) => IdError::WrongKind { expected, found },
        None => IdError::UnknownKind { expected },
    }
}

fn letter(bits: u128) -> u8 {
    let digit = (bits & 31) as usize;
    ALPHABET.get(digit).copied().unwrap_or_default()
}

fn value(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'h' => Some(letter - b'a' + 10),
        b'j'..=b'k' => Some(letter - b'j' + 18),
        b'm'..=b'n' => Some(letter - b'm' + 20),
        b'p'..=b't' => Some(letter - b'p' + 22),
        b'v'..=b'z' => Some(letter - b'v' + 27),
        _ => None,
    }
}
