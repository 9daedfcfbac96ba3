//! A database with the tables of journal and bus, a broker with a stream, and a judge.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use bus::provision::{Provision, stream_of};
use bus::{Relay, RelaySettings};
use chassis::tasks::{OnFailure, OnShutdown, Tasks};
use journal::schema;
use prost::Message as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use testbed::{Database, Nats, NatsSettings, Postgres, PostgresSettings, Schema, eventually};
use uuid::Uuid;
use vocab::{Id, TenantId};

use crate::SOON;
use crate::notes::{NoteEvent, Notes};

pub static TABLES: LazyLock<Migrator> =
    LazyLock::new(|| schema(&[bus::MIGRATIONS, crate::shelves::migrations()]));

/// Everything one test needs.
pub struct Bed {
    pub database: Database,
    pub nats: Nats,
    pub context: &'static str,
    pub tasks: Tasks,
}

/// One fact as a test writes it.
#[derive(Clone, Debug)]
pub struct Fact {
    pub tenant: TenantId,
    pub stream: String,
    pub version: i64,
    pub kind: &'static str,
}

pub fn tenant(number: u8) -> TenantId {
    Id::at(1_700_000_000_000, [number; 10])
}

pub fn fact(stream: &str, version: i64) -> Fact {
    Fact {
        tenant: tenant(1),
        stream: stream.to_owned(),
        version,
        kind: "note",
    }
}

impl Bed {
    /// A bed on the shared servers; the context is the test's own name at the broker.
    pub async fn shared(context: &'static str) -> Self {
        Self::on(Nats::shared().await.unwrap(), context).await
    }

    /// A bed with a broker of its own, to break it.
    pub async fn own(context: &'static str) -> Self {
        let nats = Nats::start(&NatsSettings::default()).await.unwrap();
        Self::on(nats, context).await
    }

    /// A bed with a Postgres of its own, whose transactions are this test's alone.
    pub async fn alone(context: &'static str) -> Self {
        let postgres = Postgres::start(&PostgresSettings::default()).await.unwrap();
        Self::of(postgres, Nats::shared().await.unwrap(), context).await
    }

    async fn on(nats: Nats, context: &'static str) -> Self {
        Self::of(Postgres::shared().await.unwrap(), nats, context).await
    }

    async fn of(postgres: Postgres, nats: Nats, context: &'static str) -> Self {
        let database = postgres.database(&Schema::of(&TABLES)).await.unwrap();
        let bed = Self {
            database,
            nats,
            context,
            tasks: Tasks::default(),
        };
        bed.provision().await;
        bed
    }

    pub async fn provision(&self) {
        let provision = Provision {
            max_bytes: 64 * 1024 * 1024,
            ..Provision::default()
        };
        let jetstream = self.jetstream().await;
        provision.apply(&jetstream, &[self.context]).await.unwrap();
    }

    /// Lets the broker forget names of messages almost at once, so that only the chain is left.
    pub async fn forget_names(&self) {
        let jetstream = self.jetstream().await;
        let stream = jetstream.get_stream(stream_of(self.context)).await.unwrap();
        let mut config = stream.cached_info().config.clone();
        config.duplicate_window = Duration::from_millis(100);
        jetstream.update_stream(config).await.unwrap();
    }

    pub async fn jetstream(&self) -> Context {
        jetstream_at(&self.nats.url()).await
    }

    /// Connects as the role that reads the log.
    pub fn log(&self) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.database.log_url()).unwrap()
    }

    pub fn role(&self, role: &str, url: &str) -> PgConnectOptions {
        PgConnectOptions::from_str(url).unwrap().username(role)
    }

    pub async fn admin(&self) -> PgConnection {
        let url = self.database.admin_url();
        PgConnection::connect(&url).await.unwrap()
    }

    /// A relay of this context with quick settings.
    pub async fn relay(&self, settings: RelaySettings) -> Relay {
        self.relay_through(self.log(), self.jetstream().await, settings)
    }

    pub fn relay_through(
        &self,
        log: PgConnectOptions,
        jetstream: Context,
        settings: RelaySettings,
    ) -> Relay {
        let publish = Arc::new(Notes(self.context));
        Relay::new(log, jetstream, publish, "replica").settings(settings)
    }

    pub fn start(&self, relay: Relay) {
        self.start_in(&self.tasks, relay);
    }

    pub fn start_in(&self, tasks: &Tasks, relay: Relay) {
        let run = move |shutdown| relay.clone().run(shutdown);
        tasks.spawn("relay", OnFailure::Fatal, OnShutdown::Abort, run);
    }

    /// Waits until the broker holds every fact of the log, and judges what it holds.
    pub async fn published(&self) -> Verdict {
        let complete = async || {
            let verdict = self.verdict().await;
            match verdict.missing.is_empty() {
                true => Ok(verdict),
                false => Err(format!("missing {:?}", verdict.missing)),
            }
        };
        eventually(SOON, "everything is published", complete)
            .await
            .unwrap()
    }

    /// Judges what the broker holds now.
    pub async fn verdict(&self) -> Verdict {
        let stored = messages(&self.jetstream().await, self.context).await;
        let mut admin = self.admin().await;
        let sql = "SELECT tenant_id, stream_id, version FROM events ORDER BY position";
        let rows: Vec<(Uuid, String, i64)> =
            sqlx::query_as(sql).fetch_all(&mut admin).await.unwrap();
        let committed = rows
            .into_iter()
            .map(|(tenant, stream, version)| (TenantId::from_uuid(tenant), stream, version));
        Verdict::of(&stored, committed.collect())
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.tasks.request_shutdown();
    }
}

/// Quick enough for tests.
pub fn quick() -> RelaySettings {
    RelaySettings {
        poll: Duration::from_millis(20),
        ack_within: Duration::from_millis(500),
        keep_house_every: Duration::from_millis(100),
        checkpoint_every: Duration::from_secs(3_600),
        ..RelaySettings::default()
    }
}

pub async fn jetstream_at(url: &str) -> Context {
    let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
    let client = options
        .reconnect_delay_callback(|_| Duration::from_millis(50))
        .connect(url)
        .await
        .unwrap();
    jetstream::new(client)
}

/// Writes a fact in whatever transaction the connection is.
pub async fn write(connection: &mut PgConnection, fact: &Fact) {
    let sql = "INSERT INTO events (tenant_id, stream_kind, stream_id, version, event_id, kind,
          payload, actor_type, actor_id, method, correlation_id, causation_id, reason,
          traceparent, effective_at, recorded_at)
        VALUES ($1, 'note', $2, $3, gen_random_uuid(), $4, $5, 3, 'tests', 'tests/Write',
          'chain', '', '', '', clock_timestamp(), clock_timestamp())";
    sqlx::query(sql)
        .bind(fact.tenant.uuid())
        .bind(&fact.stream)
        .bind(fact.version)
        .bind(fact.kind)
        .bind(format!("{} {}", fact.stream, fact.version).into_bytes())
        .execute(connection)
        .await
        .unwrap();
}

/// One message as the broker holds it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub stream: (TenantId, String),
    pub version: i64,
    pub part: i32,
    pub text: String,
}

/// Reads everything that the broker holds, by sequence.
pub async fn messages(jetstream: &Context, context: &str) -> Vec<Stored> {
    let Ok(stream) = jetstream.get_stream(stream_of(context)).await else {
        return Vec::new();
    };
    let state = stream.cached_info().state.clone();
    let mut stored = Vec::new();
    for sequence in state.first_sequence..=state.last_sequence {
        let Ok(message) = stream.get_raw_message(sequence).await else {
            continue;
        };
        let event = NoteEvent::decode(message.payload.clone()).unwrap();
        let metadata = event.metadata.unwrap();
        stored.push(Stored {
            stream: (metadata.tenant_id.parse().unwrap(), metadata.aggregate_id),
            version: metadata.aggregate_version,
            part: metadata.part,
            text: event.text,
        });
    }
    stored
}

/// What is wrong with what the broker holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Committed and not stored.
    pub missing: Vec<(String, i64)>,
    /// Stored before the version before it.
    pub turned_round: Vec<(String, i64)>,
    /// How many messages there are.
    pub stored: usize,
}

impl Verdict {
    /// A version may be stored again, but never before its predecessor was stored.
    pub fn of(stored: &[Stored], committed: Vec<(TenantId, String, i64)>) -> Self {
        let mut highest: BTreeMap<(TenantId, String), i64> = BTreeMap::new();
        let mut verdict = Self {
            stored: stored.len(),
            ..Self::default()
        };
        let mut seen = BTreeSet::new();
        for message in stored {
            let highest = highest.entry(message.stream.clone()).or_default();
            if message.version > *highest + 1 {
                let late = (message.stream.1.clone(), message.version);
                verdict.turned_round.push(late);
            }
            *highest = message.version.max(*highest);
            seen.insert((message.stream.clone(), message.version));
        }
        for (tenant, stream, version) in committed {
            if !seen.contains(&((tenant, stream.clone()), version)) {
                verdict.missing.push((stream, version));
            }
        }
        verdict
    }
}
