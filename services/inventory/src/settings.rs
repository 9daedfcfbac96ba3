//! What inventory reads from its environment.

use chassis::client::PeersSettings;
use chassis::service::Around;
use chassis::settings::{Profile, Reader, Secret};
use sha2::{Digest, Sha256};
use vocab::{PageKey, PageKeys};

/// The least characters of a secret that page tokens are sealed with.
const PAGE_SECRET_MIN: usize = 32;
/// What development machines seal page tokens with.
const PAGE_SECRET_DEV: &str = "page tokens of a development machine";

/// The settings of inventory, besides those of the chassis:
///
/// | variable | form | default |
/// |---|---|---|
/// | `INVENTORY_DATABASE_URL` | Postgres, as the service's role | `DATABASE_URL` |
/// | `INVENTORY_REPLICA_URL` | a read replica for plain reads | none: the database itself |
/// | `INVENTORY_SCAN_URL` | Postgres, as the role that finds work | the database |
/// | `INVENTORY_LOG_URL` | Postgres, as the role that reads the log | the database |
/// | `NATS_URL` | the broker | none: nothing is published |
/// | `INVENTORY_SHELVES` | products whose positions are kept in mind | 100000 |
/// | `INVENTORY_PAGE_SECRET` | at least 32 characters; prod: required | |
/// | `INVENTORY_PAGE_SECRET_OLD` | one that is still accepted | none |
///
/// The owners of events that are heard are peers, placed by the settings of the chassis.
#[derive(Clone, Debug)]
pub struct InventorySettings {
    /// The database, as the role of the service.
    pub database: Secret<String>,
    /// A copy for plain reads.
    pub replica: Option<Secret<String>>,
    /// The database, as the role that finds work.
    pub scan: Secret<String>,
    /// The database, as the role that reads the log.
    pub log: Secret<String>,
    /// The broker.
    pub nats: Option<Secret<String>>,
    /// Products whose positions are kept in mind.
    pub shelves: u64,
    /// What page tokens are sealed with.
    pub pages: PageKeys,
    /// Whose events are heard, and asked for where some are missing.
    pub peers: PeersSettings,
}

impl InventorySettings {
    /// Reads them, so that all mistakes are found.
    pub fn read(reader: &mut Reader<'_>, around: &Around) -> Option<Self> {
        let database = match reader.own_or_shared::<Secret<String>>("DATABASE_URL")? {
            Some(found) => Some(found),
            None => reader.shared::<Secret<String>>("DATABASE_URL", None),
        };
        let replica = reader.maybe::<Secret<String>>("REPLICA_URL");
        let scan = reader.maybe::<Secret<String>>("SCAN_URL");
        let log = reader.maybe::<Secret<String>>("LOG_URL");
        let nats = reader.own_or_shared::<Secret<String>>("NATS_URL");
        let shelves = reader.bounded("SHELVES", 0..=10_000_000, 100_000);
        let pages = page_keys(reader, around.profile);
        let peers = PeersSettings::read(reader, around.profile, &["catalog", "store"]);
        let database = database?;
        Some(Self {
            replica: replica?,
            scan: scan?.unwrap_or_else(|| database.clone()),
            log: log?.unwrap_or_else(|| database.clone()),
            database,
            nats: nats?,
            shelves: shelves?,
            pages: pages?,
            peers: peers?,
        })
    }
}

fn page_keys(reader: &mut Reader<'_>, profile: Profile) -> Option<PageKeys> {
    let secret = match profile {
        Profile::Production => reader.required::<Secret<String>>("PAGE_SECRET"),
        Profile::Development => {
            let secret = Secret::new(PAGE_SECRET_DEV.to_owned());
            reader.optional("PAGE_SECRET", secret)
        }
    };
    let old = reader.maybe::<Secret<String>>("PAGE_SECRET_OLD");
    let (secret, old) = (secret?, old?);
    if secret.expose().len() < PAGE_SECRET_MIN {
        reader.refuse("PAGE_SECRET", "must have at least 32 characters");
        return None;
    }
    Some(PageKeys::new(key(&secret), old.as_ref().map(key)))
}

fn key(secret: &Secret<String>) -> PageKey {
    PageKey::new(Sha256::digest(secret.expose()).into())
}
