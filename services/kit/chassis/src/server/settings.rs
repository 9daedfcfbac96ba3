//! Where a server listens and how many it serves, as the settings of its service say it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::settings::{Profile, Reader, is_readable_by_all};

/// Whom every service trusts; clients read the same.
const AUTHORITY: &str = "RETAIL_TLS_AUTHORITY_FILE";
const DOMAIN: &str = "RETAIL_TRUST_DOMAIN";
/// The domain of certificates where nothing is said.
const DOMAIN_DEFAULT: &str = "retail-mesh";

/// Where a server listens, and its limits.
///
/// | variable | form | default |
/// |---|---|---|
/// | `…_LISTEN` | address and port; dev: loopback only | required |
/// | `…_CONNECTIONS_MAX` | connections at a time | 1024 |
/// | `…_CONNECTIONS_PER_PEER` | those from one address | prod 64, dev 1024 |
/// | `…_STREAMS_MAX` | calls at a time on one connection | 2000 |
/// | `…_CONNECTION_AGE_MAX` | after which a peer connects anew | `30m` |
/// | `…_TLS_CERTIFICATE_FILE`, `…_TLS_KEY_FILE` | PEM; prod: required | |
/// | `RETAIL_TLS_AUTHORITY_FILE` | PEM of whom to trust as a service; prod: required | |
/// | `RETAIL_TRUST_DOMAIN` | the domain in the names of services | `retail-mesh` |
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Connections at a time.
    pub connections_max: usize,
    /// Those from one address.
    pub connections_per_peer: usize,
    /// Calls at a time on one connection.
    pub streams_max: u32,
    /// After which a connection is ended, so that peers find new replicas.
    pub age_max: Duration,
    /// What connections are encrypted with.
    pub tls: Option<TlsFiles>,
}

/// The files that TLS is made of.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The chain of certificates that is shown.
    pub certificate: String,
    /// The private key.
    pub key: String,
    /// Who vouches for peers; without it peers show nothing.
    pub authority: Option<String>,
    /// The domain in the names of services.
    pub domain: String,
}

impl ServerSettings {
    /// Reads them, and refuses what the profile does not allow.
    pub fn read(reader: &mut Reader<'_>, profile: Profile) -> Option<Self> {
        let per_peer = match profile {
            Profile::Development => 1_024,
            Profile::Production => 64,
        };
        let listen = listen(reader, profile);
        let connections_max = reader.bounded("CONNECTIONS_MAX", 1..=100_000, 1_024);
        let connections_per_peer = reader.bounded("CONNECTIONS_PER_PEER", 1..=100_000, per_peer);
        let streams_max = reader.bounded("STREAMS_MAX", 1..=10_000, 2_000);
        let ages = Duration::from_secs(1)..=Duration::from_secs(86_400);
        let age_max = reader.bounded("CONNECTION_AGE_MAX", ages, Duration::from_secs(1_800));
        let tls = tls(reader, profile);
        Some(Self {
            listen: listen?,
            connections_max: connections_max?,
            connections_per_peer: connections_per_peer?,
            streams_max: streams_max?,
            age_max: age_max?,
            tls: tls?,
        })
    }
}

fn listen(reader: &mut Reader<'_>, profile: Profile) -> Option<SocketAddr> {
    let listen = reader.required("LISTEN")?;
    if profile.may_listen(listen) {
        return Some(listen);
    }
    reader.refuse("LISTEN", "must be a loopback address in the profile dev");
    None
}

fn tls(reader: &mut Reader<'_>, profile: Profile) -> Option<Option<TlsFiles>> {
    let certificate = reader.maybe::<String>("TLS_CERTIFICATE_FILE");
    let key = reader.maybe::<String>("TLS_KEY_FILE");
    let authority = reader.shared_maybe::<String>(AUTHORITY);
    let domain = reader.shared(DOMAIN, Some(DOMAIN_DEFAULT.to_owned()));
    let (certificate, key, authority) = (certificate?, key?, authority?);
    let production = profile == Profile::Production;
    if production && authority.is_none() {
        reader.refuse_shared(
            AUTHORITY,
            "is missing; in production peers show who they are",
        );
    }
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            if production && is_readable_by_all(&key) {
                reader.refuse("TLS_KEY_FILE", "can be read by everybody on this machine");
            }
            Some(Some(TlsFiles {
                certificate,
                key,
                authority,
                domain: domain?,
            }))
        }
        (None, None) if production => {
            let text = "is missing; in production nothing is served in clear";
            reader.refuse("TLS_CERTIFICATE_FILE", text);
            None
        }
        (None, None) => Some(None),
        (Some(_), None) => refuse_half(reader, "TLS_KEY_FILE"),
        (None, Some(_)) => refuse_half(reader, "TLS_CERTIFICATE_FILE"),
    }
}

fn refuse_half(reader: &mut Reader<'_>, missing: &str) -> Option<Option<TlsFiles>> {
    reader.refuse(missing, "is missing; certificate and key go together");
    None
}
