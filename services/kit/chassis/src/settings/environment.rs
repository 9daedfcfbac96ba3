//! The variables that a process was started with, as a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// Names and values of variables. It prints names alone, because values may be secrets.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Option<String>>);

impl Environment {
    /// Takes the variables of this process.
    pub fn of_process() -> Self {
        Self::of_system(std::env::vars_os())
    }

    /// Takes variables as the system holds them. A name that is no text cannot be ours.
    fn of_system(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let named = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())));
        Self(named.collect())
    }

    /// Finds a variable. The outer `None` is one that is unset or empty, the inner one that is
    /// no text.
    pub(super) fn find(&self, name: &str) -> Option<Option<&str>> {
        let value = self.0.get(name)?.as_deref();
        (value != Some("")).then_some(value)
    }

    /// The names that begin with a prefix.
    pub(super) fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.0.keys().map(String::as_str);
        names.filter(move |name| name.starts_with(prefix))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let texts = variables
            .into_iter()
            .map(|(name, value)| (name.into(), Some(value.into())));
        Self(texts.collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_found_and_not_read() {
        use std::os::unix::ffi::OsStringExt;
        let broken = std::ffi::OsString::from_vec(vec![0xff]);
        let environment = super::Environment::of_system([("A".into(), broken)]);
        assert_eq!(environment.find("A"), Some(None));
        assert_eq!(environment.find("B"), None);
    }
}
