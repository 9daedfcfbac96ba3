//! A value that cannot print and is overwritten when it is dropped.

use std::fmt;

use zeroize::Zeroize;

use super::form::Setting;

/// A value that stays out of logs, reports and memory dumps as far as we hold it.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value to the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize + Setting> Setting for Secret<T> {
    const QUOTED: bool = false;

    fn form() -> String {
        format!("{} (a secret, not shown)", T::form())
    }

    fn parse(text: &str) -> Option<Self> {
        T::parse(text).map(Self)
    }
}
