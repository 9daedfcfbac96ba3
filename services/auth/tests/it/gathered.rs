//! What other services publish becomes entries of the audit trail, through a real broker; what the
//! broker lost is fetched from its owner, to whom auth shows a token of its own.

use std::net::TcpListener;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, Context};
use bus::provision::Provision;
use chassis::call::Call;
use chassis::service::{Running, Served, Service};
use contracts::auth as api;
use contracts::common::{Actor, ActorType, EventMetadata, EventRecord};
use contracts::convert::timestamp;
use contracts::ops as pb;
use contracts::ops::ops_service_server::{OpsService, OpsServiceServer};
use futures_util::stream::BoxStream;
use prost::Message;
use testbed::{Nats, NatsSettings, eventually};
use tonic::{Request, Response, Status, async_trait};
use vocab::{Clock, EventId, TenantId};

use crate::SOON;
use crate::bed::*;
use crate::elsewhere::running;

const PRODUCT: &str = "prd_01h455vb4pex5vsknk084sn02q";

/// What every published envelope begins with.
#[derive(Clone, PartialEq, Message)]
struct Head {
    #[prost(message, optional, tag = "1")]
    metadata: Option<EventMetadata>,
}

/// An event of a stream of catalog, as it is published.
fn head(tenant: TenantId, version: i64) -> Head {
    let number = u8::try_from(version).unwrap();
    Head {
        metadata: Some(EventMetadata {
            event_id: EventId::at(1, [number; 10]).to_string(),
            tenant_id: tenant.to_string(),
            aggregate_type: "product".to_owned(),
            aggregate_id: PRODUCT.to_owned(),
            aggregate_version: version,
            record_time: Some(timestamp(Clock::system().now())),
            actor: Some(Actor {
                r#type: ActorType::Service.into(),
                actor_id: "store".to_owned(),
            }),
            method: "retail.catalog.v1.CatalogService/UpdateProduct".to_owned(),
            history: 1,
            part: 1,
            parts: 1,
            ..EventMetadata::default()
        }),
    }
}

fn subject(tenant: TenantId) -> String {
    format!("retail.v1.{tenant}.catalog.product_updated.{PRODUCT}")
}

const KIND: &str = "retail.catalog.v1.ProductUpdated";

/// The owner of the stream: tells its second event again to whoever may ask.
#[derive(Clone)]
struct Owner;

macro_rules! unserved {
    ($($name:ident($request:ident) -> $response:ident;)+) => {
        #[async_trait]
        impl OpsService for Owner {
            type TailEventsStream = BoxStream<'static, Result<pb::TailEventsResponse, Status>>;

            async fn fetch_stream(
                &self,
                request: Request<pb::FetchStreamRequest>,
            ) -> Result<Response<pb::FetchStreamResponse>, Status> {
                let (call, request) = Call::open(request)?;
                Ok(Response::new(told(call.tenant, &request)))
            }

            async fn tail_events(
                &self,
                _: Request<pb::TailEventsRequest>,
            ) -> Result<Response<Self::TailEventsStream>, Status> {
                Err(Status::unimplemented("not here"))
            }

            $(
                async fn $name(
                    &self,
                    _: Request<pb::$request>,
                ) -> Result<Response<pb::$response>, Status> {
                    Err(Status::unimplemented("not here"))
                }
            )+
        }
    };
}

unserved! {
    list_events(ListEventsRequest) -> ListEventsResponse;
    get_event(GetEventRequest) -> GetEventResponse;
    list_projections(ListProjectionsRequest) -> ListProjectionsResponse;
    get_projection(GetProjectionRequest) -> GetProjectionResponse;
    rebuild_projection(RebuildProjectionRequest) -> RebuildProjectionResponse;
    list_consumers(ListConsumersRequest) -> ListConsumersResponse;
    get_consumer(GetConsumerRequest) -> GetConsumerResponse;
    list_dead_letters(ListDeadLettersRequest) -> ListDeadLettersResponse;
    get_dead_letter(GetDeadLetterRequest) -> GetDeadLetterResponse;
    redrive_dead_letter(RedriveDeadLetterRequest) -> RedriveDeadLetterResponse;
    redrive_consumer(RedriveConsumerRequest) -> RedriveConsumerResponse;
    resync_dead_letter(ResyncDeadLetterRequest) -> ResyncDeadLetterResponse;
    get_relay_status(GetRelayStatusRequest) -> GetRelayStatusResponse;
    start_verification(StartVerificationRequest) -> StartVerificationResponse;
    get_verification(GetVerificationRequest) -> GetVerificationResponse;
    list_verifications(ListVerificationsRequest) -> ListVerificationsResponse;
    list_verification_differences(ListVerificationDifferencesRequest)
        -> ListVerificationDifferencesResponse;
    cancel_verification(CancelVerificationRequest) -> CancelVerificationResponse;
    get_service_info(GetServiceInfoRequest) -> GetServiceInfoResponse;
}

fn told(tenant: TenantId, request: &pb::FetchStreamRequest) -> pb::FetchStreamResponse {
    assert_eq!(request.aggregate_id, PRODUCT);
    let versions = request.from_version.max(1)..=request.to_version.min(3);
    let events = versions.map(|version| {
        let head = head(tenant, version);
        EventRecord {
            metadata: head.metadata.clone(),
            event_type: KIND.to_owned(),
            subject: subject(tenant),
            position: version,
            payload: Some(prost_types::Any {
                type_url: "type.googleapis.com/retail.catalog.v1.ProductEvent".to_owned(),
                value: head.encode_to_vec(),
            }),
        }
    });
    pb::FetchStreamResponse {
        events: events.collect(),
        last_version: 3,
        history: 1,
    }
}

async fn broker(nats: &Nats) -> Context {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = jetstream::new(client);
    let provision = Provision {
        max_bytes: 32 << 20,
        ..Provision::default()
    };
    provision
        .apply(&jetstream, &["auth", "catalog"])
        .await
        .unwrap();
    jetstream
}

async fn publish(jetstream: &Context, tenant: TenantId, version: i64) {
    let mut headers = HeaderMap::new();
    headers.insert("ce-type", KIND);
    let payload = head(tenant, version).encode_to_vec();
    let sent = jetstream.publish_with_headers(subject(tenant), headers, payload.into());
    sent.await.unwrap().await.unwrap();
}

/// Where nobody listens yet.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn catalog(bed: &Bed, address: &str) -> Running {
    let service = Service::new(
        "catalog",
        |_, _| Some(()),
        |_, ()| async { Ok(Served::default().with(OpsServiceServer::new(Owner))) },
    );
    running(bed, service, address).await
}

/// The versions of the product that the trail knows of.
async fn known(admin: &Clients) -> Vec<i64> {
    let request = api::ListAuditEntriesRequest {
        aggregate_id: PRODUCT.to_owned(),
        ..api::ListAuditEntriesRequest::default()
    };
    let mut audit = admin.audit.clone();
    let listed = audit.list_audit_entries(request).await.unwrap();
    let entries = listed.into_inner().entries;
    assert!(entries.iter().all(|it| it.event_type == KIND));
    let mut versions: Vec<i64> = entries.iter().map(|it| it.aggregate_version).collect();
    versions.sort_unstable();
    versions
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_do_is_in_the_trail_even_if_the_broker_lost_it() {
    let nats = Nats::start(&NatsSettings::default()).await.unwrap();
    let jetstream = broker(&nats).await;
    let address = free_address();
    let owner = format!("http://{address}");
    let url = nats.url();
    let bed = Bed::with(&[("NATS_URL", &url), ("RETAIL_CATALOG_URL", &owner)]).await;
    let _catalog = catalog(&bed, &address).await;
    let (admin, issued) = bed.role("admin").await;
    let tenant: TenantId = issued.tenant_id.parse().unwrap();
    publish(&jetstream, tenant, 1).await;
    publish(&jetstream, tenant, 1).await;
    let first = async || (known(&admin).await == [1]).then_some(());
    eventually(SOON, "the first is known", first).await.unwrap();
    // The second never reaches the broker.
    publish(&jetstream, tenant, 3).await;
    let all = async || match known(&admin).await.as_slice() {
        [1, 2, 3] => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "what was lost is fetched", all)
        .await
        .unwrap();
    bed.verify().await;
}
