//! Two replicas of one service in a stack: callers use both, and when the one whose relay leads is
//! killed the other takes over, the first comes back, and nothing is missing.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use bus::broker;
use bus::provision::stream_of;
use chassis::client::{
    Addresses, Credentials, NetworkSettings, Onward, Origin, Outgoing, Peer, Retries,
};
use chassis::contract::Contracts;
use chassis::settings::Secret;
use chassis::tasks::Tasks;
use contracts::catalog as pb;
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use contracts::common::{Money, UnitOfMeasure};
use prost::Message as _;
use testbed::{Proxy, eventually};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{Instant, sleep};
use uuid::Builder;

use crate::bed::{Bed, signal};

/// The processes of the catalog.
const REPLICAS: [&str; 2] = ["catalog", "catalog.2"];
/// Whatever was killed, everything goes on within this time.
const WITHIN: Duration = Duration::from_secs(60);
/// How many products are written while one of them dies.
const PRODUCTS: usize = 480;
/// So many callers write at a time.
const WRITERS: usize = 8;
/// How long each of them rests between two products.
const PACE: Duration = Duration::from_millis(25);

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_share_the_calls_and_one_takes_over_from_the_other() {
    let bed = Bed::fresh();
    let up = bed.run(&["up", "REPLICAS=catalog:2"]);
    assert_eq!(up.code, 0, "{up:?}");
    let ports = REPLICAS.map(|it| {
        let part = bed.part(it);
        assert_eq!(part["condition"], "ready", "{part}");
        part["port"].as_u64().unwrap()
    });
    assert_eq!(asked_by_hand(&bed, 16), BTreeSet::from(ports));

    let shop = Arc::new(Shop::of(&bed, ports).await);
    let before = leader(&bed).unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write_some(shop.clone(), writer));
    }
    sleep(PACE * 10).await;
    block_in_place(|| {
        signal(bed.pid(before.replica), "-KILL");
        // Whoever calls by hand meanwhile gets the other one.
        asked_by_hand(&bed, 2);
    });
    let mut written = BTreeSet::new();
    while let Some(ids) = writers.join_next().await {
        written.extend(ids.unwrap());
    }
    assert_eq!(written.len(), PRODUCTS, "each is another product");
    let [one, other] = shop.bytes();
    assert!(
        one.min(other) * 5 > one.max(other),
        "{one} and {other} bytes"
    );

    let has_lead = async || {
        let now = leader(&bed).ok_or("nobody leads")?;
        let taken = now.epoch > before.epoch && now.replica != before.replica;
        if taken { Ok(()) } else { Err("as before") }
    };
    let taken = eventually(WITHIN, "the other one leads", has_lead).await;
    taken.unwrap();
    let is_back = async || {
        let part = bed.part(before.replica);
        let back = part["condition"] == "ready" && part["restarts"] == 1;
        if back { Ok(()) } else { Err(part.to_string()) }
    };
    eventually(WITHIN, "the first is back", is_back)
        .await
        .unwrap();
    nothing_is_missing(&bed, &written).await;
    let verify = bed.run(&["verify"]);
    assert_eq!(verify.code, 0, "{verify:?}");
    assert_eq!(asked_by_hand(&bed, 16), BTreeSet::from(ports));
}

/// The ports that `retail call` went to.
fn asked_by_hand(bed: &Bed, times: usize) -> BTreeSet<u64> {
    let calls = (0..times).map(|_| {
        let call = bed.run(&[
            "call",
            "retail.catalog.v1.CatalogService/ListProducts",
            "{}",
        ]);
        assert_eq!(call.code, 0, "{call:?}");
        let (_, port) = call.errors.split_once(" 127.0.0.1:").unwrap();
        let (port, _) = port.split_once(' ').unwrap();
        port.parse().unwrap()
    });
    calls.collect()
}

/// Which replica publishes, and since when.
struct Leader {
    replica: &'static str,
    epoch: u64,
}

/// The last one that said so; the log of a replica goes on where that of its former life ended.
fn leader(bed: &Bed) -> Option<Leader> {
    let leads = REPLICAS.into_iter().flat_map(|replica| {
        let log = bed.home().join("logs").join(format!("{replica}.log"));
        let text = fs::read_to_string(log).unwrap_or_default();
        let lines = text.lines().filter(|it| it.contains("\"relay leads\""));
        let epochs = lines.map(|it| {
            let line: serde_json::Value = serde_json::from_str(it).unwrap();
            line["relay.epoch"]
                .to_string()
                .trim_matches('"')
                .parse()
                .unwrap()
        });
        let leads: Vec<_> = epochs.map(|epoch| Leader { replica, epoch }).collect();
        leads
    });
    leads.max_by_key(|it| it.epoch)
}

/// The part of one writer, at a pace that outlasts a kill. Returns the ids of its products.
async fn write_some(shop: Arc<Shop>, writer: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in (writer..PRODUCTS).step_by(WRITERS) {
        ids.push(shop.write(number).await);
        sleep(PACE).await;
    }
    ids
}

/// The catalog as a service calls it, each replica through a proxy that counts.
struct Shop {
    peer: Peer,
    proxies: [Proxy; 2],
    _tasks: Tasks,
}

impl Shop {
    async fn of(bed: &Bed, ports: [u64; 2]) -> Self {
        let [one, other] = ports.map(|it| {
            let port = u16::try_from(it).unwrap();
            SocketAddr::from(([127, 0, 0, 1], port))
        });
        let proxies = [
            Proxy::to(one).await.unwrap(),
            Proxy::to(other).await.unwrap(),
        ];
        let token = bed.run(&["token"]).output.trim().to_owned();
        let tasks = Tasks::default();
        let origin = Origin {
            contracts: Contracts::built().unwrap(),
            credentials: Credentials::token(&Secret::new(token)).unwrap(),
            tasks: tasks.clone(),
            retries: Retries::Here,
        };
        let addresses = Addresses::fixed([0, 1].map(|it: usize| proxies[it].address()));
        Self {
            peer: Peer::over_network(&origin, "catalog", addresses, NetworkSettings::default()),
            proxies,
            _tasks: tasks,
        }
    }

    fn client(&self) -> CatalogServiceClient<Outgoing> {
        CatalogServiceClient::new(self.peer.for_call(Onward::within(Duration::from_secs(5))))
    }

    /// Creates a product, however often that has to be asked. Returns its id.
    async fn write(&self, number: usize) -> String {
        let request = created(number);
        let begun = Instant::now();
        loop {
            match self.client().create_product(request.clone()).await {
                Ok(answer) => return answer.into_inner().product.unwrap().product_id,
                Err(status) => assert!(begun.elapsed() < WITHIN, "{number}: {status:?}"),
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn bytes(&self) -> [u64; 2] {
        [0, 1].map(|it: usize| self.proxies[it].traffic().to_server_bytes)
    }
}

fn created(number: usize) -> pb::CreateProductRequest {
    let request_id = Builder::from_random_bytes((number as u128 + 1).to_be_bytes());
    pb::CreateProductRequest {
        product: Some(pb::Product {
            sku: format!("R-{number}"),
            title: "Written while a replica dies".to_owned(),
            price: Some(Money {
                currency_code: "EUR".to_owned(),
                units: 1,
                nanos: 0,
            }),
            unit_of_measure: UnitOfMeasure::Each.into(),
            ..pb::Product::default()
        }),
        request_id: request_id.into_uuid().to_string(),
    }
}

/// Waits until the broker holds one event of each product.
async fn nothing_is_missing(bed: &Bed, written: &BTreeSet<String>) {
    let secrets = fs::read_to_string(bed.home().join("secrets.json")).unwrap();
    let secrets: serde_json::Value = serde_json::from_str(&secrets).unwrap();
    let password = secrets["nats"]["catalog"].as_str().unwrap();
    let url = format!("nats://catalog:{password}@127.0.0.1:{}", bed.port(22));
    let client = broker::options(&url, "catalog").connect(&url).await;
    let jetstream = jetstream::new(client.unwrap());
    let is_whole = async || {
        let stream = jetstream.get_stream(stream_of("catalog")).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let state = stream.cached_info().state.clone();
        let mut held: Vec<String> = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await;
            let message = message.map_err(|error| error.to_string())?;
            let event = pb::ProductEvent::decode(message.payload).unwrap();
            held.push(event.metadata.unwrap().aggregate_id);
        }
        let ours = held.iter().filter(|it| written.contains(*it)).count();
        let each = held.iter().collect::<BTreeSet<_>>();
        let missing = written.iter().filter(|it| !each.contains(it)).count();
        match (missing, ours) {
            (0, PRODUCTS) => Ok(()),
            other => Err(format!("{other:?} are missing and held")),
        }
    };
    let whole = eventually(WITHIN, "the broker holds each event once", is_whole);
    whole.await.unwrap();
}
