//! Etags: opaque marks of one version of one resource, by which a write says what it was based on.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::base64url;
use crate::digest::digest;

/// The mark of one version of one resource: 22 characters that URLs and headers carry as they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Etag([u8; 16]);

/// Says that a text is not an etag that was ever given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an etag")]
pub struct EtagError;

impl Etag {
    /// Returns the etag of a resource, named by its id, at a version.
    ///
    /// Another resource or another version has another etag.
    pub fn of(resource: impl AsRef<[u8]>, version: i64) -> Self {
        Self(digest("etag", &[resource.as_ref(), &version.to_be_bytes()]))
    }

    /// Says whether a caller sent this very etag; a text that is no etag matches none.
    pub fn matches(self, sent: &str) -> bool {
        sent.parse() == Ok(self)
    }
}

impl FromStr for Etag {
    type Err = EtagError;

    fn from_str(text: &str) -> Result<Self, EtagError> {
        let bytes = base64url::decode(text).ok_or(EtagError)?;
        let mark = bytes.try_into().map_err(|_| EtagError)?;
        Ok(Self(mark))
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Etag, EtagError};
    use crate::seeded::seeded;

    // Worked out apart from this code; a change here makes every etag that clients hold stale.
    #[test]
    fn etags_stay_what_they_are() {
        assert_eq!(Etag::of("prd_x", 7).to_string(), "Dr_Zu9nekFKiCj-lAn-OJQ");
    }

    #[test]
    fn another_resource_or_version_has_another_etag() {
        let etag = Etag::of("prd_x", 7);
        for other in [
            Etag::of("prd_y", 7),
            Etag::of("prd_x", 8),
            Etag::of("prd_x", -7),
        ] {
            assert!(!etag.matches(&other.to_string()));
        }
    }

    #[test]
    fn what_is_no_etag_matches_none() {
        let etag = Etag::of("prd_x", 7);
        let text = etag.to_string();
        assert!(etag.matches(&text));
        for sent in [
            "",
            "*",
            "\"\"",
            &text[1..],
            &format!("{text}A"),
            &format!("\"{text}\""),
        ] {
            assert_eq!(sent.parse::<Etag>(), Err(EtagError), "{sent}");
            assert!(!etag.matches(sent));
        }
    }

    proptest! {
        #![proptest_config(seeded())]

        #[test]
        fn etags_survive_the_round_trip(resource: Vec<u8>, version: i64) {
            let etag = Etag::of(&resource, version);
            let text = etag.to_string();
            prop_assert!(text.len() <= 64);
            let safe = |one: u8| one.is_ascii_alphanumeric() || b"-_".contains(&one);
            prop_assert!(text.bytes().all(safe));
            prop_assert_eq!(text.parse(), Ok(etag));
        }

        #[test]
        fn versions_have_etags_of_their_own(resource: String, one: i64, two: i64) {
            let (left, right) = (Etag::of(&resource, one), Etag::of(&resource, two));
            prop_assert_eq!(left == right, one == two);
        }

        #[test]
        fn no_text_panics(text: String) {
            prop_assert!(!Etag::of("prd_x", 7).matches(&text));
        }
    }
}
