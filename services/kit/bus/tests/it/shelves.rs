//! A ledger that listens to notes: for each stream a shelf, on which every note is put once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bus::consumer::{Delivery, Present};
use bus::consuming::{ConsumingStore, Place};
use bus::publish::Streams;
use bus::{Consumer, ConsumerParts, ConsumerSettings, Consuming, Listen, Poison};
use chassis::fault::Fault;
use chassis::tasks::{OnFailure, OnShutdown, Tasks};
use futures_util::future::BoxFuture;
use journal::{
    Column, Decision, Journal, Kind, Ledger, Migrations, Range, Row, Settings, Store, Stream,
    Table, Unreadable, Value, World,
};
use prost::Message as _;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgPool;
use vocab::{Moment, TenantId};

use crate::bed::Bed;
use crate::notes::{NoteEvent, Notes};

const CREATE: &str = "
    CREATE TABLE shelves (
      tenant_id uuid NOT NULL,
      stream text NOT NULL,
      notes text NOT NULL,
      PRIMARY KEY (tenant_id, stream)
    );
    ALTER TABLE shelves ENABLE ROW LEVEL SECURITY;
    ALTER TABLE shelves FORCE ROW LEVEL SECURITY;
    CREATE POLICY shelves_of_announced_tenants ON shelves TO retail_service
      USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
    GRANT SELECT, INSERT, UPDATE ON shelves TO retail_service;
    CREATE TABLE tallies (
      tenant_id uuid NOT NULL,
      stream text NOT NULL,
      version bigint NOT NULL,
      recorded_at timestamptz NOT NULL,
      notes bigint NOT NULL,
      PRIMARY KEY (tenant_id, stream)
    );
    GRANT SELECT ON tallies TO retail_log";

static FILES: LazyLock<Migrator> = LazyLock::new(|| {
    let (kind, sql) = (MigrationType::Simple, CREATE.into_sql_str());
    Migrator::with_migrations(vec![Migration::new(
        1,
        "create shelves".into(),
        kind,
        sql,
        false,
    )])
});

/// The migration of the shelves.
pub fn migrations() -> Migrations {
    Migrations::of(Range::Service, &FILES)
}

/// The rules: a note is put on the shelf of its stream.
pub struct Shelves;

/// Puts a note on a shelf.
#[derive(Clone, Debug)]
pub struct Put {
    shelf: String,
    note: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf(String);

impl journal::Key for Shelf {
    fn table(&self) -> usize {
        0
    }

    fn stream(&self) -> Option<Stream> {
        None
    }
}

/// A note that the rules do not take.
#[derive(Clone, Debug)]
pub struct NotTaken;

impl From<NotTaken> for Fault {
    fn from(_: NotTaken) -> Self {
        let reason = chassis::fault::Reason::new(
            chassis::fault::Kind::Denied,
            "retail.shelf",
            "NOTE_NOT_TAKEN",
        );
        Fault::new(reason, "the note is not taken")
    }
}

impl Ledger for Shelves {
    type Key = Shelf;
    type State = String;
    type Command = Put;
    type Fact = ();
    type Answer = ();
    type Refusal = NotTaken;

    fn keys(&self, command: &Put) -> Vec<Shelf> {
        vec![Shelf(command.shelf.clone())]
    }

    fn decide(
        &self,
        world: &World<'_, Self>,
        command: &Put,
        _now: Moment,
    ) -> Result<Decision<Self>, NotTaken> {
        if command.note.starts_with("denied") {
            return Err(NotTaken);
        }
        let shelf = Shelf(command.shelf.clone());
        let mut notes = world.state(&shelf).cloned().unwrap_or_default();
        notes.push_str(&format!("{};", command.note));
        Ok(Decision::answer(()).keep(shelf, notes))
    }

    fn evolve(&self, state: Option<String>, _fact: &()) -> String {
        state.unwrap_or_default()
    }

    fn subject(&self, _fact: &()) -> Shelf {
        Shelf(String::new())
    }
}

/// Where shelves are stored.
pub struct ShelfStore;

impl Store<Shelves> for ShelfStore {
    fn tables(&self) -> &'static [Table] {
        const TABLES: &[Table] = &[Table::plain(
            "shelves",
            &[Column::new("stream", Kind::Text)],
            &[Column::new("notes", Kind::Text)],
        )];
        TABLES
    }

    fn key(&self, key: &Shelf) -> Vec<Value> {
        vec![key.0.clone().into()]
    }

    fn encode(&self, _key: &Shelf, state: &String) -> Vec<Value> {
        vec![state.clone().into()]
    }

    fn decode(&self, _key: &Shelf, row: &mut Row) -> Result<String, Unreadable> {
        row.text()
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

/// Listens to notes. Until it is cured, notes that say so are poison to it.
pub struct Listener {
    pub name: &'static str,
    pub source: &'static str,
    pub cured: AtomicBool,
    /// Whether the present state of a stream can be read from its owner.
    pub resyncable: AtomicBool,
}

impl Listen<Put> for Listener {
    fn is_resyncable(&self) -> bool {
        self.resyncable.load(Ordering::Relaxed)
    }

    fn resync<'a>(
        &'a self,
        _tenant: TenantId,
        stream: &'a str,
    ) -> BoxFuture<'a, Result<Option<Present<Put>>, Fault>> {
        let present = Present {
            place: Place {
                history: 2,
                version: 7,
                part: 1,
                parts: 1,
            },
            effect: Some(Put {
                shelf: stream.to_owned(),
                note: "present".to_owned(),
            }),
        };
        Box::pin(async { Ok(Some(present)) })
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn effect(&self, delivery: &Delivery) -> Result<Option<Put>, Poison> {
        let event = NoteEvent::decode(delivery.payload.clone())
            .map_err(|error| Poison::Unreadable(error.to_string()))?;
        if event.text.starts_with("poison") && !self.cured.load(Ordering::Relaxed) {
            return Err(Poison::Refused("POISON".to_owned()));
        }
        if event.text.starts_with("unknown") && !self.cured.load(Ordering::Relaxed) {
            return Err(Poison::KindUnknown);
        }
        if event.text.starts_with("needless") {
            return Ok(None);
        }
        Ok(Some(Put {
            shelf: delivery.stream.clone(),
            note: event.text,
        }))
    }
}

/// A consumer of the bed's notes, and what it is made of.
pub struct Shop {
    pub journal: Journal<Consuming<Shelves>>,
    pub listener: Arc<Listener>,
    pub consumer: Consumer<Shelves>,
}

impl Shop {
    pub async fn open(bed: &Bed, name: &'static str, build: &str) -> Self {
        Self::with(bed, name, build, ConsumerSettings::default()).await
    }

    pub async fn with(
        bed: &Bed,
        name: &'static str,
        build: &str,
        settings: ConsumerSettings,
    ) -> Self {
        let store = ConsumingStore::new::<Shelves>(ShelfStore);
        let set = Settings::of("shelf", &bed.database.url()).unwrap();
        let meter = opentelemetry::global::meter("tests");
        let journal = Journal::open(Consuming(Shelves), store, set, &bed.tasks, &meter).unwrap();
        let listener = Arc::new(Listener {
            name,
            source: bed.context,
            cured: AtomicBool::new(false),
            resyncable: AtomicBool::new(false),
        });
        let log = PgPool::connect_with(bed.log()).await.unwrap();
        let owner = Streams::new(log, Arc::new(Notes(bed.context)));
        let parts = ConsumerParts {
            service: "shelf",
            database: bed.role("retail_service", &bed.database.url()),
            scan: bed.role("retail_scan", &bed.database.url()),
            jetstream: bed.jetstream().await,
            instance: "replica".to_owned(),
            build: build.to_owned(),
        };
        let settings = ConsumerSettings {
            look_every: Duration::from_millis(100),
            gap_wait: Duration::from_millis(5),
            attempts: 2,
            ..settings
        };
        let consumer = Consumer::new(journal.clone(), listener.clone(), Arc::new(owner), parts);
        Self {
            journal,
            listener,
            consumer: consumer.settings(settings),
        }
    }

    pub fn start(&self, tasks: &Tasks) {
        let consumer = self.consumer.clone();
        let run = move |shutdown| consumer.clone().run(shutdown);
        tasks.spawn("consumer", OnFailure::Fatal, OnShutdown::Abort, run);
    }
}

/// What stands on the shelves, as the admin sees it.
pub async fn shelves(bed: &Bed) -> BTreeMap<String, String> {
    let mut admin = bed.admin().await;
    let sql = "SELECT stream, notes FROM shelves";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&mut admin).await.unwrap();
    rows.into_iter().collect()
}

/// What has to stand on a shelf once versions up to one were put there.
pub fn full(stream: &str, versions: std::ops::RangeInclusive<i64>) -> String {
    versions.map(|it| format!("{stream} {it};")).collect()
}
