//! Judges a run: what was acknowledged against the catalog's database, that against the broker's
//! stream, and both against what the consumer made of it. Nothing is forgiven, and everything that
//! is found is told by its kind, so that a run with something turned off shows what that was for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use bus::provision::stream_of;
use catalog::{Catalog, CatalogRows, CatalogStore};
use contracts::catalog as pb;
use futures_util::StreamExt as _;
use journal::Verify;
use prost::Message as _;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use uuid::Uuid;
use vocab::EventId;

use crate::fleet::Fleet;
use crate::tallies;
use crate::work::{WITHIN, Work, request_id};

/// How many examples of a kind are told.
const EXAMPLES: usize = 3;
/// How long the broker may take to hand over what it holds.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// An acknowledged write has no event.
    WriteLost,
    /// A write has more than one event.
    WriteDoubled,
    /// A repetition was answered in another way, or the answer does not tell of the event.
    AnsweredOtherwise,
    /// The versions of a stream have a gap.
    VersionsBroken,
    /// The history does not fold to the state.
    Unverified,
    /// A committed event never got to the broker.
    NotHeld,
    /// The broker holds a version before the one before it.
    TurnedRound,
    /// An event took no effect at the consumer.
    EffectMissed,
    /// An event took effect more than once.
    EffectDoubled,
    /// A counter of the consumer is not what its events say.
    Miscounted,
    /// The consumer put a stream aside.
    Parked,
    /// A writer told of a deadlock.
    DeadlockTold,
    /// The server told of a deadlock.
    DeadlockLogged,
}

/// Everything that was found.
#[derive(Default)]
pub struct Verdict(BTreeMap<Finding, (usize, Vec<String>)>);

impl Verdict {
    pub fn add(&mut self, finding: Finding, what: impl Into<String>) {
        let (count, examples) = self.0.entry(finding).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(what.into());
        }
    }

    pub fn kinds(&self) -> BTreeSet<Finding> {
        self.0.keys().copied().collect()
    }

    /// How often each was found, in short.
    pub fn told(&self) -> String {
        let told = self.0.iter().map(|(kind, it)| format!("{kind:?} {}", it.0));
        told.collect::<Vec<_>>().join(", ")
    }

    /// With examples.
    pub fn details(&self) -> String {
        let lines = self
            .0
            .iter()
            .map(|(kind, it)| format!("{kind:?} {}: {:?}\n", it.0, it.1));
        lines.collect()
    }
}

/// One committed event.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Committed {
    event_id: Uuid,
    stream_id: String,
    version: i64,
    request_id: Option<Uuid>,
}

/// Judges the broker alone, against all that is committed until now: called before what it holds
/// is lost, because what is published again would hide what went wrong. The mark is a write of
/// its own, while nobody else writes: when the broker holds it, whatever was committed before has
/// had its turn.
pub async fn broker(fleet: &Fleet, work: &Work, mark: usize, verdict: &mut Verdict) -> usize {
    let mut admin = connect(&fleet.database.admin_url()).await;
    let committed = committed(&mut admin).await;
    let mark = work.mark(mark).await;
    let held = held_with(fleet, &mark).await;
    judge_held(&held, &committed, verdict);
    held.len()
}

/// Judges everything, once all writes are acknowledged and all faults are over. Returns how many
/// messages the broker holds.
pub async fn everything(fleet: &Fleet, work: &Work, marks: usize, verdict: &mut Verdict) -> usize {
    let mark = work.mark(marks).await;
    let mut admin = connect(&fleet.database.admin_url()).await;
    let committed = committed(&mut admin).await;
    let marks = marks + 1;
    judge_writes(work, marks, &committed, verdict);
    judge_history(fleet, committed.len(), verdict).await;
    let held = held_with(fleet, &mark).await;
    judge_held(&held, &committed, verdict);
    let mut theirs = connect(&fleet.tallies.admin_url()).await;
    drained(fleet, &mut theirs, &mark).await;
    judge_effects(&mut theirs, &committed, verdict).await;
    for _ in 0..fleet.deadlocks_told() {
        verdict.add(Finding::DeadlockTold, "in the log of a replica");
    }
    let log = fleet.database.postgres().log();
    for line in log.lines().filter(|it| it.contains("deadlock detected")) {
        verdict.add(Finding::DeadlockLogged, line);
    }
    held.len()
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn committed(admin: &mut PgConnection) -> Vec<Committed> {
    let sql = "SELECT event_id, stream_id, version, request_id FROM events
        ORDER BY stream_id, version";
    sqlx::query_as(sql).fetch_all(admin).await.unwrap()
}

/// Every write has one event, of the version that was answered, and versions have no gaps.
fn judge_writes(work: &Work, marks: usize, committed: &[Committed], verdict: &mut Verdict) {
    let mut of_request: BTreeMap<Uuid, Vec<&Committed>> = BTreeMap::new();
    for event in committed {
        let request = event.request_id.unwrap_or_default();
        of_request.entry(request).or_default().push(event);
    }
    let answers = work.answers();
    for number in 0..work.writes() + marks {
        let events = of_request.remove(&request_id(number)).unwrap_or_default();
        match events.as_slice() {
            [] => verdict.add(Finding::WriteLost, format!("write {number}")),
            [event] => {
                let told = answers.get(&number);
                let told = told.map(|it| (it.product_id.as_str(), it.version));
                if told.is_some_and(|it| it != (event.stream_id.as_str(), event.version)) {
                    let what = format!("write {number}: {told:?} and not {event:?}");
                    verdict.add(Finding::AnsweredOtherwise, what);
                }
            }
            more => verdict.add(Finding::WriteDoubled, format!("write {number}: {more:?}")),
        }
    }
    for (request, events) in of_request {
        verdict.add(
            Finding::WriteDoubled,
            format!("nobody asked {request}: {events:?}"),
        );
    }
    for what in work.otherwise() {
        verdict.add(Finding::AnsweredOtherwise, what);
    }
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for event in committed {
        let last = last.entry(&event.stream_id).or_default();
        if event.version != *last + 1 {
            verdict.add(Finding::VersionsBroken, format!("{event:?} after {last}"));
        }
        *last = event.version;
    }
}

/// Folds every stream anew and compares.
async fn judge_history(fleet: &Fleet, events: usize, verdict: &mut Verdict) {
    let mut log = connect(&fleet.database.log_url()).await;
    let mut rows = CatalogRows::default();
    let verify = Verify::new(&Catalog, &CatalogStore).unwrap();
    let report = verify.derived(&mut rows).run(&mut log).await.unwrap();
    for difference in &report.differences {
        verdict.add(Finding::Unverified, format!("{difference:?}"));
    }
    assert_eq!(
        usize::try_from(report.facts).unwrap(),
        events,
        "all of it was folded"
    );
}

/// One message as the broker holds it.
struct Held {
    event_id: Uuid,
    stream_id: String,
    version: i64,
}

/// Reads all that the broker holds, once it holds a product.
async fn held_with(fleet: &Fleet, product: &str) -> Vec<Held> {
    let holds = async || {
        let held = tokio::time::timeout(READ_WITHIN, held(fleet)).await;
        let held = held.map_err(|_| "it does not hand over what it holds".to_owned())??;
        match held.iter().any(|it| it.stream_id == product) {
            true => Ok(held),
            false => Err(format!("not among {} messages", held.len())),
        }
    };
    eventually(WITHIN, "the broker holds the mark", holds)
        .await
        .unwrap()
}

async fn held(fleet: &Fleet) -> Result<Vec<Held>, String> {
    let jetstream = fleet.jetstream().await;
    let stream = jetstream.get_stream(stream_of("catalog")).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let count = usize::try_from(stream.cached_info().state.messages).unwrap();
    let config = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::None,
        ..pull::Config::default()
    };
    let reader = stream.create_consumer(config).await;
    let reader = reader.map_err(|error| error.to_string())?;
    let messages = reader.messages().await.map_err(|error| error.to_string())?;
    let mut messages = messages.take(count);
    let mut held = Vec::with_capacity(count);
    while let Some(message) = messages.next().await {
        let message = message.map_err(|error| error.to_string())?;
        let event = pb::ProductEvent::decode(message.payload.clone()).unwrap();
        let metadata = event.metadata.unwrap();
        held.push(Held {
            event_id: metadata.event_id.parse::<EventId>().unwrap().uuid(),
            stream_id: metadata.aggregate_id,
            version: metadata.aggregate_version,
        });
    }
    Ok(held)
}

/// Every event is held, and first came after the version before it, where that is held at all.
fn judge_held(held: &[Held], committed: &[Committed], verdict: &mut Verdict) {
    let mut first: BTreeMap<Uuid, usize> = BTreeMap::new();
    for (at, message) in held.iter().enumerate() {
        first.entry(message.event_id).or_insert(at);
    }
    let mut places: BTreeMap<(&str, i64), usize> = BTreeMap::new();
    for message in held {
        let place = (message.stream_id.as_str(), message.version);
        places.entry(place).or_insert(first[&message.event_id]);
    }
    for event in committed {
        if !first.contains_key(&event.event_id) {
            verdict.add(Finding::NotHeld, format!("{event:?}"));
        }
    }
    for ((stream, version), place) in &places {
        if places
            .get(&(*stream, version - 1))
            .is_some_and(|it| it > place)
        {
            let what = format!("{version} of {stream} came before {}", version - 1);
            verdict.add(Finding::TurnedRound, what);
        }
    }
}

/// Waits until the consumer has had all that the broker holds, the mark among it.
async fn drained(fleet: &Fleet, theirs: &mut PgConnection, mark: &str) {
    let jetstream = fleet.jetstream().await;
    let is_drained = async || {
        let stream = jetstream.get_stream(stream_of("catalog")).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let info = stream.consumer_info(tallies::NAME).await;
        let info = info.map_err(|error| error.to_string())?;
        let sql = "SELECT count(*) FROM effects WHERE stream = $1";
        let counted = sqlx::query_scalar(sql).bind(mark).fetch_one(&mut *theirs);
        let counted: i64 = counted.await.map_err(|error| error.to_string())?;
        match (info.num_pending, info.num_ack_pending, counted) {
            (0, 0, 1) => Ok(()),
            other => Err(format!("pending, unacknowledged, marked: {other:?}")),
        }
    };
    eventually(WITHIN, "the consumer has had everything", is_drained)
        .await
        .unwrap();
}

/// Every event took effect once, and every counter says as many.
async fn judge_effects(theirs: &mut PgConnection, committed: &[Committed], verdict: &mut Verdict) {
    let sql = "SELECT event_id, stream, version, times FROM effects";
    let effects: Vec<(Uuid, String, i64, i64)> =
        sqlx::query_as(sql).fetch_all(&mut *theirs).await.unwrap();
    let effects: BTreeMap<Uuid, _> = effects.into_iter().map(|it| (it.0, it)).collect();
    for event in committed {
        match effects.get(&event.event_id) {
            Some((_, _, _, times)) if *times > 1 => {
                verdict.add(Finding::EffectDoubled, format!("{times} times {event:?}"));
            }
            Some((_, stream, version, 1))
                if (stream, version) == (&event.stream_id, &event.version) => {}
            other => verdict.add(Finding::EffectMissed, format!("{event:?}: {other:?}")),
        }
    }
    if effects.len() > committed.len() {
        let what = format!("{} of {} events", effects.len(), committed.len());
        verdict.add(Finding::EffectDoubled, what);
    }
    let mut wanted: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for event in committed {
        let (events, last) = wanted.entry(&event.stream_id).or_default();
        (*events, *last) = (*events + 1, event.version.max(*last));
    }
    let sql = "SELECT stream, events, last_version FROM counters";
    let counters: Vec<(String, i64, i64)> =
        sqlx::query_as(sql).fetch_all(&mut *theirs).await.unwrap();
    let counters: BTreeMap<&str, (i64, i64)> = counters
        .iter()
        .map(|it| (it.0.as_str(), (it.1, it.2)))
        .collect();
    for (stream, count) in &wanted {
        let counted = counters.get(stream);
        if counted != Some(count) {
            let what = format!("{stream}: {counted:?} and not {count:?}");
            verdict.add(Finding::Miscounted, what);
        }
    }
    let sql = "SELECT stream_id, reason FROM dead_letters";
    let parked: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(theirs).await.unwrap();
    for parked in parked {
        verdict.add(Finding::Parked, format!("{parked:?}"));
    }
}
