//! A product is created, read, changed and published: what the caller, the log, the broker, the
//! consumer and the collector hold of it, the same over TCP and in memory.

use std::collections::BTreeSet;

use bus::provision::stream_of;
use chassis::client::{Onward, Outgoing, Peer};
use chassis::telemetry::TraceContext;
use contracts::catalog as pb;
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use contracts::common::{Money, UnitOfMeasure};
use prost::Message as _;
use prost_types::FieldMask;
use sqlx::types::Uuid;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;
use vocab::EventId;

use crate::SOON;
use crate::collector::{Name, Span};
use crate::stack::{Stack, tenant};

/// The events that the journey leaves, and the calls that make them.
const EVENTS: [(&str, &str); 3] = [
    ("retail.catalog.v1.ProductCreated", "CreateProduct"),
    ("retail.catalog.v1.ProductUpdated", "UpdateProduct"),
    ("retail.catalog.v1.ProductPublished", "PublishProduct"),
];

/// The calls of the journey, in order.
const CALLS: [&str; 5] = [
    "CreateProduct",
    "CreateProduct",
    "GetProduct",
    "UpdateProduct",
    "PublishProduct",
];

/// What the caller knows after the journey.
struct Travelled {
    product: String,
    trace: String,
    request_id: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_goes_the_same_way_over_tcp_and_in_memory() {
    let stack = Stack::start().await;
    let mut ways = Vec::new();
    for (number, peer) in [stack.over_tcp(), stack.in_memory()].iter().enumerate() {
        let journey = async {
            let root = tracing::info_span!("journey");
            journey(peer, number).instrument(root).await
        };
        let travelled = journey.with_subscriber(stack.caller.dispatch()).await;
        copied(&stack, &travelled).await;
        let recorded = recorded(&stack, &travelled).await;
        published(&stack, &travelled, &recorded).await;
        ways.push(traced(&stack, &travelled, &recorded).await);
    }
    assert_eq!(ways[0], ways[1], "both transports leave the same spans");
    stack.end().await;
}

fn client(peer: &Peer) -> CatalogServiceClient<Outgoing> {
    CatalogServiceClient::new(peer.for_call(Onward::within(SOON)))
}

async fn journey(peer: &Peer, number: usize) -> Travelled {
    let request = pb::CreateProductRequest {
        product: Some(pb::Product {
            sku: format!("THREAD-{number}"),
            title: "First".to_owned(),
            price: Some(Money {
                currency_code: "EUR".to_owned(),
                units: 10,
                nanos: 0,
            }),
            unit_of_measure: UnitOfMeasure::Each.into(),
            ..pb::Product::default()
        }),
        request_id: format!("7d0e1f5c-0b1a-4c3e-9d11-00000000000{number}"),
    };
    let created = client(peer).create_product(request.clone()).await.unwrap();
    let again = client(peer).create_product(request.clone()).await.unwrap();
    let (created, again) = (created.into_inner(), again.into_inner());
    assert_eq!(created.encode_to_vec(), again.encode_to_vec());
    let product = created.product.unwrap();
    assert_eq!(read(peer, &product.product_id).await, product);
    let changed = pb::UpdateProductRequest {
        product: Some(pb::Product {
            title: "Second".to_owned(),
            brand: "not in the mask".to_owned(),
            ..product.clone()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["title".to_owned()],
        }),
        ..pb::UpdateProductRequest::default()
    };
    let updated = client(peer).update_product(changed).await.unwrap();
    let updated = updated.into_inner().product.unwrap();
    assert_eq!((updated.title.as_str(), updated.version), ("Second", 2));
    assert_eq!(updated.brand, product.brand);
    let publish = pb::PublishProductRequest {
        product_id: product.product_id.clone(),
        ..pb::PublishProductRequest::default()
    };
    let active = client(peer).publish_product(publish).await.unwrap();
    let active = active.into_inner().product.unwrap();
    assert_eq!(active.version, 3);
    assert_eq!(active.state, i32::from(pb::ProductState::Active));
    Travelled {
        product: product.product_id,
        trace: TraceContext::current().unwrap().trace_id(),
        request_id: request.request_id,
    }
}

async fn read(peer: &Peer, product: &str) -> pb::Product {
    let request = pb::GetProductRequest {
        product_id: product.to_owned(),
        ..pb::GetProductRequest::default()
    };
    let found = client(peer).get_product(request).await.unwrap();
    found.into_inner().product.unwrap()
}

/// The consumer has every version once and in order, and what the events said.
async fn copied(stack: &Stack, travelled: &Travelled) {
    let mut admin = PgConnection::connect(&stack.copies.admin_url())
        .await
        .unwrap();
    let whole = "1 created First\n2 updated Second\n3 published\n";
    let told = async || {
        let sql = "SELECT story FROM copies WHERE product_id = $1 AND tenant_id = $2::uuid";
        let story = sqlx::query_scalar(sql)
            .bind(&travelled.product)
            .bind(tenant().uuid().to_string());
        let story: Option<String> = story.fetch_optional(&mut admin).await.unwrap();
        let story = story.unwrap_or_default();
        (story == whole).then_some(()).ok_or(story)
    };
    eventually(SOON, "the consumer has the whole story", told)
        .await
        .unwrap();
}

/// One row of the log.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    version: i64,
    event: Uuid,
    traceparent: String,
    request: Option<String>,
}

/// The log has one fact for each change; the repetition left none.
async fn recorded(stack: &Stack, travelled: &Travelled) -> Vec<Row> {
    let mut admin = PgConnection::connect(&stack.catalog.admin_url())
        .await
        .unwrap();
    let sql = "SELECT version, event_id AS event, traceparent, request_id::text AS request
        FROM events WHERE stream_id = $1 ORDER BY position";
    let rows = sqlx::query_as(sql).bind(&travelled.product);
    let rows: Vec<Row> = rows.fetch_all(&mut admin).await.unwrap();
    let versions: Vec<i64> = rows.iter().map(|it| it.version).collect();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(rows[0].request.as_ref(), Some(&travelled.request_id));
    rows
}

/// The broker has each fact once, with headers by which tools know it without the schema.
async fn published(stack: &Stack, travelled: &Travelled, recorded: &[Row]) {
    let stream = stack.jetstream.get_stream(stream_of("catalog")).await;
    let stream = stream.unwrap();
    let state = stream.cached_info().state.clone();
    let mut found = Vec::new();
    for sequence in state.first_sequence..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await.unwrap();
        if message.subject.ends_with(&travelled.product) {
            found.push(message);
        }
    }
    assert_eq!(found.len(), EVENTS.len());
    for ((message, row), (kind, _)) in found.iter().zip(recorded).zip(EVENTS) {
        let event = pb::ProductEvent::decode(message.payload.clone()).unwrap();
        let metadata = event.metadata.unwrap();
        let at = contracts::convert::moment(&metadata.record_time.unwrap()).unwrap();
        let expected = [
            ("Nats-Msg-Id", metadata.event_id.as_str()),
            ("ce-specversion", "1.0"),
            ("ce-id", metadata.event_id.as_str()),
            ("ce-source", "/retail/catalog"),
            ("ce-type", kind),
            ("ce-time", &at.to_string()),
            ("content-type", "application/protobuf"),
            ("traceparent", &row.traceparent),
        ];
        for (name, value) in expected {
            let header = message.headers.get(name).map(|it| it.as_str());
            assert_eq!(header, Some(value), "{name}");
        }
        let id = EventId::from_uuid(row.event).to_string();
        assert_eq!(metadata.event_id, id);
        assert_eq!(metadata.aggregate_version, row.version);
        assert_eq!(metadata.tenant_id, tenant().to_string());
    }
}

/// The trace leads from the caller to the write, and from the write to whatever it caused. Returns
/// what hangs on what, without the ids.
async fn traced(stack: &Stack, travelled: &Travelled, recorded: &[Row]) -> BTreeSet<String> {
    let whole = async || {
        let spans = stack.collector.around(&travelled.trace).await;
        let hanging: BTreeSet<String> = spans.iter().flat_map(|it| hangs(it, &spans)).collect();
        let mut missing: Vec<String> = expected().difference(&hanging).cloned().collect();
        missing.extend(unfollowed(&spans, travelled, recorded));
        match missing.is_empty() {
            // Which events met in one chunk or batch of the consumer is nobody's promise.
            true => Ok(hanging.into_iter().filter(|it| is_promised(it)).collect()),
            false => Err(format!("missing {missing:#?}, there is {hanging:#?}")),
        }
    };
    let waited = eventually(SOON, "the trace is whole", whole).await;
    waited.unwrap_or_else(|late| panic!("{late}"))
}

/// Which writes are not followed as they have to be: each fact names the span that served its call,
/// in the trace of the caller, and one span of each kind hangs on it, directly or further down.
fn unfollowed(spans: &[Span], travelled: &Travelled, recorded: &[Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (row, (kind, call)) in recorded.iter().zip(EVENTS) {
        let serves = |it: &&Span| {
            let ours = it.name.trace == travelled.trace;
            ours && it.title() == format!("catalog server {call}")
        };
        let mut serving = spans.iter().filter(serves);
        let Some(server) = serving.find(|it| it.name.traceparent() == row.traceparent) else {
            wrong.push(format!("the span of {call} that wrote {}", row.version));
            continue;
        };
        for title in following(kind) {
            let below = |it: &&Span| it.title() == title && is_below(it, server, spans);
            let followed = spans.iter().filter(below).count();
            if followed != 1 {
                wrong.push(format!("{title} follows {call} once, not {followed} times"));
            }
        }
    }
    wrong
}

/// What follows from a write, all of it in the trace of the caller.
fn following(kind: &str) -> [String; 4] {
    let (event, fact) = names(kind);
    [
        "catalog internal journal submit".to_owned(),
        "catalog internal journal batch".to_owned(),
        format!("catalog producer relay {fact}"),
        format!("copies consumer consume {event}"),
    ]
}

/// `ProductCreated` and `product_created`.
fn names(kind: &str) -> (&str, String) {
    let event = kind.rsplit('.').next().unwrap();
    let fact = event.replace("Product", "product_").to_lowercase();
    (event, fact)
}

/// Whether a span hangs on another, in one trace.
fn is_below(span: &Span, top: &Span, among: &[Span]) -> bool {
    let up = |it: &&Span| {
        among
            .iter()
            .find(|above| it.parent.as_ref() == Some(&above.name))
    };
    let mut above = std::iter::successors(up(&span), up).take(among.len());
    span.name.trace == top.name.trace && above.any(|it| it.name == top.name)
}

/// Whether a line says where a span is, and not in whose company.
fn is_promised(line: &str) -> bool {
    !line.contains("journal batch") && !line.contains("follows from")
}

/// What has to hang on what.
fn expected() -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for call in CALLS {
        let (ours, theirs) = (
            format!("caller client {call}"),
            format!("catalog server {call}"),
        );
        expected.insert(format!("{ours} is part of caller internal journey"));
        expected.insert(format!("{theirs} is part of {ours}"));
    }
    let (submit, batch) = ("internal journal submit", "internal journal batch");
    for service in ["catalog", "copies"] {
        expected.insert(format!("{service} {batch} is part of {service} {submit}"));
    }
    for (kind, call) in EVENTS {
        let (event, fact) = names(kind);
        let served = format!("catalog server {call}");
        let consumes = format!("copies consumer consume {event}");
        for part in [
            format!("catalog {submit} is part of {served}"),
            format!("catalog producer relay {fact} is part of {served}"),
            format!("{consumes} is part of {served}"),
            format!("copies {submit} is part of {consumes}"),
        ] {
            expected.insert(part);
        }
    }
    expected
}

/// What a span hangs on, among others.
fn hangs(span: &Span, among: &[Span]) -> Vec<String> {
    let title = |name: &Name| among.iter().find(|it| it.name == *name).map(Span::title);
    let parent = span.parent.iter().filter_map(title);
    let parent = parent.map(|it| format!("{} is part of {it}", span.title()));
    let links = span.links.iter().filter_map(title);
    let links = links.map(|it| format!("{} follows from {it}", span.title()));
    parent.chain(links).collect()
}
