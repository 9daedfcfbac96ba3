//! TLS of a server, which can be exchanged while it serves.
//!
//! Where an authority is given, only peers that it vouches for get in, and only as a service.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::peer;
use super::settings::TlsFiles;

/// Says why there can be no TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read, or is not in the form of PEM.
    #[error("{0} cannot be read as PEM")]
    Pem(String, #[source] pem::Error),
    /// Certificate and key do not fit.
    #[error("certificate and key cannot be used")]
    Unfit(#[from] rustls::Error),
    /// The authority can vouch for nobody.
    #[error("the authority cannot be used")]
    Authority(#[from] VerifierBuilderError),
}

/// What connections are encrypted with. Clones share it.
#[derive(Clone)]
pub struct ServerTls {
    files: TlsFiles,
    config: Arc<ArcSwap<ServerConfig>>,
}

impl ServerTls {
    /// Reads certificate, key and authority.
    pub fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self {
            files: files.clone(),
            config: Arc::new(ArcSwap::from_pointee(config(files)?)),
        })
    }

    /// Reads the files again, for connections from now on. If they are wrong, nothing changes.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.config.store(Arc::new(config(&self.files)?));
        Ok(())
    }

    /// Greets a peer, and says which service it is.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> std::io::Result<(TlsStream<TcpStream>, Option<Arc<str>>)> {
        let acceptor = TlsAcceptor::from(self.config.load_full());
        let stream = acceptor.accept(stream).await?;
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        let Some(certificate) = certificate else {
            return Ok((stream, None));
        };
        let service = peer::service_of(certificate, &self.files.domain);
        let service = service.ok_or_else(|| {
            std::io::Error::other("the certificate of the peer names no service of this mesh")
        })?;
        Ok((stream, Some(service)))
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])?;
    let builder = match &files.authority {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(authority)? {
                roots.add(certificate)?;
            }
            let roots = Arc::new(roots);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let read = |it| TlsError::Pem(files.key.clone(), it);
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(read)?;
    let mut config = builder.with_single_cert(certificates(&files.certificate)?, key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = |it| TlsError::Pem(file.to_owned(), it);
    let found = CertificateDer::pem_file_iter(file).map_err(read)?;
    found.collect::<Result<_, _>>().map_err(read)
}
