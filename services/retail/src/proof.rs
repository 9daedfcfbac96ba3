//! The last step of `up`: one real write, and the trace of all that it caused.
//!
//! It belongs to a tenant of its own, so that nobody finds it among what is theirs, and it is one
//! product for ever: the first start creates it, each later one changes it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chassis::telemetry::TraceContext;
use contracts::catalog as pb;
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use contracts::common::{Money, UnitOfMeasure};
use prost_types::FieldMask;
use tokio::time::{Instant, timeout};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use uuid::Builder;
use vocab::{Clock, EventId};

use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::print::say;
use crate::probe;
use crate::token::{self, Role};
use crate::traced::Traced;

/// Its one product.
const SKU: &str = "PROOF-1";
/// How long one call may take.
const CALLED_WITHIN: Duration = Duration::from_secs(10);
/// What the trace of a write has at least: caller, rpc, wait, batch, relay.
const SPANS: usize = 5;
/// How long the spans may take to the page.
const SHOWN_WITHIN: Duration = Duration::from_secs(4);

/// A write that was answered.
struct Written {
    product: String,
    took: Duration,
    trace: Option<String>,
}

/// Writes, and says what came of it. A build without the catalog has nothing to write.
pub async fn run(home: &Home) -> Result<()> {
    let endpoints = Endpoints::of(home).unwrap_or_default();
    if !endpoints.services.contains_key("catalog") {
        return Ok(());
    }
    let Written {
        product,
        took,
        trace,
    } = write(home, &endpoints).await?;
    let told = format!("first write {product} in {} ms", took.as_millis());
    let Some(trace) = trace else {
        return Ok(say(&format!("  {told}"))?);
    };
    let whole = is_shown(&trace).await;
    let state = if whole { "trace" } else { "trace (incomplete)" };
    Ok(say(&format!("  {told} · {state} {trace}"))?)
}

async fn write(home: &Home, endpoints: &Endpoints) -> Result<Written> {
    let addresses = endpoints.addresses_of("catalog");
    let address = addresses.first().context("the catalog has no address")?;
    let bearer = format!(
        "Bearer {}",
        token::of(home, Role::Admin, token::PROOF).await?
    );
    let bearer: AsciiMetadataValue = bearer.parse()?;
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    let channel = endpoint.connect().await;
    let channel = channel.with_context(|| format!("{address} does not answer"))?;
    let mut shop = Shop {
        client: CatalogServiceClient::new(channel),
        bearer,
    };
    let known = shop.find().await.context("list products")?;
    let traced = Traced::begin(endpoints);
    let begun = Instant::now();
    let (product, trace) = match known {
        Some(id) => {
            let rpc = "retail.catalog.v1.CatalogService/UpdateProduct";
            traced.call(rpc, shop.change(id)).await
        }
        None => {
            let rpc = "retail.catalog.v1.CatalogService/CreateProduct";
            traced.call(rpc, shop.create()).await
        }
    };
    let took = begun.elapsed();
    traced.end().await;
    let Some(product) = product.context("write a product")? else {
        bail!("the answer holds no product");
    };
    Ok(Written {
        product: product.product_id,
        took,
        trace,
    })
}

/// The catalog as one caller reaches it.
struct Shop {
    client: CatalogServiceClient<Channel>,
    bearer: AsciiMetadataValue,
}

impl Shop {
    async fn find(&mut self) -> Result<Option<String>, Status> {
        let message = pb::ListProductsRequest {
            skus: vec![SKU.to_owned()],
            ..pb::ListProductsRequest::default()
        };
        let asking = self.asking(message);
        let found = self.client.list_products(asking).await?.into_inner();
        Ok(found.products.into_iter().next().map(|it| it.product_id))
    }

    async fn create(&mut self) -> Result<Option<pb::Product>, Status> {
        let title = title();
        let message = pb::CreateProductRequest {
            product: Some(pb::Product {
                sku: SKU.to_owned(),
                title: title.clone(),
                unit_of_measure: UnitOfMeasure::Each.into(),
                price: Some(Money {
                    currency_code: "EUR".to_owned(),
                    units: 1,
                    nanos: 0,
                }),
                ..pb::Product::default()
            }),
            request_id: request_id(&title),
        };
        let asking = self.asking(message);
        let created = self.client.create_product(asking).await;
        created.map(Response::into_inner).map(|it| it.product)
    }

    async fn change(&mut self, product_id: String) -> Result<Option<pb::Product>, Status> {
        let title = title();
        let message = pb::UpdateProductRequest {
            product: Some(pb::Product {
                product_id,
                title: title.clone(),
                ..pb::Product::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["title".to_owned()],
            }),
            request_id: request_id(&title),
        };
        let asking = self.asking(message);
        let changed = self.client.update_product(asking).await;
        changed.map(Response::into_inner).map(|it| it.product)
    }

    fn asking<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(CALLED_WITHIN);
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.bearer.clone());
        if let Some(trace) = TraceContext::current() {
            trace.write_metadata(metadata);
        }
        request
    }
}

/// Says when it was written, so that no two starts write the same.
fn title() -> String {
    format!("Written by the start at {}", Clock::system().now())
}

/// Names the write of this title, and no other.
fn request_id(title: &str) -> String {
    let id = EventId::derive(None, &[b"proof", title.as_bytes()]);
    let id = Builder::from_random_bytes(*id.uuid().as_bytes());
    id.into_uuid().to_string()
}

/// Waits until the page has the whole trace.
async fn is_shown(trace: &str) -> bool {
    let place = trace
        .strip_prefix("http://")
        .and_then(|it| it.split_once("/trace/"));
    let Some((address, id)) = place else {
        return false;
    };
    let Ok(address) = address.parse() else {
        return false;
    };
    let seconds = SHOWN_WITHIN.as_secs();
    let path = format!("/api/traces/{id}?wait={seconds}s&spans={SPANS}");
    let shown = timeout(SHOWN_WITHIN * 2, probe::page(address, &path)).await;
    matches!(shown, Ok(Ok(())))
}
