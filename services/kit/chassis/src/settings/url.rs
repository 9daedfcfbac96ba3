//! Addresses of other systems: `http://127.0.0.1:17417`, `nats://127.0.0.1:17422`.

use std::fmt;

use http::Uri;

use super::form::Setting;

/// An absolute URL with scheme and host. It prints without the name and password it may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

impl Url {
    /// The scheme, such as `http`.
    pub fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or_default()
    }

    /// The host, a name or an address.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// The port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.0.port_u16()
    }

    /// The whole URL, with whatever it holds.
    pub fn expose(&self) -> String {
        self.0.to_string()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.host())?;
        self.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Setting for Url {
    const QUOTED: bool = false;

    fn form() -> String {
        "a URL with scheme and host such as http://127.0.0.1:17417".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let whole = uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty());
        whole.then_some(Self(uri))
    }
}
