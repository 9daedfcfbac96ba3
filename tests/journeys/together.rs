//! Two services in one process: each has its own settings, port, health and telemetry, and one
//! calls the other without a network, as it would over one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::call::Call;
use chassis::client::{Credentials, Onward, Peer, PeersSettings, Retries};
use chassis::health::{Dependency, Need};
use chassis::service::{Around, Served, Service, Start, StartError};
use chassis::settings::{Reader, Secret};
use chassis::telemetry::TraceContext;
use contracts::catalog as pb;
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use contracts::common::{Money, UnitOfMeasure};
use contracts::payment::dispute_service_client::DisputeServiceClient;
use contracts::payment::dispute_service_server::{DisputeService, DisputeServiceServer};
use contracts::payment::{
    Dispute, GetDisputeRequest, GetDisputeResponse, ListDisputesRequest, ListDisputesResponse,
};
use testbed::eventually;
use tonic::{Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

use crate::SOON;
use crate::stack::{Stack, channel};

/// Tells disputes, one about each product of the catalog: as many as its settings say.
struct Disputes {
    catalog: Peer,
    most: usize,
}

#[tonic::async_trait]
impl DisputeService for Disputes {
    async fn get_dispute(
        &self,
        request: Request<GetDisputeRequest>,
    ) -> Result<Response<GetDisputeResponse>, Status> {
        Call::open(request)?;
        Err(Status::unimplemented(
            "the disputes of this test have no ids",
        ))
    }

    async fn list_disputes(
        &self,
        request: Request<ListDisputesRequest>,
    ) -> Result<Response<ListDisputesResponse>, Status> {
        let (call, _) = Call::open(request)?;
        let onward = Onward {
            tenant: None,
            ..Onward::from(&call)
        };
        let mut catalog = CatalogServiceClient::new(self.catalog.for_call(onward));
        let products = catalog.list_products(pb::ListProductsRequest::default());
        let products = products.await?.into_inner().products.into_iter();
        let disputes = products.take(self.most).map(|it| Dispute {
            amount: it.price,
            ..Dispute::default()
        });
        Ok(Response::new(ListDisputesResponse {
            disputes: disputes.collect(),
            next_page_token: String::new(),
        }))
    }
}

/// Whether what the disputes need is there.
type Provider = Arc<AtomicBool>;

/// The service, which knows its caller by this token.
fn payment(token: String, provider: Provider) -> Service {
    let settings = |reader: &mut Reader<'_>, around: &Around| {
        let outside = around.outside(&["catalog"]);
        assert!(outside.is_empty(), "the catalog is in this process");
        let peers = PeersSettings::read(reader, around.profile, &outside);
        let most = reader.bounded("DISPUTES_MAX", 1..=1_000, 1_000_u32);
        Some((peers?, most?))
    };
    Service::new(
        "payment",
        settings,
        async move |start: Start, (peers, most)| {
            let credentials = Credentials::token(&Secret::new(token)).map_err(StartError::of)?;
            let peers = start.connect(&peers, credentials, Retries::Elsewhere)?;
            let disputes = Disputes {
                catalog: peers.find("catalog").unwrap().clone(),
                most: usize::try_from(most).unwrap(),
            };
            let provider = Dependency::new("provider", Need::Required, move || {
                let provider = provider.clone();
                async move { provider.load(Ordering::Relaxed) }
            });
            Ok(Served::default()
                .with(DisputeServiceServer::new(disputes))
                .needing(provider))
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn services_in_one_process_stay_themselves_and_meet_in_memory() {
    let provider: Provider = Arc::new(AtomicBool::new(true));
    let there = provider.clone();
    let own = [
        ("PAYMENT_LISTEN", "127.0.0.1:0"),
        ("PAYMENT_DISPUTES_MAX", "2"),
    ];
    let stack = Stack::with(move |token| vec![payment(token, there)], &own).await;
    assert_ne!(
        stack.running.address("payment"),
        stack.running.address("catalog")
    );

    let calling = async {
        let root = tracing::info_span!("together");
        let trace = TraceContext::of_span(&root).unwrap().trace_id();
        let prices = told(&stack).instrument(root).await;
        assert_eq!(
            prices.len(),
            2,
            "as many as its own setting says, out of three"
        );
        assert!(prices.iter().all(|it| (1..=3).contains(it)), "{prices:?}");
        trace
    };
    let trace = calling.with_subscriber(stack.caller.dispatch()).await;
    is_one_tree(&stack, &trace).await;

    provider.store(false, Ordering::Relaxed);
    becomes(&stack, "payment", false).await;
    assert!(serves(&stack, "catalog").await, "it needs no provider");
    stack.end().await;
}

/// Writes three products, and returns the prices of what is disputed.
async fn told(stack: &Stack) -> Vec<i64> {
    let peer = stack.over_tcp();
    for number in 1..=3 {
        let request = pb::CreateProductRequest {
            product: Some(pb::Product {
                sku: format!("T-{number}"),
                title: "Told together".to_owned(),
                price: Some(Money {
                    currency_code: "EUR".to_owned(),
                    units: number,
                    nanos: 0,
                }),
                unit_of_measure: UnitOfMeasure::Each.into(),
                ..pb::Product::default()
            }),
            request_id: format!("7d0e1f5c-0b1a-4c3e-9d11-10000000000{number}"),
        };
        let mut client = CatalogServiceClient::new(peer.for_call(Onward::within(SOON)));
        client.create_product(request).await.unwrap();
    }
    let payment = stack.peer("payment");
    let mut client = DisputeServiceClient::new(payment.for_call(Onward::within(SOON)));
    let answer = client.list_disputes(ListDisputesRequest::default()).await;
    let disputes = answer.unwrap().into_inner().disputes;
    let prices = disputes.into_iter().map(|it| it.amount.unwrap().units);
    prices.collect()
}

/// The call over the network and the one in memory hang on each other, and each service signs its
/// spans with an instance of its own.
async fn is_one_tree(stack: &Stack, trace: &str) {
    let chain = [
        "caller client ListDisputes",
        "payment server ListDisputes",
        "payment client ListProducts",
        "catalog server ListProducts",
    ];
    let is_whole = async || {
        let spans = stack.collector.around(trace).await;
        let find = |title: &str| spans.iter().find(|it| it.title() == title);
        let hangs = chain.windows(2).all(|pair| {
            let (above, below) = (find(pair[0]), find(pair[1]));
            above
                .zip(below)
                .is_some_and(|(above, below)| below.parent.as_ref() == Some(&above.name))
        });
        let instances = chain
            .iter()
            .filter_map(|it| Some(find(it)?.instance.as_str()));
        match (hangs, instances.collect::<BTreeSet<_>>().len()) {
            (true, 3) => Ok(()),
            other => Err(format!("{other:?}: {spans:#?}")),
        }
    };
    let whole = eventually(SOON, "the trace is one tree", is_whole).await;
    whole.unwrap_or_else(|late| panic!("{late}"));
}

async fn serves(stack: &Stack, service: &str) -> bool {
    let mut health = HealthClient::new(channel(&stack.running, service).await);
    let answer = health.check(HealthCheckRequest::default()).await.unwrap();
    answer.into_inner().status == 1
}

async fn becomes(stack: &Stack, service: &str, well: bool) {
    let is_so = async || match serves(stack, service).await == well {
        true => Ok(()),
        false => Err("it is not"),
    };
    let within = Duration::from_secs(20);
    eventually(within, "health tells it", is_so).await.unwrap();
}
