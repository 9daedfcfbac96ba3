//! Follows the service's own log in this process: one reader, many listeners.
//!
//! Caches and watches hear every fact that any replica commits, in the order of each stream.
//! **Invariant:** a listener hears all that was committed behind the snapshot it began with, or is
//! told that it missed something.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::fault::{Fault, chain};
use chassis::tasks::{Shutdown, TaskResult};
use contracts::common::ErrorReason;
use futures_util::{FutureExt, StreamExt};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::{broadcast, watch};
use vocab::TenantId;

use crate::leader::pause;
use crate::log::{Log, LogError, Place, Snapshot};
use crate::nudge::{Nudge, Nudged};
use crate::provision::subjects_of;

mod delta;
mod recent;

pub use delta::{Delta, Missed, Subscription};

use recent::Recent;

/// How often the log is looked at without a nudge: other replicas' commits show within this.
const POLL: Duration = Duration::from_millis(100);
/// How many deltas a listener may be behind.
const BUFFER: usize = 1_024;
/// The most facts of one pass; a larger one is not told, but missed.
pub(crate) const FACTS_MAX: u64 = 50_000;
/// How long a reader rests whose connection broke.
const REST: Duration = Duration::from_millis(250);
/// Connections for questions whether a version was heard before.
const LOOKERS: u32 = 2;

/// The reader of one service's log in this process. Clones are one.
#[derive(Clone)]
pub struct Follower(Arc<Shared>);

struct Shared {
    log: PgConnectOptions,
    pool: PgPool,
    nudged: Nudged,
    broker: Option<(async_nats::Client, &'static str)>,
    sender: broadcast::Sender<Arc<Delta>>,
    heard: watch::Sender<Option<Heard>>,
    recent: Mutex<Recent>,
}

/// How far the follower has come.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub place: Place,
    pub snapshot: Snapshot,
}

impl Follower {
    /// Takes the log (as its role) and what tells of commits in this process.
    pub fn new(log: PgConnectOptions, commits: impl Into<Nudged>) -> Self {
        Self::build(log, commits.into(), None)
    }

    /// Takes the events that all replicas publish as nudges too.
    pub fn with_broker(
        log: PgConnectOptions,
        commits: impl Into<Nudged>,
        broker: async_nats::Client,
        context: &'static str,
    ) -> Self {
        Self::build(log, commits.into(), Some((broker, context)))
    }

    fn build(
        log: PgConnectOptions,
        nudged: Nudged,
        broker: Option<(async_nats::Client, &'static str)>,
    ) -> Self {
        let lookers = PgPoolOptions::new().max_connections(LOOKERS);
        Self(Arc::new(Shared {
            pool: lookers.connect_lazy_with(log.clone()),
            log,
            nudged,
            broker,
            sender: broadcast::Sender::new(BUFFER),
            heard: watch::Sender::new(None),
            recent: Mutex::default(),
        }))
    }

    /// Reads until the process ends.
    pub async fn run(self, shutdown: Shutdown) -> TaskResult {
        while !shutdown.is_requested() {
            if let Err(error) = self.0.follow(&shutdown).await {
                tracing::warn!(error = chain(&error), "follower lost the log");
                pause(REST, &shutdown).await;
            }
        }
        Ok(())
    }

    /// Begins to listen. What the listener loads from the database afterwards holds at least all
    /// that it will not hear; it may hear again what it has loaded.
    pub async fn subscribe(&self) -> Result<Subscription, Fault> {
        let mut heard = self.0.heard.subscribe();
        let known = heard.wait_for(Option::is_some);
        let known = tokio::time::timeout(Duration::from_secs(5), known).await;
        let known = known.is_ok_and(|it| it.is_ok());
        if !known {
            return Err(Fault::unavailable("log"));
        }
        // First the ear, then the place: what is told in between is heard twice, and known twice.
        let receiver = self.0.sender.subscribe();
        let from = self.0.heard.borrow().clone();
        let from = from.ok_or_else(|| Fault::unavailable("log"))?;
        Ok(Subscription::new(receiver, from))
    }

    /// Waits until a version of a stream was heard, so that whatever follows this reader shows it.
    pub async fn reached(
        &self,
        tenant: TenantId,
        stream: &str,
        version: i64,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        let waited = deadline
            .bound(self.0.reached(tenant, stream, version))
            .await;
        waited.unwrap_or_else(|_| Err(behind()))
    }

    /// The log's options, for readers that catch up by themselves.
    pub(crate) fn log(&self) -> &PgConnectOptions {
        &self.0.log
    }
}

fn behind() -> Fault {
    let message = "the view has not reached the version";
    Fault::shared(ErrorReason::ProjectionBehind, message)
}

impl Shared {
    async fn follow(&self, shutdown: &Shutdown) -> Result<(), LogError> {
        let mut log = Log::open(&self.log).await?;
        let mut snapshot = self.begin(&mut log).await?;
        let mut ear = Ear {
            nudged: self.nudged.clone(),
            broker: self.listen_to_broker().await,
        };
        while !shutdown.is_requested() {
            let new = log.settled().await?;
            if new != snapshot {
                self.pass(&mut log, &snapshot, &new).await?;
                snapshot = new;
            }
            tokio::select! {
                () = ear.hear() => (),
                () = shutdown.requested() => (),
            }
        }
        Ok(())
    }

    /// Goes on where it was, or begins anew in another place, of which every listener is told.
    async fn begin(&self, log: &mut Log) -> Result<Snapshot, LogError> {
        let before = self.heard.borrow().clone();
        if let Some(heard) = before.filter(|it| it.place == *log.place()) {
            return Ok(heard.snapshot);
        }
        let snapshot = log.settled().await?;
        let place = log.place().clone();
        self.tell(Delta::missed(place, snapshot.clone()));
        Ok(snapshot)
    }

    async fn pass(&self, log: &mut Log, old: &Snapshot, new: &Snapshot) -> Result<(), LogError> {
        let place = log.place().clone();
        let mut pass = log.between(old, new).await?;
        let mut facts = Vec::new();
        while let Some(chunk) = pass.next().await? {
            facts.extend(chunk);
            if pass.read() > FACTS_MAX {
                pass.give_up().await?;
                self.tell(Delta::missed(place, new.clone()));
                return Ok(());
            }
        }
        pass.end().await?;
        self.tell(Delta {
            place,
            old: old.clone(),
            new: new.clone(),
            facts: facts.into(),
            missed: false,
        });
        Ok(())
    }

    /// Says how far it has come before it tells: whoever begins to listen in between finds either
    /// the delta or a place behind it.
    fn tell(&self, delta: Delta) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.remember(&delta.facts);
        drop(recent);
        let heard = Heard {
            place: delta.place.clone(),
            snapshot: delta.new.clone(),
        };
        self.heard.send_replace(Some(heard));
        if !delta.facts.is_empty() || delta.missed {
            // Nobody listening is no error.
            self.sender.send(Arc::new(delta)).ok();
        }
    }

    async fn reached(&self, tenant: TenantId, stream: &str, version: i64) -> Result<(), Fault> {
        let mut heard = self.heard.subscribe();
        if self.knows(tenant, stream, version) {
            return Ok(());
        }
        let xid = self.written_by(tenant, stream, version).await?;
        loop {
            let shown = match (xid, heard.borrow_and_update().as_ref()) {
                (Some(xid), Some(heard)) => heard.snapshot.shows(xid),
                _ => false,
            };
            if shown || self.knows(tenant, stream, version) {
                return Ok(());
            }
            heard.changed().await.map_err(Fault::bug)?;
        }
    }

    fn knows(&self, tenant: TenantId, stream: &str, version: i64) -> bool {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.version(tenant, stream) >= version
    }

    /// The transaction that wrote a version, if it is committed.
    async fn written_by(
        &self,
        tenant: TenantId,
        stream: &str,
        version: i64,
    ) -> Result<Option<u64>, Fault> {
        let sql = "SELECT xid::text FROM events
            WHERE tenant_id = $1 AND stream_id = $2 AND version = $3";
        let xid: Option<String> = sqlx::query_scalar(sql)
            .bind(tenant.uuid())
            .bind(stream)
            .bind(version)
            .fetch_optional(&self.pool)
            .await
            .map_err(journal::fault)?;
        Ok(xid.and_then(|it| it.parse().ok()))
    }

    async fn listen_to_broker(&self) -> Option<async_nats::Subscriber> {
        let (client, context) = self.broker.as_ref()?;
        client.subscribe(subjects_of(context)).await.ok()
    }
}

/// What wakes the reader.
struct Ear {
    nudged: Nudged,
    broker: Option<async_nats::Subscriber>,
}

impl Ear {
    async fn hear(&mut self) {
        let Some(broker) = &mut self.broker else {
            return self.nudged.within(POLL).await;
        };
        tokio::select! {
            () = self.nudged.within(POLL) => return,
            message = broker.next() => if message.is_none() {
                self.broker = None;
                return;
            },
        }
        // One pass answers all that is there already.
        while let Some(Some(_)) = broker.next().now_or_never() {}
    }
}

impl Default for Nudged {
    /// An ear that hears nothing: polling alone.
    fn default() -> Self {
        Nudge::default().listen()
    }
}
