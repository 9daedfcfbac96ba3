//! What auth reads from its environment.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bus::BackingSettings;
use chassis::client::PeersSettings;
use chassis::pages;
use chassis::service::Around;
use chassis::settings::{Profile, Reader, Secret};
use chassis::token::Jwk;
use serde::de::DeserializeOwned;
use vocab::PageKeys;

use crate::app::{Cost, Seeds};
use crate::events::OWNERS;
use crate::service::NAME;

/// The largest file that is read.
const FILE_MAX: u64 = 256 * 1024;
/// The memory of a hash that production asks for at least, in KiB.
const MEMORY_MIN: u32 = 19_456;

/// The settings of auth, besides those of the chassis and of [`BackingSettings`]:
///
/// | variable | form | default |
/// |---|---|---|
/// | `AUTH_KEY_ENCRYPTION_KEY_FILE` | 32 bytes as base64, readable by nobody else | required |
/// | `AUTH_SERVICE_KEYS_FILE` | JSON: the public key of each service, by its name | none |
/// | `AUTH_SEEDS_FILE` | JSON: whom the installation begins with | none |
/// | `AUTH_TOKEN_LIFE` | how long an access token works | `10m` |
/// | `AUTH_PASSWORD_MEMORY_KIB` | memory of a hash; prod: at least 19456 | 19456 |
/// | `AUTH_PASSWORD_PASSES` | passes over it; prod: at least 2 | 2 |
/// | `AUTH_PASSWORD_THREADS` | hashes at once | 2 |
/// | `AUTH_PAGE_SECRET` | at least 32 characters; prod: required | |
/// | `AUTH_PAGE_SECRET_OLD` | one that is still accepted | none |
///
/// The owners of events that are gathered are peers, placed by the settings of the chassis.
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// Where events are kept, and who is told.
    pub backing: BackingSettings,
    /// What everything is sealed with.
    pub master: Secret<[u8; 32]>,
    /// The public keys of the services of the mesh.
    pub services: BTreeMap<String, Jwk>,
    /// Whom the installation begins with.
    pub seeds: Seeds,
    /// How long an access token works.
    pub life: Duration,
    /// What a password's hash costs.
    pub cost: Cost,
    /// What page tokens are sealed with.
    pub pages: PageKeys,
    /// The owners of the events that are gathered.
    pub peers: PeersSettings,
}

impl AuthSettings {
    /// Reads them, so that all mistakes are found.
    pub fn read(reader: &mut Reader<'_>, around: &Around) -> Option<Self> {
        let backing = BackingSettings::read(reader, NAME);
        let master = master(reader);
        let services = document(reader, "SERVICE_KEYS_FILE");
        let seeds = seeds(reader, around.profile);
        let lives = Duration::from_secs(1)..=Duration::from_secs(3_000);
        let life = reader.bounded("TOKEN_LIFE", lives, Duration::from_secs(600));
        let cost = cost(reader, around.profile);
        let pages = pages::read_keys(reader, around.profile);
        let peers = PeersSettings::read(reader, around.profile, &OWNERS);
        Some(Self {
            backing: backing?,
            master: master?,
            services: services?.unwrap_or_default(),
            seeds: seeds?,
            life: life?,
            cost: cost?,
            pages: pages?,
            peers: peers?,
        })
    }
}

/// The key-encryption key. It lies in a file, never in the environment.
fn master(reader: &mut Reader<'_>) -> Option<Secret<[u8; 32]>> {
    const NAME: &str = "KEY_ENCRYPTION_KEY_FILE";
    let path = reader.required::<String>(NAME)?;
    if open_to_others(&path) {
        reader.refuse(NAME, "must be a file that nobody else can read");
        return None;
    }
    let text = read_file(&path);
    let key = text.and_then(|it| STANDARD.decode(it.trim()).ok());
    let key: Option<[u8; 32]> = key.and_then(|it| it.try_into().ok());
    if key.is_none() {
        reader.refuse(NAME, "must be a file with 32 bytes as base64");
    }
    key.map(Secret::new)
}

fn seeds(reader: &mut Reader<'_>, profile: Profile) -> Option<Seeds> {
    const NAME: &str = "SEEDS_FILE";
    let seeds: Option<Seeds> = document(reader, NAME)?;
    let seeds = seeds.unwrap_or_default();
    if profile == Profile::Production && !seeds.tenants.is_empty() {
        reader.refuse(NAME, "must name the operator alone in production");
        return None;
    }
    Some(seeds)
}

/// A JSON document in a file; the outer `None` is a mistake.
fn document<T: DeserializeOwned>(reader: &mut Reader<'_>, name: &str) -> Option<Option<T>> {
    let Some(path) = reader.maybe::<String>(name)? else {
        return Some(None);
    };
    let read = read_file(&path).and_then(|it| serde_json::from_str(&it).ok());
    if read.is_none() {
        reader.refuse(name, "must be a JSON file of the form that is documented");
        return None;
    }
    Some(read)
}

fn read_file(path: &str) -> Option<String> {
    let small = std::fs::metadata(path).is_ok_and(|it| it.len() <= FILE_MAX);
    small.then(|| std::fs::read_to_string(path).ok()).flatten()
}

#[cfg(unix)]
fn open_to_others(path: &str) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    let found = std::fs::metadata(path);
    found.is_ok_and(|it| it.permissions().mode() & OTHERS != 0)
}

fn cost(reader: &mut Reader<'_>, profile: Profile) -> Option<Cost> {
    let production = profile == Profile::Production;
    let (memory_min, passes_min) = if production { (MEMORY_MIN, 2) } else { (8, 1) };
    let memory = reader.bounded("PASSWORD_MEMORY_KIB", memory_min..=4_194_304, MEMORY_MIN);
    let passes = reader.bounded("PASSWORD_PASSES", passes_min..=64, 2);
    let threads = reader.bounded("PASSWORD_THREADS", 1..=64, 2);
    Some(Cost {
        memory_kib: memory?,
        passes: passes?,
        threads: threads?,
    })
}
