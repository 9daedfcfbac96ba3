//! The rpcs of operators, called through a real edge with a real token.

use std::io::sink;
use std::sync::Arc;
use std::time::Duration;

use bus::ops::served;
use chassis::contract::Contracts;
use chassis::edge::{Edge, EdgeSettings, Parts};
use chassis::fault::StatusView;
use chassis::telemetry::{Identity, Level, Telemetry, TelemetrySettings};
use chassis::token::{Grant, ISSUER, KeySource, MESH, Signer, TokenSettings, Verifier};
use contracts::ops as pb;
use contracts::ops::ops_service_client::OpsServiceClient;
use tokio::time::timeout;
use tonic::service::Routes;
use tonic::{Request, Status};
use uuid::Uuid;
use vocab::{Clock, TenantId, UserId};

use crate::SOON;
use crate::bed::{Bed, fact, tenant, write};
use crate::operating::{SERVICE, owner};

const PERMISSIONS: &[&str] = &[
    "event.read",
    "event.fetch",
    "service_info.read",
    "verification.run",
    "verification.read",
];

/// A client of an owner, and the token that it shows.
struct Desk {
    client: OpsServiceClient<Edge>,
    token: String,
}

impl Desk {
    async fn new(bed: &Bed, tenant: TenantId, permissions: &[&str]) -> Self {
        let signer = Signer::for_development().unwrap();
        let grant = Grant {
            tenant,
            subject: UserId::at(1, [2; 10]).to_string(),
            permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
            customer: None,
            locations: Vec::new(),
            session: "ses".to_owned(),
            audience: MESH.to_owned(),
            life: Duration::from_secs(600),
        };
        let token = signer.sign(&grant, Clock::system().now()).unwrap();
        Self {
            client: OpsServiceClient::new(edge(bed, &signer).await),
            token: format!("Bearer {token}"),
        }
    }

    fn asking<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        let token = self.token.parse().unwrap();
        request.metadata_mut().insert("authorization", token);
        request
    }
}

async fn edge(bed: &Bed, signer: &Signer) -> Edge {
    let identity = Identity {
        service: SERVICE.to_owned(),
        version: "0".to_owned(),
        instance: "replica".to_owned(),
    };
    let watched = TelemetrySettings {
        endpoint: None,
        sample_ratio: 0.0,
        level: Level::Debug,
    };
    let telemetry = Telemetry::start(&identity, &watched, Clock::system(), sink()).unwrap();
    let trusted = TokenSettings {
        issuers: vec![ISSUER.to_owned()],
        keys_file: None,
        life_max: Duration::from_secs(600),
        development: true,
    };
    let keys = KeySource::Fixed(signer.jwks());
    let settings = EdgeSettings {
        calls_per_caller: 1_000,
        calls_per_tenant: 1_000,
        reads_in_flight: 64,
        writes_in_flight: 64,
        waiting_max: 64,
        wait_max: Duration::from_millis(50),
        write_wait_max: Duration::from_millis(300),
        strict: true,
    };
    Edge::new(Parts {
        service: SERVICE,
        routes: Routes::new(served(owner(bed, None).await)),
        names: &["retail.ops.v1.OpsService"],
        bulk: &[],
        contracts: &Contracts::built().unwrap(),
        verifier: Arc::new(Verifier::new(SERVICE, &trusted, keys, Clock::system())),
        telemetry: &telemetry,
        settings: &settings,
        pressure: None,
    })
    .unwrap()
}

fn reason(status: &Status) -> String {
    StatusView::of(status).unwrap().reason
}

#[tokio::test]
async fn an_operator_is_answered_through_the_edge_for_the_tenant_of_the_token() {
    let bed = Bed::shared("serve_ops").await;
    write(&mut bed.admin().await, &fact("a", 1)).await;
    let wanted = || pb::FetchStreamRequest {
        service: SERVICE.to_owned(),
        aggregate_id: "a".to_owned(),
        from_version: 1,
        to_version: 0,
    };
    let mut desk = Desk::new(&bed, tenant(1), PERMISSIONS).await;
    let request = desk.asking(wanted());
    let fetched = desk.client.fetch_stream(request).await.unwrap();
    assert_eq!(fetched.into_inner().events.len(), 1);
    let mut stranger = Desk::new(&bed, tenant(2), PERMISSIONS).await;
    let request = stranger.asking(wanted());
    let refused = stranger.client.fetch_stream(request).await.unwrap_err();
    assert_eq!(reason(&refused), "STREAM_UNKNOWN");
    let request = desk.asking(pb::GetServiceInfoRequest {
        service: "order".to_owned(),
    });
    let refused = desk.client.get_service_info(request).await.unwrap_err();
    assert_eq!(reason(&refused), "SERVICE_NOT_HERE");
    let mut limited = Desk::new(&bed, tenant(1), &[]).await;
    let request = limited.asking(wanted());
    let refused = limited.client.fetch_stream(request).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
}

#[tokio::test]
async fn a_tail_is_streamed_through_the_edge() {
    let bed = Bed::shared("serve_tail").await;
    let mut desk = Desk::new(&bed, tenant(1), PERMISSIONS).await;
    let request = desk.asking(pb::TailEventsRequest {
        service: SERVICE.to_owned(),
        ..pb::TailEventsRequest::default()
    });
    let mut tail = desk.client.tail_events(request).await.unwrap().into_inner();
    timeout(SOON, tail.message()).await.unwrap().unwrap();
    write(&mut bed.admin().await, &fact("a", 1)).await;
    let step = timeout(SOON, tail.message()).await.unwrap().unwrap();
    let Some(pb::tail_events_response::Update::Event(event)) = step.unwrap().update else {
        panic!("no event");
    };
    assert_eq!(event.metadata.unwrap().aggregate_id, "a");
}

#[tokio::test]
async fn a_verification_is_begun_under_the_request_id_of_its_message() {
    let bed = Bed::shared("serve_verify").await;
    let mut desk = Desk::new(&bed, tenant(1), PERMISSIONS).await;
    let message = pb::StartVerificationRequest {
        service: SERVICE.to_owned(),
        request_id: Uuid::from_u128(7).to_string(),
        ..pb::StartVerificationRequest::default()
    };
    let request = desk.asking(message.clone());
    let first = desk.client.start_verification(request).await.unwrap();
    let request = desk.asking(message);
    let again = desk.client.start_verification(request).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());
    let request = desk.asking(pb::StartVerificationRequest {
        service: SERVICE.to_owned(),
        ..pb::StartVerificationRequest::default()
    });
    let refused = desk.client.start_verification(request).await.unwrap_err();
    assert_eq!(reason(&refused), "VALIDATION_FAILED");
}
