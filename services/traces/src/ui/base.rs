//! The path below which everything is served.

use std::str::FromStr;

/// A path that begins and ends with a slash; `/` if everything is at the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasePath(String);

/// A base path that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a base path is / or /letters-and-digits, as often as you like")]
pub struct NoBasePath;

impl BasePath {
    /// Returns it with a slash at both ends.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for BasePath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for BasePath {
    type Err = NoBasePath;

    fn from_str(text: &str) -> Result<Self, NoBasePath> {
        let inner = text.strip_prefix('/').ok_or(NoBasePath)?;
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if inner.is_empty() {
            return Ok(Self::default());
        }
        let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
        let mut parts = inner.split('/');
        let fits = parts.all(|part| !part.is_empty() && part.chars().all(plain));
        fits.then(|| Self(format!("/{inner}/"))).ok_or(NoBasePath)
    }
}

#[cfg(test)]
mod tests {
    use super::{BasePath, NoBasePath};

    #[test]
    fn a_base_path_has_a_slash_at_both_ends() {
        for (text, expected) in [("/", "/"), ("/jaeger", "/jaeger/"), ("/a/b-1/", "/a/b-1/")] {
            let base: BasePath = text.parse().unwrap();
            assert_eq!(base.as_str(), expected);
        }
    }

    #[test]
    fn what_could_break_a_page_or_a_route_is_no_base_path() {
        for text in ["", "jaeger", "/a\"b", "/{id}", "/a//b", "/.."] {
            assert_eq!(text.parse::<BasePath>(), Err(NoBasePath), "{text}");
        }
    }
}
