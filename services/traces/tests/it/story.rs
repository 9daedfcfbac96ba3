//! What happens when a product is created, told by the exporters that services use.
//!
//! A shopper asks the gateway, which asks the catalog (trace A, and a second shopper: trace A2);
//! the journal writes both commands in one batch (B, linked to A and A2); the relay publishes (C,
//! linked to A) and inventory consumes (D, linked to A), where one span fails.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

/// Ids of what was told.
pub struct Told {
    pub request: SpanContext,
    pub second: SpanContext,
    pub batch: SpanContext,
    pub consumed: SpanContext,
}

struct Service {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// One span: its side, its name, and from when to when in milliseconds of the story.
struct Part(SpanKind, &'static str, u64, u64);

/// Tells the story to a receiver, as if it had begun at a moment.
pub async fn tell(otlp: SocketAddr, began: SystemTime) -> Told {
    let [shopper, gateway, catalog, inventory] =
        ["shopper", "gateway", "catalog", "inventory"].map(|name| service(name, otlp));
    let asked = |from_ms: u64| {
        let at = began + Duration::from_millis(from_ms);
        let root = shopper.tell(at, Part(SpanKind::Client, "CreateProduct", 0, 42), &[]);
        let http = "POST /v1/products";
        let door = gateway.below(&root, at, Part(SpanKind::Server, http, 1, 41));
        let rpc = "retail.catalog.v1.CatalogService/CreateProduct";
        let call = gateway.below(&door, at, Part(SpanKind::Client, rpc, 3, 40));
        catalog.below(&call, at, Part(SpanKind::Server, rpc, 5, 38))
    };
    let (first, second) = (asked(0), asked(2));
    let batch = Part(SpanKind::Internal, "journal batch", 8, 30);
    let batch = catalog.tell(began, batch, &[&first, &second]);
    let load = Part(SpanKind::Client, "load and lock products", 9, 14);
    catalog.below(&batch, began, load);
    catalog.below(&batch, began, Part(SpanKind::Client, "commit", 18, 29));
    let publish = Part(SpanKind::Producer, "publish product_created", 33, 36);
    catalog.tell(began, publish, &[&first]);
    let consume = Part(SpanKind::Consumer, "consume product_created", 45, 70);
    let consumed = inventory.tell(began, consume, &[&first]);
    inventory.fails(
        &consumed,
        began,
        Part(SpanKind::Internal, "open position", 48, 66),
    );
    let services = [shopper, gateway, catalog, inventory];
    let flushed = tokio::task::spawn_blocking(move || {
        services.map(|service| service.provider.shutdown().unwrap())
    });
    flushed.await.unwrap();
    Told {
        request: first,
        second,
        batch,
        consumed,
    }
}

/// All share one instance id, as services of one process may.
fn service(name: &'static str, otlp: SocketAddr) -> Service {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(format!("http://{otlp}"))
        .build()
        .unwrap();
    let about = [
        KeyValue::new("service.name", name),
        KeyValue::new("service.instance.id", "one"),
        KeyValue::new("service.version", "0.1.0"),
    ];
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder_empty().with_attributes(about).build())
        .with_batch_exporter(exporter)
        .build();
    let tracer = provider.tracer("chassis");
    Service { provider, tracer }
}

impl Service {
    fn tell(&self, began: SystemTime, part: Part, links: &[&SpanContext]) -> SpanContext {
        let links = links.iter().map(|it| Link::with_context((*it).clone()));
        let mut span = part.builder(began);
        span.links = Some(links.collect());
        self.end(span, &Context::new(), part.end(began))
    }

    fn below(&self, parent: &SpanContext, began: SystemTime, part: Part) -> SpanContext {
        let parent = Context::new().with_remote_span_context(parent.clone());
        self.end(part.builder(began), &parent, part.end(began))
    }

    fn fails(&self, parent: &SpanContext, began: SystemTime, part: Part) {
        let parent = Context::new().with_remote_span_context(parent.clone());
        let mut span = part
            .builder(began)
            .start_with_context(&self.tracer, &parent);
        let said = KeyValue::new("exception.message", "the location is closed");
        let at = part.end(began) - Duration::from_millis(1);
        span.add_event_with_timestamp("exception", at, vec![said]);
        span.set_status(Status::error("the location is closed"));
        span.end_with_timestamp(part.end(began));
    }

    fn end(&self, span: SpanBuilder, parent: &Context, at: SystemTime) -> SpanContext {
        let mut span = span.start_with_context(&self.tracer, parent);
        span.end_with_timestamp(at);
        span.span_context().clone()
    }
}

impl Part {
    fn builder(&self, began: SystemTime) -> SpanBuilder {
        let Self(kind, name, from_ms, _) = self;
        let attributes = vec![
            KeyValue::new("tenant", "acme"),
            KeyValue::new("rpc.attempt", 1_i64),
        ];
        SpanBuilder::from_name(*name)
            .with_kind(kind.clone())
            .with_start_time(began + Duration::from_millis(*from_ms))
            .with_attributes(attributes)
    }

    fn end(&self, began: SystemTime) -> SystemTime {
        began + Duration::from_millis(self.3)
    }
}
