//! All peers of one service, over the network and in memory, behind one name each.

use std::collections::BTreeMap;

use thiserror::Error;

use super::credentials::InvalidToken;
use super::memory::Door;
use super::network::NetworkSettings;
use super::peer::{Origin, Peer, PeerSnapshot};
use super::settings::PeersSettings;
use super::tls::{ClientTls, TlsError};

/// Says why a service cannot call its peers.
#[derive(Debug, Error)]
pub enum PeersError {
    /// A file of TLS cannot be read.
    #[error("the file {0} cannot be read")]
    File(String, #[source] std::io::Error),
    /// The files hold no TLS that works.
    #[error("TLS towards peers cannot be set up")]
    Tls(#[from] TlsError),
    /// The token cannot be sent.
    #[error("the token towards peers cannot be sent")]
    Token(#[from] InvalidToken),
}

/// The peers of one service by name. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Peers(BTreeMap<&'static str, Peer>);

impl Peers {
    /// All peers of a service: those that settings place on the network, and those of this process
    /// behind their doors, which come first where a name stands in both. A token in the settings is
    /// put into the credentials of the origin.
    pub fn connect(
        origin: &Origin,
        settings: &PeersSettings,
        doors: &[(&'static str, Door)],
    ) -> Result<Self, PeersError> {
        if let Some(token) = &settings.token {
            origin.credentials.replace(token)?;
        }
        let tls = tls(settings)?;
        let mut peers = Self::default();
        for place in &settings.places {
            let network = NetworkSettings {
                connections: settings.connections,
                tls: tls.clone().filter(|_| place.encrypted),
                ..NetworkSettings::default()
            };
            if !doors.iter().any(|(name, _)| *name == place.name) {
                let addresses = place.addresses.clone();
                peers = peers.with(Peer::over_network(origin, place.name, addresses, network));
            }
        }
        let inside = doors.iter();
        let inside = inside.map(|(name, door)| Peer::in_memory(origin, name, door));
        Ok(inside.fold(peers, Self::with))
    }

    /// Adds a peer, or replaces the one of its name.
    #[must_use]
    pub fn with(mut self, peer: Peer) -> Self {
        self.0.insert(peer.name(), peer);
        self
    }

    /// Finds a peer by its name.
    pub fn find(&self, name: &str) -> Option<&Peer> {
        self.0.get(name)
    }

    /// All of them, sorted by name.
    pub fn all(&self) -> impl Iterator<Item = &Peer> {
        self.0.values()
    }

    /// How they do at this moment, sorted by name.
    pub fn snapshot(&self) -> Vec<PeerSnapshot> {
        self.all().map(Peer::snapshot).collect()
    }
}

/// Files are read here, at the start, and nowhere else.
fn tls(settings: &PeersSettings) -> Result<Option<ClientTls>, PeersError> {
    let Some(authority) = &settings.authority_file else {
        return Ok(None);
    };
    let authority = file(authority)?;
    let identity = settings.identity_files.as_ref();
    let identity = identity.map(|(chain, key)| Ok::<_, PeersError>((file(chain)?, file(key)?)));
    let identity = identity.transpose()?;
    let identity = identity
        .as_ref()
        .map(|(chain, key)| (chain.as_slice(), key.as_slice()));
    Ok(Some(ClientTls::of_pem(&authority, identity)?))
}

fn file(path: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, PeersError> {
    let read = std::fs::read(path).map_err(|it| PeersError::File(path.to_owned(), it))?;
    Ok(zeroize::Zeroizing::new(read))
}
