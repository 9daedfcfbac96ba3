//! What `retail.ops.v1.OpsService` answers for any owner: its events, projections, consumers, dead
//! letters, relay, verifications.
//!
//! An owner hands in its parts once; every rpc is a method here that takes who asks and the message
//! and gives the answer or the fault, so that the handlers are open, call and answer.

use std::sync::Arc;

use chassis::deadline::Deadline;
use chassis::fault::{Fault, Kind, Reason};
use chassis::tasks::Tasks;
use contracts::common::ErrorReason;
use journal::{Actor, Attempt};
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use vocab::{PageBinding, PageKeys, TenantId};

use crate::begun::begun;
use crate::follower::Follower;
use crate::log::LogError;
use crate::projector::Projection;
use crate::publish::{Publish, Streams};

mod consumers;
mod events;
mod index;
mod info;
mod letters;
mod listing;
mod once;
mod projections;
mod record;
mod refold;
mod relay;
mod served;
mod tail;
mod times;
mod verifications;
mod words;

pub use consumers::ConsumerFace;
pub use index::EventIndex;
pub use info::Build;
pub use letters::{Letters, Redriver};
pub use refold::{Progress, Refold, Refolder, Scope};
pub use served::{OpsServer, served};
pub use tail::TailEvents;

const DOMAIN: &str = "retail.ops";
const SERVICE_NOT_HERE: Reason = Reason::new(Kind::Invalid, DOMAIN, "SERVICE_NOT_HERE");
const STREAM_UNKNOWN: Reason = Reason::new(Kind::NotFound, DOMAIN, "STREAM_UNKNOWN");
const PROJECTION_UNKNOWN: Reason = Reason::new(Kind::NotFound, DOMAIN, "PROJECTION_UNKNOWN");
const REBUILD_RUNNING: Reason = Reason::new(Kind::Refused, DOMAIN, "REBUILD_RUNNING");
const CONSUMER_UNKNOWN: Reason = Reason::new(Kind::NotFound, DOMAIN, "CONSUMER_UNKNOWN");
const RESYNC_IMPOSSIBLE: Reason = Reason::new(Kind::Refused, DOMAIN, "RESYNC_IMPOSSIBLE");
const VERIFICATION_RUNNING: Reason = Reason::new(Kind::Refused, DOMAIN, "VERIFICATION_RUNNING");
const VERIFICATION_ENDED: Reason = Reason::new(Kind::Refused, DOMAIN, "VERIFICATION_ENDED");

/// How many answers there are on a page where the caller does not say.
const PAGE_SIZE: i32 = 50;

/// Who asks, for whom, until when.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The tenant.
    pub tenant: TenantId,
    /// Whose request ids these are.
    pub principal: String,
    /// Who it is.
    pub actor: Actor,
    /// Until when somebody waits.
    pub deadline: Deadline,
    /// What a repetition is recognised by.
    pub attempt: Option<Attempt>,
}

/// What an owner hands in.
pub struct OpsParts {
    /// Its name, such as `order`.
    pub service: &'static str,
    /// How it publishes.
    pub publish: Arc<dyn Publish>,
    /// Its log, as the role of the log.
    pub log: PgPool,
    /// Its database, as the role of the service.
    pub database: PgPool,
    /// Its follower, for those who tail.
    pub follower: Follower,
    /// The views of its log.
    pub projections: Vec<Arc<dyn Projection>>,
    /// Its readers of other services' events.
    pub consumers: Vec<ConsumerFace>,
    /// How dead letters are redriven; nothing for an owner that listens to nobody.
    pub letters: Option<Arc<dyn Letters>>,
    /// How its streams are refolded.
    pub refold: Arc<dyn Refold>,
    /// Where runs that refold them go on.
    pub tasks: Tasks,
    /// What tokens are sealed with.
    pub keys: PageKeys,
    /// What runs.
    pub build: Build,
}

/// The answers of one owner. Clones are one.
#[derive(Clone)]
pub struct Ops(Arc<Shared>);

struct Shared {
    parts: OpsParts,
    streams: Streams,
}

impl Ops {
    /// Takes the parts of the owner.
    pub fn new(parts: OpsParts) -> Self {
        let streams = Streams::new(parts.log.clone(), parts.publish.clone());
        Self(Arc::new(Shared { parts, streams }))
    }

    fn parts(&self) -> &OpsParts {
        &self.0.parts
    }

    /// Refuses requests that name another service.
    fn here(&self, service: &str) -> Result<(), Fault> {
        let own = self.parts().service;
        if service == own {
            return Ok(());
        }
        let message = "the service is not served here";
        Err(Fault::new(SERVICE_NOT_HERE, message).with("services", own))
    }

    /// Begins a read of what one tenant has.
    async fn of_tenant(
        &self,
        tenant: TenantId,
    ) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, Fault> {
        let database = &self.parts().database;
        let mut tx = begun(database).await.map_err(journal::fault)?;
        announce(&mut tx, tenant).await.map_err(journal::fault)?;
        Ok(tx)
    }

    /// A connection that sees the log.
    async fn of_log(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, Fault> {
        self.parts().log.acquire().await.map_err(journal::fault)
    }

    /// Opens a page token: what the last page ended with.
    fn opened(&self, asker: &Asker, list: &str, token: &str) -> Result<Option<String>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let binding = binding(asker, list);
        let opened = self.parts().keys.open(&binding, token);
        let text = opened.ok().and_then(|it| String::from_utf8(it).ok());
        let message = "the page token was not given out for this call";
        text.map(Some)
            .ok_or_else(|| Fault::shared(ErrorReason::PageTokenInvalid, message))
    }

    fn sealed(&self, asker: &Asker, list: &str, position: &str) -> Result<String, Fault> {
        let binding = binding(asker, list);
        let sealed = self.parts().keys.seal(&binding, position.as_bytes());
        sealed.map_err(Fault::bug)
    }
}

/// A token is good for one list with one set of filters, which `list` spells out.
fn binding<'a>(asker: &Asker, list: &'a str) -> PageBinding<'a> {
    PageBinding {
        tenant: asker.tenant,
        list,
        filters: b"",
    }
}

async fn announce(connection: &mut PgConnection, tenant: TenantId) -> Result<(), sqlx::Error> {
    let announce = sqlx::query("SELECT set_config('app.tenants', $1, true)");
    let announced = announce.bind(tenant.uuid().to_string()).execute(connection);
    announced.await.map(|_| ())
}

fn page_size(asked: i32) -> usize {
    let size = if asked == 0 { PAGE_SIZE } else { asked };
    usize::try_from(size).unwrap_or(1).clamp(1, 1_000)
}

fn damaged(what: &str) -> Fault {
    Fault::bug(LogError::Damaged(what.to_owned()))
}
