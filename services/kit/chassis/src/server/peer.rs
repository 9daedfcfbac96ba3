//! Who is at the other end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::token::is_service_name;

/// Who is at the other end of a connection; in the extensions of each of its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    /// Where it calls from.
    pub address: SocketAddr,
    /// The service that its certificate names.
    pub service: Option<Arc<str>>,
}

/// The service that a verified certificate names as `spiffe://<domain>/svc/<name>`; nothing if it
/// names none, several, or one of another domain.
pub(super) fn service_of(certificate: &CertificateDer<'_>, domain: &str) -> Option<Arc<str>> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    let mut names = certificate.valid_uri_names();
    let (only, none) = (names.next()?, names.next());
    let path = only.strip_prefix("spiffe://")?.strip_prefix(domain)?;
    let name = path.strip_prefix("/svc/")?;
    (none.is_none() && is_service_name(name)).then(|| name.into())
}
