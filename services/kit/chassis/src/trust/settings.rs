//! How a service reaches auth, and what it proves itself with there.

use std::sync::Arc;

use super::AUTH;
use crate::client::PeersSettings;
use crate::settings::{Profile, Reader};
use crate::token::Signer;

/// The longest file of a key.
const FILE_MAX: u64 = 16 * 1024;

/// How a service reaches auth, where no file says the keys of tokens:
///
/// | variable | form | default |
/// |---|---|---|
/// | `…_SERVICE_KEY_FILE` | PEM of the key that proves the service | its certificate proves it |
#[derive(Clone, Debug)]
pub struct TrustSettings {
    /// Where auth is.
    pub(crate) peers: PeersSettings,
    /// What proves the service.
    pub(crate) signer: Option<Arc<Signer>>,
}

impl TrustSettings {
    /// Reads them. `inside` are the services of this process, which need no address.
    pub fn read(reader: &mut Reader<'_>, profile: Profile, inside: &[&str]) -> Option<Self> {
        let outside: &[&'static str] = match inside.contains(&AUTH) {
            true => &[],
            false => &[AUTH],
        };
        let peers = PeersSettings::read(reader, profile, outside);
        let signer = signer(reader, profile);
        Some(Self {
            peers: peers?,
            signer: signer?,
        })
    }
}

/// The outer `None` is a mistake.
fn signer(reader: &mut Reader<'_>, profile: Profile) -> Option<Option<Arc<Signer>>> {
    const NAME: &str = "SERVICE_KEY_FILE";
    let Some(path) = reader.maybe::<String>(NAME)? else {
        return Some(None);
    };
    let small = std::fs::metadata(&path).is_ok_and(|it| it.len() <= FILE_MAX);
    let pem = small.then(|| std::fs::read_to_string(&path).ok()).flatten();
    let signer = pem.and_then(|pem| {
        let signer = match profile {
            Profile::Development => Signer::of_development_pem(&pem),
            Profile::Production => Signer::of_pem(&pem),
        };
        signer.ok()
    });
    if signer.is_none() {
        reader.refuse(NAME, "must be a file with an Ed25519 key in PKCS#8");
        return None;
    }
    Some(signer.map(Arc::new))
}
