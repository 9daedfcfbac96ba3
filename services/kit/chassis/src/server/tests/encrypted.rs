//! TLS: who gets in, as whom, and what happens when certificates change.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use contracts::auth::ListSessionsRequest;
use contracts::auth::session_service_client::SessionServiceClient;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    SanType,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use super::{Served, TlsFiles, settings};
use crate::proof::{asking, grant, idle, staff, token};

/// An authority, and a folder for what it signs.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("retail-tls-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder }
    }

    /// A certificate with the names that are given, and its key, as PEM.
    fn sign(&self, host: &str, names: &[&str]) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let names = names
            .iter()
            .map(|it| SanType::URI((*it).try_into().unwrap()));
        params.subject_alt_names.extend(names);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// The files of a server, which asks its peers for certificates.
    fn files(&self) -> TlsFiles {
        let at = |name: &str| self.folder.join(name).to_str().unwrap().to_owned();
        let files = TlsFiles {
            certificate: at("certificate.pem"),
            key: at("key.pem"),
            authority: Some(at("authority.pem")),
            domain: "retail-mesh".to_owned(),
        };
        std::fs::write(at("authority.pem"), self.issuer.pem()).unwrap();
        self.renew(&files);
        files
    }

    fn renew(&self, files: &TlsFiles) {
        let (certificate, key) = self.sign("localhost", &[]);
        std::fs::write(&files.certificate, certificate).unwrap();
        std::fs::write(&files.key, key).unwrap();
    }

    fn client(&self, own: Option<(String, String)>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(self.issuer.pem().as_bytes()).unwrap();
        roots.add(authority).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A channel whose connections are made with a configuration of the caller's.
fn channel(served: &Served, config: ClientConfig) -> Channel {
    let (config, address) = (Arc::new(config), served.address);
    let connector = tower::service_fn(move |_| {
        let connector = TlsConnector::from(Arc::clone(&config));
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = ServerName::try_from("localhost").unwrap();
            Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, stream).await?))
        }
    });
    let endpoint = Endpoint::from_static("http://localhost").timeout(Duration::from_secs(10));
    endpoint.connect_with_connector_lazy(connector)
}

async fn list(channel: Channel, token: &str) -> Result<(), Status> {
    let mut client = SessionServiceClient::new(channel);
    let request = asking(ListSessionsRequest::default(), token);
    client.list_sessions(request).await.map(drop)
}

#[tokio::test]
async fn a_service_is_known_by_its_certificate() {
    let authority = Authority::new();
    let served = Served::start(&settings(Some(authority.files())), idle()).await;
    let order = authority.sign("order", &["spiffe://retail-mesh/svc/order"]);
    let channel = channel(&served, authority.client(Some(order)));
    list(channel.clone(), &staff()).await.unwrap();
    assert_eq!(served.bench.probe.last().peer.as_deref(), Some("order"));
    list(channel.clone(), &token(&grant("order")))
        .await
        .unwrap();
    let stolen = list(channel, &token(&grant("payment"))).await.unwrap_err();
    assert_eq!(
        stolen.code(),
        Code::Unauthenticated,
        "a token works with its own certificate"
    );
}

#[tokio::test]
async fn whoever_shows_no_certificate_of_a_service_gets_nowhere() {
    let authority = Authority::new();
    let served = Served::start(&settings(Some(authority.files())), idle()).await;
    let stranger = Authority::new();
    let named = |names: &[&str]| Some(authority.sign("order", names));
    for (name, own) in [
        ("none", None),
        (
            "another authority's",
            Some(stranger.sign("order", &["spiffe://retail-mesh/svc/order"])),
        ),
        ("one without a name", named(&[])),
        (
            "one of another domain",
            named(&["spiffe://elsewhere/svc/order"]),
        ),
        (
            "one of a longer domain",
            named(&["spiffe://retail-mesh.evil/svc/order"]),
        ),
        ("one of a user", named(&["spiffe://retail-mesh/user/order"])),
        (
            "one with an odd name",
            named(&["spiffe://retail-mesh/svc/order/x"]),
        ),
        (
            "one with two names",
            named(&[
                "spiffe://retail-mesh/svc/order",
                "spiffe://retail-mesh/svc/auth",
            ]),
        ),
    ] {
        let answer = list(channel(&served, authority.client(own)), &staff()).await;
        assert!(answer.is_err(), "{name} was let in");
    }
    assert!(served.bench.probe.heard.lock().unwrap().is_empty());
    let clear = Endpoint::from_shared(format!("http://{}", served.address)).unwrap();
    assert!(
        list(clear.connect_lazy(), &staff()).await.is_err(),
        "in clear"
    );
}

#[tokio::test]
async fn certificates_change_while_calls_go_on() {
    let authority = Authority::new();
    let files = authority.files();
    let served = Served::start(&settings(Some(files.clone())), idle()).await;
    let own = authority.sign("order", &["spiffe://retail-mesh/svc/order"]);
    let before = channel(&served, authority.client(Some(own.clone())));
    list(before.clone(), &staff()).await.unwrap();
    let tls = served.tls.clone().unwrap();
    std::fs::write(&files.key, "no key").unwrap();
    assert!(tls.reload().is_err());
    let still = channel(&served, authority.client(Some(own)));
    list(still, &staff()).await.unwrap();
    let next = Authority::new();
    std::fs::write(files.authority.as_ref().unwrap(), next.issuer.pem()).unwrap();
    next.renew(&files);
    tls.reload().unwrap();
    let own = next.sign("order", &["spiffe://retail-mesh/svc/order"]);
    list(channel(&served, next.client(Some(own))), &staff())
        .await
        .unwrap();
    list(before, &staff())
        .await
        .expect("a connection that is open stays");
}
