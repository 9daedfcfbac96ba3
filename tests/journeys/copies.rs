//! A consumer of the catalog with a ledger and a database of its own: for each product it keeps
//! the story that the events told, one line an event, in the order of their coming.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bus::consumer::{Delivery, Fetched, Refetch};
use bus::consuming::ConsumingStore;
use bus::{Consumer, ConsumerParts, ConsumerSettings, Consuming, Listen, Poison};
use chassis::fault::Fault;
use chassis::tasks::{OnFailure, OnShutdown, Tasks};
use contracts::catalog as pb;
use contracts::catalog::product_event::Event;
use futures_util::future::BoxFuture;
use journal::{
    Column, Decision, Journal, Kind, Ledger, Migrations, Range, Row, Settings, Store, Stream,
    Table, Unreadable, Value, World,
};
use prost::Message as _;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use testbed::Database;
use vocab::{Moment, TenantId};

/// The name of the durable, and of the service that reads it.
pub const NAME: &str = "copies";

const CREATE: &str = "
    CREATE TABLE copies (
      tenant_id uuid NOT NULL,
      product_id text NOT NULL,
      story text NOT NULL,
      PRIMARY KEY (tenant_id, product_id)
    );
    ALTER TABLE copies ENABLE ROW LEVEL SECURITY;
    ALTER TABLE copies FORCE ROW LEVEL SECURITY;
    CREATE POLICY copies_of_announced_tenants ON copies TO retail_service
      USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
    GRANT SELECT, INSERT, UPDATE ON copies TO retail_service";

static FILES: LazyLock<Migrator> = LazyLock::new(|| {
    let (kind, sql) = (MigrationType::Simple, CREATE.into_sql_str());
    let create = Migration::new(1, "create copies".into(), kind, sql, false);
    Migrator::with_migrations(vec![create])
});

/// Everything that the consumer's database needs.
pub static TABLES: LazyLock<Migrator> = LazyLock::new(|| {
    let own = Migrations::of(Range::Service, &FILES);
    journal::schema(&[bus::MIGRATIONS, own])
});

/// The rules: a line is put below the lines that are there.
pub struct Copies;

/// Puts a line below the story of a product.
#[derive(Clone, Debug)]
pub struct Tell {
    product: String,
    line: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Copy(String);

impl journal::Key for Copy {
    fn table(&self) -> usize {
        0
    }

    fn stream(&self) -> Option<Stream> {
        None
    }
}

/// Every line is taken.
#[derive(Clone, Debug)]
pub enum Never {}

impl From<Never> for Fault {
    fn from(never: Never) -> Self {
        match never {}
    }
}

impl Ledger for Copies {
    type Key = Copy;
    type State = String;
    type Command = Tell;
    type Fact = ();
    type Answer = ();
    type Refusal = Never;

    fn keys(&self, command: &Tell) -> Vec<Copy> {
        vec![Copy(command.product.clone())]
    }

    fn decide(
        &self,
        world: &World<'_, Self>,
        command: &Tell,
        _now: Moment,
    ) -> Result<Decision<Self>, Never> {
        let copy = Copy(command.product.clone());
        let mut story = world.state(&copy).cloned().unwrap_or_default();
        story.push_str(&command.line);
        story.push('\n');
        Ok(Decision::answer(()).keep(copy, story))
    }

    fn evolve(&self, state: Option<String>, _fact: &()) -> String {
        state.unwrap_or_default()
    }

    fn subject(&self, _fact: &()) -> Copy {
        Copy(String::new())
    }
}

struct CopyStore;

impl Store<Copies> for CopyStore {
    fn tables(&self) -> &'static [Table] {
        const TABLES: &[Table] = &[Table::plain(
            "copies",
            &[Column::new("product_id", Kind::Text)],
            &[Column::new("story", Kind::Text)],
        )];
        TABLES
    }

    fn key(&self, key: &Copy) -> Vec<Value> {
        vec![key.0.clone().into()]
    }

    fn encode(&self, _key: &Copy, story: &String) -> Vec<Value> {
        vec![story.clone().into()]
    }

    fn decode(&self, _key: &Copy, row: &mut Row) -> Result<String, Unreadable> {
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

struct Listener;

impl Listen<Tell> for Listener {
    fn name(&self) -> &'static str {
        NAME
    }

    fn source(&self) -> &'static str {
        "catalog"
    }

    fn effect(&self, delivery: &Delivery) -> Result<Option<Tell>, Poison> {
        let event = pb::ProductEvent::decode(delivery.payload.clone())
            .map_err(|error| Poison::Unreadable(error.to_string()))?;
        let version = delivery.metadata.aggregate_version;
        let what = match event.event {
            Some(Event::ProductCreated(it)) => {
                format!("created {}", it.product.unwrap_or_default().title)
            }
            Some(Event::ProductUpdated(it)) => {
                format!("updated {}", it.product.unwrap_or_default().title)
            }
            Some(Event::ProductPublished(_)) => "published".to_owned(),
            _ => return Err(Poison::KindUnknown),
        };
        Ok(Some(Tell {
            product: delivery.stream.clone(),
            line: format!("{version} {what}"),
        }))
    }
}

/// Gives nothing: on a way without faults no event is missing, and one that is stays missing.
struct Nobody;

impl Refetch for Nobody {
    fn fetch<'a>(
        &'a self,
        _tenant: TenantId,
        _stream: &'a str,
        _versions: (i64, i64),
    ) -> BoxFuture<'a, Result<Vec<Fetched>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Starts the consumer; its tasks are watched as the caller is.
pub fn start(database: &Database, jetstream: async_nats::jetstream::Context, tasks: &Tasks) {
    let store = ConsumingStore::new::<Copies>(CopyStore);
    let settings = Settings::of(NAME, &database.url()).unwrap();
    let meter = opentelemetry::global::meter("journeys");
    let journal = Journal::open(Consuming(Copies), store, settings, tasks, &meter).unwrap();
    let parts = ConsumerParts {
        service: NAME,
        database: database.url().parse().unwrap(),
        scan: database.scan_url().parse().unwrap(),
        jetstream,
        instance: "replica".to_owned(),
        build: "1".to_owned(),
    };
    let consumer = Consumer::new(journal, Arc::new(Listener), Arc::new(Nobody), parts);
    let consumer = consumer.settings(ConsumerSettings {
        look_every: Duration::from_millis(100),
        ..ConsumerSettings::default()
    });
    let run = move |shutdown| consumer.clone().run(shutdown);
    tasks.spawn("consumer", OnFailure::Fatal, OnShutdown::Abort, run);
}
