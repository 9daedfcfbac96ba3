//! A consumer of the catalog in a database of its own. For each product it counts the events that
//! told of it, and for each event it keeps a row with how often it took effect: whatever comes
//! twice, or not at all, stays visible for ever.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bus::consumer::{Delivery, Fetched, Refetch};
use bus::consuming::ConsumingStore;
use bus::{Consumer, ConsumerParts, ConsumerSettings, Consuming, Listen, Poison, broker};
use chassis::fault::Fault;
use chassis::service::{Around, Served, Service, Start, StartError};
use chassis::settings::{Reader, Secret};
use chassis::tasks::{OnFailure, OnShutdown};
use contracts::ops::FetchStreamRequest;
use contracts::ops::ops_service_client::OpsServiceClient;
use futures_util::future::BoxFuture;
use journal::{
    Column, Decision, Journal, Kind, Ledger, Migrations, Range, Row, Settings, Store, Stream,
    Table, Unreadable, Value, World,
};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use uuid::Uuid;
use vocab::{EventId, Moment, TenantId};

/// The name of the durable, and of the service that reads it.
pub const NAME: &str = "tallies";

/// How long the owner may take to give out a part of a stream.
const FETCH_WITHIN: Duration = Duration::from_secs(2);
/// What a killed consumer had in hand comes again after this time.
const ACK_WAIT: Duration = Duration::from_secs(2);

const CREATE: &str = "
    CREATE TABLE counters (
      tenant_id uuid NOT NULL,
      stream text NOT NULL,
      events bigint NOT NULL,
      last_version bigint NOT NULL,
      PRIMARY KEY (tenant_id, stream)
    );
    CREATE TABLE effects (
      tenant_id uuid NOT NULL,
      event_id uuid NOT NULL,
      stream text NOT NULL,
      version bigint NOT NULL,
      times bigint NOT NULL,
      PRIMARY KEY (tenant_id, event_id)
    );
    ALTER TABLE counters ENABLE ROW LEVEL SECURITY;
    ALTER TABLE counters FORCE ROW LEVEL SECURITY;
    ALTER TABLE effects ENABLE ROW LEVEL SECURITY;
    ALTER TABLE effects FORCE ROW LEVEL SECURITY;
    CREATE POLICY counters_of_announced_tenants ON counters TO retail_service
      USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
    CREATE POLICY effects_of_announced_tenants ON effects TO retail_service
      USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
    GRANT SELECT, INSERT, UPDATE ON counters, effects TO retail_service";

static FILES: LazyLock<Migrator> = LazyLock::new(|| {
    let (kind, sql) = (MigrationType::Simple, CREATE.into_sql_str());
    let create = Migration::new(1, "create tallies".into(), kind, sql, false);
    Migrator::with_migrations(vec![create])
});

/// Everything that the consumer's database needs.
pub static TABLES: LazyLock<Migrator> = LazyLock::new(|| {
    let own = Migrations::of(Range::Service, &FILES);
    journal::schema(&[bus::MIGRATIONS, own])
});

/// The rules: every event counts.
struct Tallies;

/// Counts an event.
#[derive(Clone, Debug)]
struct Count {
    event: Uuid,
    stream: String,
    version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Counter(String),
    Effect(Uuid),
}

enum State {
    Counter {
        events: i64,
        last: i64,
    },
    Effect {
        stream: String,
        version: i64,
        times: i64,
    },
}

impl journal::Key for Key {
    fn table(&self) -> usize {
        match self {
            Self::Counter(_) => 0,
            Self::Effect(_) => 1,
        }
    }

    fn stream(&self) -> Option<Stream> {
        None
    }
}

/// Every event is taken.
#[derive(Clone, Debug)]
enum Never {}

impl From<Never> for Fault {
    fn from(never: Never) -> Self {
        match never {}
    }
}

impl Ledger for Tallies {
    type Key = Key;
    type State = State;
    type Command = Count;
    type Fact = ();
    type Answer = ();
    type Refusal = Never;

    fn keys(&self, command: &Count) -> Vec<Key> {
        let counter = Key::Counter(command.stream.clone());
        vec![counter, Key::Effect(command.event)]
    }

    fn decide(
        &self,
        world: &World<'_, Self>,
        command: &Count,
        _now: Moment,
    ) -> Result<Decision<Self>, Never> {
        let [counter, effect] = [
            Key::Counter(command.stream.clone()),
            Key::Effect(command.event),
        ];
        let events = match world.state(&counter) {
            Some(State::Counter { events, .. }) => *events,
            _ => 0,
        };
        let times = match world.state(&effect) {
            Some(State::Effect { times, .. }) => *times,
            _ => 0,
        };
        let counted = State::Counter {
            events: events + 1,
            last: command.version,
        };
        let taken = State::Effect {
            stream: command.stream.clone(),
            version: command.version,
            times: times + 1,
        };
        let decision = Decision::answer(()).keep(counter, counted);
        Ok(decision.keep(effect, taken))
    }

    fn evolve(&self, _state: Option<State>, _fact: &()) -> State {
        unreachable!("nothing here has a history")
    }

    fn subject(&self, _fact: &()) -> Key {
        Key::Counter(String::new())
    }
}

struct TallyStore;

impl Store<Tallies> for TallyStore {
    fn tables(&self) -> &'static [Table] {
        const TABLES: &[Table] = &[
            Table::plain(
                "counters",
                &[Column::new("stream", Kind::Text)],
                &[
                    Column::new("events", Kind::BigInt),
                    Column::new("last_version", Kind::BigInt),
                ],
            ),
            Table::plain(
                "effects",
                &[Column::new("event_id", Kind::Uuid)],
                &[
                    Column::new("stream", Kind::Text),
                    Column::new("version", Kind::BigInt),
                    Column::new("times", Kind::BigInt),
                ],
            ),
        ];
        TABLES
    }

    fn key(&self, key: &Key) -> Vec<Value> {
        match key {
            Key::Counter(stream) => vec![stream.clone().into()],
            Key::Effect(event) => vec![(*event).into()],
        }
    }

    fn encode(&self, _key: &Key, state: &State) -> Vec<Value> {
        match state {
            State::Counter { events, last } => vec![(*events).into(), (*last).into()],
            State::Effect {
                stream,
                version,
                times,
            } => vec![stream.clone().into(), (*version).into(), (*times).into()],
        }
    }

    fn decode(&self, key: &Key, row: &mut Row) -> Result<State, Unreadable> {
        Ok(match key {
            Key::Counter(_) => State::Counter {
                events: row.bigint()?,
                last: row.bigint()?,
            },
            Key::Effect(_) => State::Effect {
                stream: row.text()?,
                version: row.bigint()?,
                times: row.bigint()?,
            },
        })
    }

    fn fact(&self, _fact: &()) -> (Cow<'static, str>, Vec<u8>) {
        ("nothing".into(), Vec::new())
    }

    fn read_fact(&self, _kind: &str, _payload: &[u8]) -> Result<(), Unreadable> {
        Ok(())
    }

    fn answer(&self, _answer: &()) -> Vec<u8> {
        Vec::new()
    }

    fn read_answer(&self, _bytes: &[u8]) -> Result<(), Unreadable> {
        Ok(())
    }
}

struct Listener;

impl Listen<Count> for Listener {
    fn name(&self) -> &'static str {
        NAME
    }

    fn source(&self) -> &'static str {
        "catalog"
    }

    fn effect(&self, delivery: &Delivery) -> Result<Option<Count>, Poison> {
        let event = delivery.metadata.event_id.parse::<EventId>();
        let event = event.map_err(|_| Poison::Unreadable("its id".to_owned()))?;
        Ok(Some(Count {
            event: event.uuid(),
            stream: delivery.stream.clone(),
            version: delivery.metadata.aggregate_version,
        }))
    }
}

/// The replicas of the catalog, which give out again what was missed.
struct Owners {
    clients: Vec<OpsServiceClient<Channel>>,
    bearer: String,
}

impl Owners {
    async fn ask(&self, stream: &str, versions: (i64, i64)) -> Result<Vec<Fetched>, Fault> {
        for client in &self.clients {
            let mut request = Request::new(FetchStreamRequest {
                service: "catalog".to_owned(),
                aggregate_id: stream.to_owned(),
                from_version: versions.0,
                to_version: versions.1,
            });
            request.set_timeout(FETCH_WITHIN);
            let bearer = self.bearer.parse().unwrap();
            request.metadata_mut().insert("authorization", bearer);
            match client.clone().fetch_stream(request).await {
                Ok(answer) => {
                    let events = answer.into_inner().events.into_iter();
                    let fetched = events.map(|it| Fetched {
                        subject: it.subject,
                        event_type: it.event_type,
                        payload: it.payload.unwrap_or_default().value.into(),
                    });
                    return Ok(fetched.collect());
                }
                Err(status) if status.code() == Code::NotFound => return Ok(Vec::new()),
                // One of them was killed: the other knows the same.
                Err(_) => (),
            }
        }
        Err(Fault::unavailable("catalog"))
    }
}

impl Refetch for Owners {
    fn fetch<'a>(
        &'a self,
        _tenant: TenantId,
        stream: &'a str,
        versions: (i64, i64),
    ) -> BoxFuture<'a, Result<Vec<Fetched>, Fault>> {
        Box::pin(self.ask(stream, versions))
    }
}

struct Told {
    database: Secret<String>,
    scan: Secret<String>,
    nats: Secret<String>,
    owners: String,
    token: Secret<String>,
}

/// The consumer as a process. Without its inbox it believes that nothing ever comes twice.
pub fn service(inbox: bool, pause: Duration) -> Service {
    Service::new(NAME, read, move |it, told| start(it, told, (inbox, pause)))
}

fn read(reader: &mut Reader<'_>, _around: &Around) -> Option<Told> {
    let database = reader.required("DATABASE_URL");
    let scan = reader.required("SCAN_URL");
    let nats = reader.shared("NATS_URL", None);
    let (owners, token) = (reader.required("OWNERS"), reader.required("TOKEN"));
    Some(Told {
        database: database?,
        scan: scan?,
        nats: nats?,
        owners: owners?,
        token: token?,
    })
}

async fn start(
    start: Start,
    told: Told,
    (inbox, pause): (bool, Duration),
) -> Result<Served, StartError> {
    let url = told.database.expose();
    let mut settings = Settings::of(NAME, url).map_err(StartError::of)?;
    settings.controls.pause_before_commit = Some(pause).filter(|it| !it.is_zero());
    let store = ConsumingStore::new::<Tallies>(TallyStore);
    let meter = start.telemetry.meter(NAME);
    let journal = Journal::open(Consuming(Tallies), store, settings, &start.tasks, &meter);
    let client = broker::connect(told.nats.expose(), NAME).await;
    let parts = ConsumerParts {
        service: NAME,
        database: url.parse().map_err(StartError::of)?,
        scan: told.scan.expose().parse().map_err(StartError::of)?,
        jetstream: async_nats::jetstream::new(client.map_err(StartError::of)?),
        instance: format!("{NAME}-{}", std::process::id()),
        build: "1".to_owned(),
    };
    let endpoints = told.owners.split(',').map(|it| {
        let endpoint = Endpoint::from_shared(it.to_owned()).unwrap();
        let endpoint = endpoint.connect_timeout(FETCH_WITHIN);
        OpsServiceClient::new(endpoint.connect_lazy())
    });
    let owners = Owners {
        clients: endpoints.collect(),
        bearer: format!("Bearer {}", told.token.expose()),
    };
    let journal = journal.map_err(StartError::of)?;
    let consumer = Consumer::new(journal, Arc::new(Listener), Arc::new(owners), parts);
    let consumer = consumer.settings(ConsumerSettings {
        ack_wait: ACK_WAIT,
        inbox,
        ..ConsumerSettings::default()
    });
    let run = move |shutdown| consumer.clone().run(shutdown);
    start
        .tasks
        .spawn("consumer", OnFailure::Fatal, OnShutdown::Drain, run);
    Ok(Served::default())
}
