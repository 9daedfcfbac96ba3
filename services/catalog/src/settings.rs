//! What the catalog reads from its environment.

use std::str::FromStr;

use chassis::service::Around;
use chassis::settings::{Profile, Reader, Secret};
use sha2::{Digest, Sha256};
use vocab::{Currency, PageKey, PageKeys};

/// The least characters of a secret that page tokens are sealed with.
const PAGE_SECRET_MIN: usize = 32;
/// What development machines seal page tokens with.
const PAGE_SECRET_DEV: &str = "page tokens of a development machine";

/// The settings of the catalog, besides those of the chassis:
///
/// | variable | form | default |
/// |---|---|---|
/// | `CATALOG_DATABASE_URL` | Postgres, as the service's role | `DATABASE_URL` |
/// | `CATALOG_REPLICA_URL` | a read replica for plain reads | none: the database itself |
/// | `CATALOG_SCAN_URL` | Postgres, as the role that finds work | the database |
/// | `CATALOG_LOG_URL` | Postgres, as the role that reads the log | the database |
/// | `CATALOG_NATS_URL` | the broker | `NATS_URL`; without, nothing is published |
/// | `CATALOG_CACHE_BYTES` | memory for products | 67108864 |
/// | `CATALOG_DEFAULT_LOCALE` | language of products' own texts | `en` |
/// | `CATALOG_DEFAULT_CURRENCY` | currency of searches that name none | `EUR` |
/// | `CATALOG_PAGE_SECRET` | at least 32 characters; prod: required | |
/// | `CATALOG_PAGE_SECRET_OLD` | one that is still accepted | none |
#[derive(Clone, Debug)]
pub struct CatalogSettings {
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
    /// Memory for cached products.
    pub cache_bytes: u64,
    /// The language of products' own texts.
    pub locale: String,
    /// The currency of searches that name none.
    pub currency: Currency,
    /// What page tokens are sealed with.
    pub pages: PageKeys,
}

impl CatalogSettings {
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
        let cache_bytes = reader.bounded("CACHE_BYTES", 0..=1 << 36, 64 << 20);
        let locale = reader.optional("DEFAULT_LOCALE", "en".to_owned());
        let currency = currency(reader);
        let pages = page_keys(reader, around.profile);
        let database = database?;
        Some(Self {
            replica: replica?,
            scan: scan?.unwrap_or_else(|| database.clone()),
            log: log?.unwrap_or_else(|| database.clone()),
            database,
            nats: nats?,
            cache_bytes: cache_bytes?,
            locale: locale?,
            currency: currency?,
            pages: pages?,
        })
    }
}

fn currency(reader: &mut Reader<'_>) -> Option<Currency> {
    let code = reader.optional("DEFAULT_CURRENCY", "EUR".to_owned())?;
    let currency = Currency::from_str(&code).ok();
    if currency.is_none() {
        reader.refuse("DEFAULT_CURRENCY", "must be an active ISO 4217 currency");
    }
    currency
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
