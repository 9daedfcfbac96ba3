//! What inventory reads from its environment.

use bus::BackingSettings;
use chassis::client::PeersSettings;
use chassis::pages;
use chassis::service::Around;
use chassis::settings::Reader;
use vocab::PageKeys;

use crate::service::NAME;

/// The settings of inventory, besides those of the chassis and of [`BackingSettings`]:
///
/// | variable | form | default |
/// |---|---|---|
/// | `INVENTORY_SHELVES` | products whose positions are kept in mind | 100000 |
/// | `INVENTORY_PAGE_SECRET` | at least 32 characters; prod: required | |
/// | `INVENTORY_PAGE_SECRET_OLD` | one that is still accepted | none |
///
/// The owners of events that are heard are peers, placed by the settings of the chassis.
#[derive(Clone, Debug)]
pub struct InventorySettings {
    /// Where events are kept, and who is told.
    pub backing: BackingSettings,
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
        let backing = BackingSettings::read(reader, NAME);
        let shelves = reader.bounded("SHELVES", 0..=10_000_000, 100_000);
        let pages = pages::read_keys(reader, around.profile);
        let peers = PeersSettings::read(reader, around.profile, &["catalog", "store"]);
        Some(Self {
            backing: backing?,
            shelves: shelves?,
            pages: pages?,
            peers: peers?,
        })
    }
}
