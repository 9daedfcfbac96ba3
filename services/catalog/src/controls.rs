//! What tests turn off in a served catalog, to show what it is for. No setting reaches it: it takes
//! code that asks for [`controlled`](crate::controlled), and even that not in production.

use std::num::NonZeroUsize;

use bus::RelaySettings;
use chassis::service::Around;
use chassis::settings::{Profile, Reader};

use crate::settings::CatalogSettings;

/// How a controlled catalog differs; by default in nothing.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    /// Of the journal.
    pub journal: journal::Controls,
    /// Of the relay.
    pub relay: RelaySettings,
    /// How many writers there are, if not as many as usual.
    pub writers: Option<NonZeroUsize>,
}

/// Reads the settings of a controlled catalog.
pub fn read_controlled(reader: &mut Reader<'_>, around: &Around) -> Option<CatalogSettings> {
    if around.profile == Profile::Production {
        reader.refuse_shared(
            "RETAIL_PROFILE",
            "must be dev where mechanisms are turned off",
        );
        return None;
    }
    CatalogSettings::read(reader, around)
}
