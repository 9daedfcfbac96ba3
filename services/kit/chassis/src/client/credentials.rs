//! The token that a service shows to those it calls, exchanged while calls go on.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::settings::Secret;

/// A token with letters that no header can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the token holds letters that a header cannot")]
pub struct InvalidToken;

/// Who this service is to its peers. Clones share one token, so that [`Credentials::replace`]
/// reaches all peers at once.
#[derive(Clone, Default)]
pub struct Credentials(Arc<ArcSwapOption<HeaderValue>>);

impl Credentials {
    /// A service that shows a token.
    pub fn token(token: &Secret<String>) -> Result<Self, InvalidToken> {
        let credentials = Self::default();
        credentials.replace(token)?;
        Ok(credentials)
    }

    /// Shows another token from now on; what is under way goes on with the old one.
    pub fn replace(&self, token: &Secret<String>) -> Result<(), InvalidToken> {
        let text = Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| InvalidToken)?;
        value.set_sensitive(true);
        self.0.store(Some(Arc::new(value)));
        Ok(())
    }

    /// Writes the token; whatever was there before goes, token or not.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        headers.remove(AUTHORIZATION);
        if let Some(value) = &*self.0.load() {
            headers.insert(AUTHORIZATION, HeaderValue::clone(value));
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[credentials]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_token_is_exchanged_for_all_clones_and_never_printed() {
        let credentials = Credentials::token(&secret("first")).unwrap();
        let clone = credentials.clone();
        credentials.replace(&secret("second")).unwrap();
        let mut headers = HeaderMap::new();
        clone.write(&mut headers);
        assert_eq!(headers[AUTHORIZATION], "Bearer second");
        assert!(!format!("{credentials:?} {headers:?}").contains("second"));
        assert_eq!(credentials.replace(&secret("a\nb")), Err(InvalidToken));
        clone.write(&mut headers);
        assert_eq!(headers.get_all(AUTHORIZATION).iter().count(), 1);
    }

    #[test]
    fn without_a_token_none_is_sent_not_even_that_of_the_caller() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer foreign"));
        Credentials::default().write(&mut headers);
        assert!(headers.is_empty());
    }
}
