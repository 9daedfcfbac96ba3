//! TLS towards peers: whom this service trusts, and by which certificate it is known itself.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use thiserror::Error;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Says why there can be no TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A text is not in the form of PEM.
    #[error("certificates or key are not PEM")]
    Pem(#[from] pem::Error),
    /// No authority to trust is named.
    #[error("no certificate of an authority is given")]
    NoAuthority,
    /// The certificates do not fit each other, the key, or the time.
    #[error("certificates or key cannot be used")]
    Unfit(#[from] rustls::Error),
}

/// How connections to peers are encrypted. Clones share it, so that [`ClientTls::replace`] reaches
/// every connection that is made from then on.
#[derive(Clone)]
pub struct ClientTls(Arc<ArcSwap<ClientConfig>>);

impl ClientTls {
    /// Trusts the authorities of a PEM text; shows certificate and key, in this order, if given.
    pub fn of_pem(authorities: &[u8], identity: Option<(&[u8], &[u8])>) -> Result<Self, TlsError> {
        let config = config(authorities, identity)?;
        Ok(Self(Arc::new(ArcSwap::from_pointee(config))))
    }

    /// Exchanges authorities, certificate and key.
    pub fn replace(
        &self,
        authorities: &[u8],
        identity: Option<(&[u8], &[u8])>,
    ) -> Result<(), TlsError> {
        self.0.store(Arc::new(config(authorities, identity)?));
        Ok(())
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        self.0.load_full()
    }
}

fn config(authorities: &[u8], identity: Option<(&[u8], &[u8])>) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities) {
        roots.add(authority?)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoAuthority);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
            builder.with_client_auth_cert(chain?, PrivateKeyDer::from_pem_slice(key)?)?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientTls")
    }
}
