//! What operators ask of a service: the bus answers, the service says what it has.

use std::sync::Arc;

use chassis::service::Start;
use contracts::DESCRIPTOR_IMAGE;
use contracts::ops::ops_service_server::OpsServiceServer;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use vocab::PageKeys;

use super::{BackingSettings, instance};
use crate::follower::Follower;
use crate::ops::{self, Build, ConsumerFace, Letters, Ops, OpsParts, OpsServer, Refold};
use crate::projector::Projection;
use crate::publish::Publish;

/// How many connections operators share: they are few, and customers never wait for them.
const CONNECTIONS_MAX: u32 = 2;

/// What operators find in a service.
pub struct Operated {
    /// How it publishes.
    pub publish: Arc<dyn Publish>,
    /// The views of its log.
    pub projections: Vec<Arc<dyn Projection>>,
    /// Its readers of other services' events.
    pub consumers: Vec<ConsumerFace>,
    /// How dead letters are redriven; nothing for an owner that listens to nobody.
    pub letters: Option<Arc<dyn Letters>>,
    /// How its streams are refolded.
    pub refold: Arc<dyn Refold>,
}

impl Operated {
    pub(super) fn server(
        self,
        start: &Start,
        settings: &BackingSettings,
        (follower, keys): (Follower, PageKeys),
    ) -> OpsServiceServer<OpsServer> {
        ops::served(Ops::new(OpsParts {
            service: start.name,
            publish: self.publish,
            log: few(&settings.log),
            database: few(settings.database()),
            follower,
            projections: self.projections,
            consumers: self.consumers,
            letters: self.letters,
            refold: self.refold,
            tasks: start.tasks.clone(),
            keys,
            build: build(start),
        }))
    }
}

/// A few connections, made when they are needed.
fn few(options: &PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS_MAX);
    pool.connect_lazy_with(options.clone())
}

fn build(start: &Start) -> Build {
    let hash = Sha256::digest(DESCRIPTOR_IMAGE);
    Build {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source_revision: revision().to_owned(),
        built_at: None,
        contract_hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        packages: vec![
            format!("retail.{}.v1", start.name),
            "retail.ops.v1".to_owned(),
        ],
        instance: instance(start),
        started_at: start.clock.now(),
    }
}

fn revision() -> &'static str {
    option_env!("RETAIL_REVISION").unwrap_or_default()
}

/// Names this build: a newer one tries again what an older one could not read.
pub(super) fn build_name() -> String {
    format!("{} {}", env!("CARGO_PKG_VERSION"), revision())
}
