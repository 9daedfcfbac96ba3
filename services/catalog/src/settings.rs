//! What the catalog reads from its environment.

use std::str::FromStr;

use bus::BackingSettings;
use chassis::pages;
use chassis::service::Around;
use chassis::settings::Reader;
use vocab::{Currency, PageKeys};

use crate::service::NAME;

/// The settings of the catalog, besides those of the chassis and of [`BackingSettings`]:
///
/// | variable | form | default |
/// |---|---|---|
/// | `CATALOG_CACHE_BYTES` | memory for products | 67108864 |
/// | `CATALOG_DEFAULT_LOCALE` | language of products' own texts | `en` |
/// | `CATALOG_DEFAULT_CURRENCY` | currency of searches that name none | `EUR` |
/// | `CATALOG_PAGE_SECRET` | at least 32 characters; prod: required | |
/// | `CATALOG_PAGE_SECRET_OLD` | one that is still accepted | none |
#[derive(Clone, Debug)]
pub struct CatalogSettings {
    /// Where events are kept, and who is told.
    pub backing: BackingSettings,
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
        let backing = BackingSettings::read(reader, NAME);
        let cache_bytes = reader.bounded("CACHE_BYTES", 0..=1 << 36, 64 << 20);
        let locale = reader.optional("DEFAULT_LOCALE", "en".to_owned());
        let currency = currency(reader);
        let pages = pages::read_keys(reader, around.profile);
        Some(Self {
            backing: backing?,
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
