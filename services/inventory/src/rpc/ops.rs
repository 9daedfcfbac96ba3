//! What operators ask of inventory: the bus answers, inventory hands in its parts.

use std::sync::Arc;

use bus::ops::{Build, ConsumerFace, EventIndex, Letters, OpsServer, Refolder, served};
use bus::{Follower, Ops, OpsParts, Projection};
use chassis::service::{Start, StartError};
use contracts::DESCRIPTOR_IMAGE;
use contracts::ops::ops_service_server::OpsServiceServer;
use sha2::{Digest, Sha256};

use crate::app::Inventory;
use crate::db::{self, InventoryStore, Troubles};
use crate::events::{InventoryEvents, InventoryRows, ProductIntake, StoreIntake};
use crate::settings::InventorySettings;

/// The views of the log that inventory keeps.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(Troubles),
        Arc::new(EventIndex::new(Arc::new(InventoryEvents))),
    ]
}

/// The handlers of `retail.ops.v1` for inventory.
pub fn server(
    start: &Start,
    settings: &InventorySettings,
    (follower, letters): (Follower, Arc<dyn Letters>),
) -> Result<OpsServiceServer<OpsServer>, StartError> {
    let refolder = Refolder::new(Inventory, InventoryStore).derived(InventoryRows::default);
    let parts = OpsParts {
        service: start.name,
        publish: Arc::new(InventoryEvents),
        log: db::few(settings.log.expose()).map_err(StartError::of)?,
        database: db::few(settings.database.expose()).map_err(StartError::of)?,
        follower,
        projections: projections(),
        consumers: vec![
            ConsumerFace::of(&ProductIntake),
            ConsumerFace::of(&StoreIntake),
        ],
        letters: Some(letters),
        refold: Arc::new(refolder),
        tasks: start.tasks.clone(),
        keys: settings.pages.clone(),
        build: build(start),
    };
    Ok(served(Ops::new(parts)))
}

fn build(start: &Start) -> Build {
    let hash = Sha256::digest(DESCRIPTOR_IMAGE);
    Build {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source_revision: option_env!("RETAIL_REVISION")
            .unwrap_or_default()
            .to_owned(),
        built_at: None,
        contract_hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        packages: vec!["retail.inventory.v1".to_owned(), "retail.ops.v1".to_owned()],
        instance: instance(start),
        started_at: start.clock.now(),
    }
}

/// Names this build: a newer one tries again what an older one could not read.
pub fn build_name() -> String {
    let revision = option_env!("RETAIL_REVISION").unwrap_or_default();
    format!("{} {revision}", env!("CARGO_PKG_VERSION"))
}

/// Names this replica: leaders are called by it.
pub fn instance(start: &Start) -> String {
    format!("{}-{}", start.name, std::process::id())
}
