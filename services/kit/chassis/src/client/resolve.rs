//! Where a peer is: fixed addresses, names that are looked up again and again, or a list that
//! somebody else keeps.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How long a lookup may take.
const LOOKUP_MAX: Duration = Duration::from_secs(2);
/// More addresses than this are not used.
const ADDRESSES_MAX: usize = 64;

/// One address, and the host whose certificate is expected there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Where to connect.
    pub socket: SocketAddr,
    /// The host as it was written.
    pub host: Arc<str>,
}

impl Address {
    /// An address that is its own host.
    pub fn of(socket: SocketAddr) -> Self {
        let host = socket.ip().to_string().into();
        Self { socket, host }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

/// Where a peer is.
#[derive(Clone, Debug)]
pub struct Addresses(Source);

#[derive(Clone)]
enum Source {
    Names(Vec<(Arc<str>, u16)>),
    Asked(Arc<dyn Fn() -> Vec<Address> + Send + Sync>),
    Watched(watch::Receiver<Vec<Address>>),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Names(names) => f.debug_tuple("Names").field(names).finish(),
            Self::Asked(_) => f.write_str("Asked"),
            Self::Watched(_) => f.write_str("Watched"),
        }
    }
}

impl Addresses {
    /// Hosts and ports: addresses as they are, names as the system resolves them, looked up every
    /// few seconds and when a connection is lost.
    pub fn names<H: Into<Arc<str>>>(hosts: impl IntoIterator<Item = (H, u16)>) -> Self {
        let hosts = hosts.into_iter().map(|(host, port)| (host.into(), port));
        Self(Source::Names(hosts.collect()))
    }

    /// Addresses that stay as they are.
    pub fn fixed(sockets: impl IntoIterator<Item = SocketAddr>) -> Self {
        let hosts = sockets
            .into_iter()
            .map(|it| (it.ip().to_string(), it.port()));
        Self::names(hosts)
    }

    /// What a function says; it is asked as often as names are looked up, and must not wait.
    pub fn asked(list: impl Fn() -> Vec<Address> + Send + Sync + 'static) -> Self {
        Self(Source::Asked(Arc::new(list)))
    }

    /// The list of the moment, taken over whenever it changes.
    pub fn watched(list: watch::Receiver<Vec<Address>>) -> Self {
        Self(Source::Watched(list))
    }

    /// Looks them up; no more than can be used. After an error, what was known before stays.
    pub(super) async fn resolve(&mut self) -> io::Result<BTreeSet<Address>> {
        let found = match &mut self.0 {
            Source::Watched(list) => list.borrow_and_update().clone(),
            Source::Asked(list) => list(),
            Source::Names(names) => look_up(names).await?,
        };
        let found: BTreeSet<Address> = found.into_iter().collect();
        Ok(found.into_iter().take(ADDRESSES_MAX).collect())
    }

    /// Waits until somebody changes the list; for ever where nobody does.
    pub(super) async fn changed(&mut self) {
        if let Source::Watched(list) = &mut self.0
            && list.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// One name that cannot be resolved does not hide the others. No address at all is no answer: a
/// peer that has gone refuses connections, and one that has not must not be forgotten.
async fn look_up(names: &[(Arc<str>, u16)]) -> io::Result<Vec<Address>> {
    let mut found = Vec::new();
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for (host, port) in names {
        let plain = host.trim_matches(['[', ']']);
        let lookup = tokio::net::lookup_host((plain, *port));
        let answer = tokio::time::timeout(LOOKUP_MAX, lookup).await;
        match answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(sockets) => found.extend(sockets.map(|socket| Address {
                socket,
                host: plain.into(),
            })),
            Err(error) => failed = error,
        }
    }
    if found.is_empty() {
        Err(failed)
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_and_addresses_are_resolved_and_a_bad_name_hides_no_good_one() {
        let hosts = [
            ("localhost", 7),
            ("127.0.0.2", 8),
            ("no.such.host.invalid", 9),
        ];
        let found = Addresses::names(hosts).resolve().await.unwrap();
        let sockets: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(sockets.contains(&"127.0.0.1:7".to_owned()), "{sockets:?}");
        assert!(sockets.contains(&"127.0.0.2:8".to_owned()), "{sockets:?}");
        assert!(found.iter().any(|it| &*it.host == "localhost"));
        let none = Addresses::names([("no.such.host.invalid", 9)])
            .resolve()
            .await;
        assert!(none.is_err());
    }

    #[tokio::test]
    async fn a_watched_list_is_taken_as_it_is_now() {
        let socket: SocketAddr = "[::1]:7".parse().unwrap();
        let (sender, list) = watch::channel(Vec::new());
        let mut addresses = Addresses::watched(list);
        assert!(addresses.resolve().await.unwrap().is_empty());
        sender.send(vec![Address::of(socket)]).unwrap();
        addresses.changed().await;
        let found = addresses.resolve().await.unwrap();
        assert_eq!(found.first().map(|it| it.socket), Some(socket));
    }
}
