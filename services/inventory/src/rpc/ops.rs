//! What operators find in inventory.

use std::sync::Arc;

use bus::ops::{ConsumerFace, EventIndex, Letters, Refolder};
use bus::{Operated, Projection};

use crate::app::Inventory;
use crate::db::{InventoryStore, Troubles};
use crate::events::{InventoryEvents, InventoryRows, ProductIntake, StoreIntake};

/// The views of the log that inventory keeps.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(Troubles),
        Arc::new(EventIndex::new(Arc::new(InventoryEvents))),
    ]
}

/// What operators find in inventory.
pub fn operated(letters: Arc<dyn Letters>) -> Operated {
    let refolder = Refolder::new(Inventory, InventoryStore).derived(InventoryRows::default);
    Operated {
        publish: Arc::new(InventoryEvents),
        projections: projections(),
        consumers: vec![
            ConsumerFace::of(&ProductIntake),
            ConsumerFace::of(&StoreIntake),
        ],
        letters: Some(letters),
        refold: Arc::new(refolder),
    }
}
