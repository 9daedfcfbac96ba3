//! What operators ask of the catalog: the bus answers, the catalog hands in its parts.

use std::sync::Arc;

use bus::ops::{Build, EventIndex, OpsServer, Refolder, served};
use bus::{Follower, Ops, OpsParts, Projection};
use chassis::service::{Start, StartError};
use contracts::DESCRIPTOR_IMAGE;
use contracts::ops::ops_service_server::OpsServiceServer;
use sha2::{Digest, Sha256};

use crate::app::Catalog;
use crate::db::{self, CatalogStore, SearchIndex};
use crate::events::{CatalogEvents, CatalogRows};
use crate::settings::CatalogSettings;

/// The views of the log that the catalog keeps.
pub fn projections(settings: &CatalogSettings) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(SearchIndex::new(settings.locale.clone())),
        Arc::new(EventIndex::new(Arc::new(CatalogEvents))),
    ]
}

/// The handlers of `retail.ops.v1` for the catalog.
pub fn server(
    start: &Start,
    settings: &CatalogSettings,
    follower: Follower,
) -> Result<OpsServiceServer<OpsServer>, StartError> {
    let refolder = Refolder::new(Catalog, CatalogStore).derived(CatalogRows::default);
    let parts = OpsParts {
        service: start.name,
        publish: Arc::new(CatalogEvents),
        log: db::few(settings.log.expose()).map_err(StartError::of)?,
        database: db::few(settings.database.expose()).map_err(StartError::of)?,
        follower,
        projections: projections(settings),
        consumers: Vec::new(),
        letters: None,
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
        packages: vec!["retail.catalog.v1".to_owned(), "retail.ops.v1".to_owned()],
        instance: instance(start),
        started_at: start.clock.now(),
    }
}

/// Names this replica: leaders are called by it.
pub fn instance(start: &Start) -> String {
    format!("{}-{}", start.name, std::process::id())
}
