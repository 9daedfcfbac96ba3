//! Where the peers of a service are, as its settings say it.

use std::sync::Arc;

use super::resolve::Addresses;
use crate::settings::{Profile, Reader, Secret, Url};

/// The ports of the services in development, counted from the first.
const PORTS: [&str; 9] = [
    "gateway",
    "auth",
    "catalog",
    "inventory",
    "store",
    "order",
    "payment",
    "notification",
    "planning",
];
const FIRST_PORT: u16 = 17_400;
/// Whom every service trusts.
const AUTHORITY: &str = "RETAIL_TLS_AUTHORITY_FILE";
/// More connections to one address than this win nothing.
const CONNECTIONS_MAX: usize = 4;

/// Where peers are and how they are spoken to.
///
/// | variable | form | default |
/// |---|---|---|
/// | `…_PEER_<NAME>_URL` | URLs of one peer, each an address or a name to look up | the next |
/// | `RETAIL_<NAME>_URL` | the same for every service that calls it | dev: its port here |
/// | `…_PEER_TOKEN` | the token of this service | none is sent |
/// | `…_PEER_CONNECTIONS` | connections for calls to each address, 1 to 4 | 1 |
/// | `RETAIL_TLS_AUTHORITY_FILE` | PEM of whom to trust; required with `https` | |
/// | `…_TLS_CERTIFICATE_FILE`, `…_TLS_KEY_FILE` | PEM that this service shows | none |
///
/// In the profile prod every URL is `https`. The files are those of the server, which judges them.
#[derive(Clone, Debug)]
pub struct PeersSettings {
    /// The peers by name, and whether they speak TLS.
    pub(super) places: Vec<Place>,
    pub(super) connections: usize,
    pub(super) token: Option<Secret<String>>,
    pub(super) authority_file: Option<String>,
    pub(super) identity_files: Option<(String, String)>,
}

/// Where one peer is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub name: &'static str,
    pub addresses: Addresses,
    pub encrypted: bool,
}

impl PeersSettings {
    /// Reads the settings of one service for those peers that it calls over the network.
    pub fn read(reader: &mut Reader<'_>, profile: Profile, names: &[&'static str]) -> Option<Self> {
        let token = reader.maybe("PEER_TOKEN");
        let connections = reader.bounded("PEER_CONNECTIONS", 1..=CONNECTIONS_MAX, 1);
        let authority_file = reader.shared_maybe(AUTHORITY);
        let certificate = reader.maybe("TLS_CERTIFICATE_FILE");
        let key = reader.maybe("TLS_KEY_FILE");
        let places: Vec<Option<Place>> = names
            .iter()
            .map(|name| place(reader, profile, name))
            .collect();
        let settings = Self {
            places: places.into_iter().collect::<Option<_>>()?,
            connections: connections?,
            token: token?,
            authority_file: authority_file?,
            identity_files: certificate?.zip(key?),
        };
        let encrypted = settings.places.iter().any(|it| it.encrypted);
        if encrypted {
            reader.shared::<String>(AUTHORITY, None)?;
        }
        Some(settings)
    }
}

fn place(reader: &mut Reader<'_>, profile: Profile, name: &'static str) -> Option<Place> {
    let upper = name.to_uppercase();
    let own = format!("PEER_{upper}_URL");
    let shared = format!("RETAIL_{upper}_URL");
    let urls: Option<Vec<Url>> = reader.maybe(&own)?;
    let urls = match urls {
        Some(urls) => Some(urls),
        None => reader.shared(&shared, local(profile, name)),
    }?;
    let hosts: Option<Vec<(Arc<str>, u16)>> = urls
        .iter()
        .map(|it| Some((it.host().into(), it.port()?)))
        .collect();
    let encrypted = urls.iter().all(|it| it.scheme() == "https");
    let clear = urls.iter().all(|it| it.scheme() == "http");
    let problem = match (&hosts, profile) {
        (None, _) => Some("must name a port in each URL"),
        _ if !encrypted && !clear => Some("must be http or https, and the same in each URL"),
        (_, Profile::Production) if clear => Some("must be https in the profile prod"),
        _ => None,
    };
    if let Some(problem) = problem {
        reader.refuse(&own, format!("(or {shared}) {problem}"));
        return None;
    }
    let addresses = Addresses::names(hosts?);
    Some(Place {
        name,
        addresses,
        encrypted,
    })
}

/// Where a service listens in development unless it is told otherwise.
fn local(profile: Profile, name: &str) -> Option<Vec<Url>> {
    let place = PORTS.iter().position(|it| *it == name)?;
    let port = FIRST_PORT.checked_add(u16::try_from(place).ok()?)?;
    let url = <Url as crate::settings::Setting>::parse(&format!("http://127.0.0.1:{port}"))?;
    (profile == Profile::Development).then(|| vec![url])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, Mistakes, read};

    fn settings(profile: Profile, variables: &[(&str, &str)]) -> Result<PeersSettings, Mistakes> {
        let environment = Environment::from_iter(variables.iter().copied());
        read(&environment, "ORDER", |reader| {
            PeersSettings::read(reader, profile, &["inventory", "payment"])
        })
    }

    fn names(mistakes: &Mistakes) -> Vec<&str> {
        mistakes.list().iter().map(|it| it.name.as_str()).collect()
    }

    #[tokio::test]
    async fn a_peer_is_at_its_own_url_or_the_shared_one_or_its_port_of_development() {
        let own = (
            "ORDER_PEER_INVENTORY_URL",
            "http://127.0.0.1:1,http://[::1]:2",
        );
        let shared = ("RETAIL_INVENTORY_URL", "http://127.0.0.1:3");
        let at = async |variables: &[(&str, &str)]| {
            let mut settings = settings(Profile::Development, variables).unwrap();
            let found = settings.places[0].addresses.resolve().await.unwrap();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(at(&[own, shared]).await, ["127.0.0.1:1", "[::1]:2"]);
        assert_eq!(at(&[shared]).await, ["127.0.0.1:3"]);
        assert_eq!(at(&[]).await, ["127.0.0.1:17403"]);
    }

    #[test]
    fn prod_knows_no_port_of_development_and_speaks_nothing_in_clear() {
        let none = settings(Profile::Production, &[]).unwrap_err();
        assert_eq!(names(&none), ["RETAIL_INVENTORY_URL", "RETAIL_PAYMENT_URL"]);
        let clear = [
            ("RETAIL_INVENTORY_URL", "http://10.0.0.1:1"),
            ("RETAIL_PAYMENT_URL", "https://payment.mesh:1"),
        ];
        let clear = settings(Profile::Production, &clear).unwrap_err();
        assert_eq!(names(&clear), ["ORDER_PEER_INVENTORY_URL"]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refused = |variable: (&str, &str)| {
            let refused = settings(Profile::Development, &[variable]).unwrap_err();
            names(&refused).join(" ")
        };
        assert_eq!(
            refused(("RETAIL_PAYMENT_URL", "http://127.0.0.1")),
            "ORDER_PEER_PAYMENT_URL"
        );
        assert_eq!(
            refused(("RETAIL_PAYMENT_URL", "http://a:1,https://b:1")),
            "ORDER_PEER_PAYMENT_URL"
        );
        assert_eq!(
            refused(("RETAIL_PAYMENT_URL", "https://payment.mesh:1")),
            "RETAIL_TLS_AUTHORITY_FILE"
        );
        assert_eq!(
            refused(("ORDER_PEER_STOER_URL", "http://a:1")),
            "ORDER_PEER_STOER_URL"
        );
    }
}
