//! SKUs: the codes by which people and other systems know a product.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The most characters of a SKU.
const LENGTH_MAX: usize = 64;

/// A code of a letter or digit, then up to 63 letters, digits, dots, underscores, slashes and
/// hyphens. Capitals matter: `a-1` and `A-1` are two SKUs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(Box<str>);

/// Says why a text is not a SKU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SkuError {
    /// The text is empty or too long.
    #[error("expected 1 to 64 characters, found {found}")]
    WrongLength {
        /// How many bytes it has.
        found: usize,
    },
    /// A character may not stand where it stands.
    #[error("the character at {position} is not allowed there in a SKU")]
    WrongCharacter {
        /// Its place in the text, counted in bytes from 0.
        position: usize,
    },
}

impl Sku {
    /// Returns the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = SkuError;

    fn from_str(text: &str) -> Result<Self, SkuError> {
        if text.is_empty() || text.len() > LENGTH_MAX {
            return Err(SkuError::WrongLength { found: text.len() });
        }
        match text
            .bytes()
            .enumerate()
            .position(|(position, letter)| !allowed(position, letter))
        {
            Some(position) => Err(SkuError::WrongCharacter { position }),
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn allowed(position: usize, letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || position > 0 && b"._/-".contains(&letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Sku, SkuError};
    use crate::seeded::seeded;

    fn refusal(text: &str) -> Option<SkuError> {
        text.parse::<Sku>().err()
    }

    #[test]
    fn sixty_four_characters_fit_and_one_more_does_not() {
        assert_eq!(refusal(&"9".repeat(64)), None);
        assert_eq!(
            refusal(&"9".repeat(65)),
            Some(SkuError::WrongLength { found: 65 })
        );
        assert_eq!(refusal(""), Some(SkuError::WrongLength { found: 0 }));
    }

    #[test]
    fn a_sku_starts_with_a_letter_or_digit() {
        for text in ["-1", ".1", "/1", "_1", " 1", "é1"] {
            assert_eq!(
                refusal(text),
                Some(SkuError::WrongCharacter { position: 0 }),
                "{text}"
            );
        }
    }

    #[test]
    fn other_characters_are_refused_where_they_stand() {
        for text in ["ab c", "ab\nc", "abé", "ab\0", "ab\\", "ab*"] {
            assert_eq!(
                refusal(text),
                Some(SkuError::WrongCharacter { position: 2 }),
                "{text}"
            );
        }
    }

    #[test]
    fn capitals_matter() {
        assert_ne!("a-1".parse::<Sku>(), "A-1".parse::<Sku>());
    }

    proptest! {
        #![proptest_config(seeded())]

        #[test]
        fn what_the_contract_allows_survives(text in "[A-Za-z0-9][A-Za-z0-9._/-]{0,63}") {
            let sku: Sku = text.parse()?;
            prop_assert_eq!(sku.as_str(), &text);
            prop_assert_eq!(sku.to_string(), text);
        }

        #[test]
        fn no_text_panics(text: String) {
            if let Ok(sku) = text.parse::<Sku>() {
                prop_assert_eq!(sku.as_str(), text);
            }
        }
    }
}
