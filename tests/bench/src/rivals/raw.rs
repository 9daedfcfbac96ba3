//! The same rows in batches, by plain statements: nothing read, decided, locked or remembered, and
//! no policy. What is left of this speed is what a journal costs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;
use vocab::{EventId, Moment, ReservationId};

use crate::load::Run;
use crate::order::{Draw, Mix, ON_HAND, Order, World};
use crate::stock::ledger::{Fact, Line, Place, Reservation, summed};
use crate::stock::{Key, facts, store};

/// Reservations of one batch: what a batch of the journal takes.
const BATCH: usize = 512;

/// All in one statement, each part a plain insert or update of arrays.
const STATEMENT: &str = "WITH changed AS (
    UPDATE position AS p SET reserved = k.reserved, version = k.version, recorded_at = now()
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[])
        AS k(tenant, product, location, reserved, version)
    WHERE p.tenant_id = k.tenant AND p.product_id = k.product AND p.location_id = k.location),
 placed AS (
    INSERT INTO reservation SELECT k.tenant, k.id, 1, now(), k.lines, now() + interval '15 min'
    FROM unnest($6::uuid[], $7::uuid[], $8::bytea[]) AS k(tenant, id, lines))
 INSERT INTO events (tenant_id, stream_kind, stream_id, version, event_id, kind, payload,
    actor_type, actor_id, method, request_id, correlation_id, causation_id, reason, traceparent,
    effective_at, recorded_at)
 SELECT k.tenant, k.stream_kind, k.stream_id, k.version, k.event, k.kind, k.payload, 4, 'bench',
    'retail.inventory.v1.InventoryService/ReserveStock', k.request,
    coalesce(k.request::text, ''), '', '', '', now(), now()
 FROM unnest($9::uuid[], $10::text[], $11::text[], $12::bigint[], $13::uuid[], $14::text[],
    $15::bytea[], $16::uuid[])
    AS k(tenant, stream_kind, stream_id, version, event, kind, payload, request)";

/// Says how the rows of a batch are found: by their key, one by one, never by reading a table.
const PLAN: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
     SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan";

/// Fills the shelves with plain rows.
pub async fn stock(url: &str, world: &World) -> anyhow::Result<()> {
    let mut db = PgConnection::connect(url).await?;
    for shop in &world.shops {
        let products: Vec<Uuid> = shop.places.iter().map(|it| it.product.uuid()).collect();
        let locations: Vec<Uuid> = shop.places.iter().map(|it| it.location.uuid()).collect();
        let insert = "INSERT INTO position SELECT $1, k.p, k.l, 1, now(), $2, 0 \
             FROM unnest($3::uuid[], $4::uuid[]) AS k(p, l)";
        let insert = sqlx::query(insert).bind(shop.tenant.uuid()).bind(ON_HAND);
        let insert = insert.bind(products).bind(locations);
        insert.execute(&mut db).await?;
    }
    sqlx::raw_sql("ANALYZE").execute(&mut db).await?;
    db.close().await?;
    Ok(())
}

/// Writes batches for a time: hot ones on one connection, for they would only wait for each other;
/// cold ones on two, which share no key.
pub async fn run(sender: &mut [Sender], duration: Duration) -> anyhow::Result<Run> {
    let until = Instant::now() + duration;
    let mut run = Run::new(duration)?;
    let mut sending = JoinSet::new();
    for sender in sender.iter_mut() {
        let taken = sender.take().context("a sender that is there")?;
        sending.spawn(taken.send(until));
    }
    let mut back = sender.iter_mut();
    while let Some(sent) = sending.join_next().await {
        let (state, batches) = sent??;
        for (requests, took, in_time) in batches {
            for request in requests {
                run.note(Ok(request), took, in_time);
            }
        }
        if let Some(place) = back.next() {
            place.0 = Some(state);
        }
    }
    Ok(run)
}

/// One connection, and what it has written so far.
pub struct Sender(Option<State>);

struct State {
    db: PgConnection,
    draw: Draw,
    /// What each place has reserved, and its version.
    places: BTreeMap<(Uuid, Place), (i64, i64)>,
}

type Batch = (Vec<Uuid>, Duration, bool);

impl Sender {
    /// Connects one or two senders that share no key.
    pub async fn of(
        url: &str,
        world: &std::sync::Arc<World>,
        mix: Mix,
    ) -> anyhow::Result<Vec<Self>> {
        let draw = |seed| Draw::new(world, mix, seed);
        let draws = match mix {
            Mix::Hot => vec![draw(1)],
            Mix::Cold => vec![draw(2).half(false), draw(3).half(true)],
        };
        let mut senders = Vec::new();
        for draw in draws {
            let mut db = PgConnection::connect(url).await?;
            sqlx::raw_sql(PLAN).execute(&mut db).await?;
            let places = BTreeMap::new();
            senders.push(Self(Some(State { db, draw, places })));
        }
        Ok(senders)
    }

    fn take(&mut self) -> Option<State> {
        self.0.take()
    }
}

impl State {
    async fn send(mut self, until: Instant) -> anyhow::Result<(Self, Vec<Batch>)> {
        let mut batches = Vec::new();
        loop {
            let began = Instant::now();
            if began >= until {
                return Ok((self, batches));
            }
            let orders = (0..BATCH).filter_map(|_| self.draw.order()).collect();
            let requests = self.batch(orders).await?;
            let now = Instant::now();
            batches.push((requests, now - began, now <= until));
        }
    }

    async fn batch(&mut self, orders: Vec<Order>) -> anyhow::Result<Vec<Uuid>> {
        let mut rows = Rows::default();
        for order in &orders {
            rows.add(order);
        }
        let requests = orders.iter().map(|it| it.request).collect();
        let statement = rows.bound(&mut self.places);
        statement.execute(&mut self.db).await?;
        Ok(requests)
    }
}

/// The rows of one batch, as arrays.
#[derive(Default)]
struct Rows {
    reservations: (Vec<Uuid>, Vec<Uuid>, Vec<Vec<u8>>),
    held: BTreeMap<(Uuid, Place), Vec<(ReservationId, i64)>>,
    events: Events,
}

#[derive(Default)]
struct Events {
    tenants: Vec<Uuid>,
    kinds: Vec<&'static str>,
    streams: Vec<String>,
    versions: Vec<i64>,
    ids: Vec<Uuid>,
    facts: Vec<&'static str>,
    payloads: Vec<Vec<u8>>,
    requests: Vec<Option<Uuid>>,
}

type Bound = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

impl Rows {
    fn add(&mut self, order: &Order) {
        let (tenant, id) = (order.tenant.uuid(), order.reservation());
        let lines: Vec<Line> = summed(&order.lines);
        self.reservations.0.push(tenant);
        self.reservations.1.push(order.request);
        self.reservations.2.push(store::packed(&lines));
        for line in &lines {
            let holds = self.held.entry((tenant, line.place)).or_default();
            holds.push((id, line.quantity));
        }
        let expires_at = Moment::LAST;
        let fact = Fact::Placed(id, Reservation { lines, expires_at });
        self.events.add(tenant, &Key::Reservation(id), (1, &fact));
    }

    fn bound(mut self, places: &mut BTreeMap<(Uuid, Place), (i64, i64)>) -> Bound {
        let (mut tenants, mut products, mut locations) = (Vec::new(), Vec::new(), Vec::new());
        let (mut reserved, mut versions) = (Vec::new(), Vec::new());
        for ((tenant, place), holds) in self.held {
            let state = places.entry((tenant, place)).or_insert((0, 1));
            state.0 += holds.iter().map(|it| it.1).sum::<i64>();
            state.1 += 1;
            tenants.push(tenant);
            products.push(place.product.uuid());
            locations.push(place.location.uuid());
            reserved.push(state.0);
            versions.push(state.1);
            let fact = Fact::Held(place, holds, state.0);
            let key = Key::Position(place);
            self.events.add(tenant, &key, (state.1, &fact));
        }
        let query = sqlx::query(STATEMENT);
        let query = query.bind(tenants).bind(products).bind(locations);
        let query = query.bind(reserved).bind(versions);
        let (tenants, ids, lines) = self.reservations;
        let query = query.bind(tenants).bind(ids).bind(lines);
        self.events.bound(query)
    }
}

impl Events {
    fn add(&mut self, tenant: Uuid, key: &Key, (version, fact): (i64, &Fact)) {
        let stream = journal::Key::stream(key);
        let (kind, payload) = facts::write(fact);
        self.ids.push(event_id(tenant, version, &payload));
        self.tenants.push(tenant);
        self.kinds.push(stream.as_ref().map_or("", |it| it.kind));
        self.streams
            .push(stream.map(|it| it.id).unwrap_or_default());
        self.versions.push(version);
        self.facts.push(kind);
        self.payloads.push(payload);
        // A merged fact is nobody's request.
        self.requests.push(match key {
            Key::Reservation(id) => Some(id.uuid()),
            Key::Position(_) => None,
        });
    }

    fn bound(self, query: Bound) -> Bound {
        let query = query.bind(self.tenants).bind(self.kinds).bind(self.streams);
        let query = query.bind(self.versions).bind(self.ids).bind(self.facts);
        query.bind(self.payloads).bind(self.requests)
    }
}

fn event_id(tenant: Uuid, version: i64, payload: &[u8]) -> Uuid {
    EventId::derive(None, &[tenant.as_bytes(), &version.to_be_bytes(), payload]).uuid()
}
