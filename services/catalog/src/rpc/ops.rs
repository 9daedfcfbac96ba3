//! What operators find in the catalog.

use std::sync::Arc;

use bus::ops::{EventIndex, Refolder};
use bus::{Operated, Projection};

use crate::app::Catalog;
use crate::db::{CatalogStore, SearchIndex};
use crate::events::{CatalogEvents, CatalogRows};

/// The views of the log that the catalog keeps.
pub fn projections(locale: &str) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(SearchIndex::new(locale.to_owned())),
        Arc::new(EventIndex::new(Arc::new(CatalogEvents))),
    ]
}

/// What operators find in the catalog.
pub fn operated(locale: &str) -> Operated {
    let refolder = Refolder::new(Catalog, CatalogStore).derived(CatalogRows::default);
    Operated {
        publish: Arc::new(CatalogEvents),
        projections: projections(locale),
        consumers: Vec::new(),
        letters: None,
        refold: Arc::new(refolder),
    }
}
