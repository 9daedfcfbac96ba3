//! TLS towards peers: who is trusted, and who is shown.

use std::sync::Arc;

use futures_util::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::super::ClientTls;
use super::*;
use crate::fault::Kind;

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name, and its key.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &*self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Serves a backend to those who show a certificate of this authority.
    async fn serve(&self, backend: &Backend, name: &str) -> SocketAddr {
        let (chain, key) = self.sign(name);
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sockets = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let incoming = sockets.then(move |it| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(it?).await }
        });
        // One bad handshake must not end the server.
        let incoming = incoming.filter(|it| std::future::ready(it.is_ok())).boxed();
        let server = tonic::transport::Server::builder().add_service(backend.edge());
        tokio::spawn(server.serve_with_incoming(incoming));
        address
    }
}

fn peer(address: SocketAddr, tls: ClientTls) -> Peer {
    let settings = NetworkSettings {
        tls: Some(tls),
        ..NetworkSettings::default()
    };
    let addresses = Addresses::names([("localhost", address.port())]);
    Peer::over_network(&origin(Retries::Elsewhere), "auth", addresses, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_show_certificates_of_their_authority() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let backend = Backend::default();
    let address = ours.serve(&backend, "localhost").await;
    let (chain, key) = ours.sign("order");
    let shown = (chain.as_bytes(), key.as_bytes());
    let tls = ClientTls::of_pem(ours.pem().as_bytes(), Some(shown)).unwrap();
    read(&peer(address, tls.clone()), within(900))
        .await
        .unwrap();

    let nobody = ClientTls::of_pem(ours.pem().as_bytes(), None).unwrap();
    let stranger = ClientTls::of_pem(theirs.pem().as_bytes(), Some(shown)).unwrap();
    for refused in [nobody, stranger] {
        let failure = read(&peer(address, refused), within(900))
            .await
            .unwrap_err();
        assert!(
            [Kind::Unavailable, Kind::Late].contains(&failure.kind()),
            "{failure:?}"
        );
    }
    let other_name = ours.serve(&backend, "catalog").await;
    assert!(read(&peer(other_name, tls), within(900)).await.is_err());
    assert_eq!(backend.calls(), 1);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let ours = Authority::new();
    assert!(ClientTls::of_pem(b"", None).is_err());
    assert!(ClientTls::of_pem(b"-----BEGIN CERTIFICATE-----\nx\n", None).is_err());
    let (chain, _) = ours.sign("order");
    let (_, other_key) = ours.sign("order");
    let pair = (chain.as_bytes(), other_key.as_bytes());
    assert!(ClientTls::of_pem(ours.pem().as_bytes(), Some(pair)).is_err());
}
