//! What catalog and store publish reaches stock through the broker, once each.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, Context};
use bus::provision::Provision;
use contracts::catalog::product_event::Event as ProductEvent;
use contracts::common::EventMetadata;
use contracts::inventory as pb;
use contracts::store::location_event::Event as LocationEvent;
use contracts::store::sale_event::Event as SaleEvent;
use contracts::store::sale_return_event::Event as ReturnEvent;
use contracts::{catalog, store};
use prost::Message as _;
use testbed::{Nats, NatsSettings, eventually};
use vocab::{SaleId, SaleReturnId};

use crate::SOON;
use crate::bed::*;
use crate::past::position;
use crate::verified::verify;

/// Publishes as the owners would.
struct Owners(Context);

impl Owners {
    async fn of(nats: &Nats) -> Self {
        let client = async_nats::connect(nats.url()).await.unwrap();
        let jetstream = jetstream::new(client);
        let provision = Provision {
            max_bytes: 32 << 20,
            ..Provision::default()
        };
        let contexts = ["catalog", "store", "inventory"];
        provision.apply(&jetstream, &contexts).await.unwrap();
        Self(jetstream)
    }

    async fn tell(
        &self,
        (context, kind, token): (&str, &str, &str),
        metadata: &EventMetadata,
        payload: Vec<u8>,
    ) {
        let stream = &metadata.aggregate_id;
        let subject = format!("retail.v1.{}.{context}.{token}.{stream}", tenant(1));
        let mut headers = HeaderMap::new();
        headers.insert("ce-type", format!("retail.{context}.v1.{kind}"));
        let sent = self
            .0
            .publish_with_headers(subject, headers, payload.into());
        sent.await.unwrap().await.unwrap();
    }

    async fn product(&self, number: u8, version: i64, title: &str) {
        let metadata = metadata(&product(number), version);
        let told = catalog::Product {
            product_id: product(number),
            sku: format!("SKU-{number}"),
            title: title.to_owned(),
            unit_of_measure: 1,
            ..catalog::Product::default()
        };
        let event = ProductEvent::ProductUpdated(catalog::ProductUpdated {
            product: Some(told.clone()),
            update_mask: None,
        });
        let created = ProductEvent::ProductCreated(catalog::ProductCreated {
            product: Some(told),
        });
        let (kind, token, event) = match version {
            1 => ("ProductCreated", "product_created", created),
            _ => ("ProductUpdated", "product_updated", event),
        };
        let envelope = catalog::ProductEvent {
            metadata: Some(metadata.clone()),
            event: Some(event),
        };
        self.tell(
            ("catalog", kind, token),
            &metadata,
            envelope.encode_to_vec(),
        )
        .await;
    }

    async fn location(&self, number: u8, version: i64, event: LocationEvent) {
        let metadata = metadata(&location(number), version);
        let (kind, token) = match &event {
            LocationEvent::LocationClosed(_) => ("LocationClosed", "location_closed"),
            LocationEvent::LocationReopened(_) => ("LocationReopened", "location_reopened"),
            _ => ("LocationCreated", "location_created"),
        };
        let envelope = store::LocationEvent {
            metadata: Some(metadata.clone()),
            event: Some(event),
        };
        self.tell(("store", kind, token), &metadata, envelope.encode_to_vec())
            .await;
    }

    async fn place(&self, number: u8) {
        let place = store::Location {
            location_id: location(number),
            code: format!("L{number}"),
            time_zone: "UTC".to_owned(),
            state: store::LocationState::Active.into(),
            allocation_priority: i32::from(number),
            ..store::Location::default()
        };
        let created = store::LocationCreated {
            location: Some(place),
        };
        self.location(number, 1, LocationEvent::LocationCreated(created))
            .await;
    }

    async fn sale(&self, version: i64, sale: store::Sale, voided: bool) {
        let metadata = EventMetadata {
            effective_time: sale.sale_time,
            ..metadata(&sale.sale_id, version)
        };
        let sale = Some(sale);
        let (kind, token, event) = match voided {
            false => (
                "SaleCompleted",
                "sale_completed",
                SaleEvent::SaleCompleted(store::SaleCompleted { sale }),
            ),
            true => (
                "SaleVoided",
                "sale_voided",
                SaleEvent::SaleVoided(store::SaleVoided { sale }),
            ),
        };
        let envelope = store::SaleEvent {
            metadata: Some(metadata.clone()),
            event: Some(event),
        };
        self.tell(("store", kind, token), &metadata, envelope.encode_to_vec())
            .await;
    }
}

fn metadata(stream: &str, version: i64) -> EventMetadata {
    EventMetadata {
        tenant_id: tenant(1).to_string(),
        aggregate_id: stream.to_owned(),
        aggregate_version: version,
        history: 1,
        part: 1,
        parts: 1,
        ..EventMetadata::default()
    }
}

fn sale(number: u8, lines: &[(u8, i64)]) -> store::Sale {
    let id = SaleId::at(1, [number; 10]);
    let lines = (1_u8..)
        .zip(lines)
        .map(|(line, (product_number, quantity))| store::SaleLine {
            product_id: product(*product_number),
            quantity: *quantity,
            line_id: format!("line-{line}"),
            ..store::SaleLine::default()
        });
    store::Sale {
        sale_id: id.to_string(),
        location_id: location(1),
        lines: lines.collect(),
        sale_time: Some(prost_types::Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        }),
        ..store::Sale::default()
    }
}

/// Waits until a position has some units on hand.
async fn on_hand(bed: &Bed, number: u8, wanted: i64) {
    eventually(SOON, "what was told is known", async || {
        let mut staff = bed.staff();
        let seen = position(&mut staff, number, 1).await.on_hand;
        (seen == wanted).then_some(())
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn products_and_locations_are_known_by_what_their_owners_publish() {
    let nats = Nats::start(&NatsSettings::default()).await.unwrap();
    let owners = Owners::of(&nats).await;
    let bed = Bed::hearing(&nats).await;
    let mut staff = bed.staff();
    assert_eq!(
        reason(receive(&mut staff, &[(1, 5)], 1).await),
        "LOCATION_UNKNOWN"
    );
    owners.product(1, 1, "Thing").await;
    owners.place(1).await;
    eventually(SOON, "what was told is known", async || {
        let mut staff = bed.staff();
        receive(&mut staff, &[(1, 100_000)], 1).await.ok()
    })
    .await
    .unwrap();
    let closed = store::LocationClosed {
        location_id: location(1),
    };
    owners
        .location(1, 2, LocationEvent::LocationClosed(closed))
        .await;
    eventually(SOON, "what was told is known", async || {
        let held = at_the_first(&bed).await;
        held.is_err_and(|it| view(&it).reason == "LOCATION_CLOSED")
    })
    .await
    .unwrap();
    let open = store::LocationReopened {
        location_id: location(1),
    };
    owners
        .location(1, 3, LocationEvent::LocationReopened(open))
        .await;
    eventually(SOON, "what was told is known", async || {
        at_the_first(&bed).await.ok()
    })
    .await
    .unwrap();
}

async fn at_the_first(bed: &Bed) -> Result<pb::Reservation, tonic::Status> {
    let mut request = reserving(&[(1, 1)]);
    request.lines[0].location_id = location(1);
    let answer = bed.staff().reserve_stock(request).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_and_returns_are_booked_once_whatever_is_known_or_left() {
    let nats = Nats::start(&NatsSettings::default()).await.unwrap();
    let owners = Owners::of(&nats).await;
    let bed = Bed::hearing(&nats).await;
    owners.product(1, 1, "Thing").await;
    owners.place(1).await;
    eventually(SOON, "what was told is known", async || {
        let mut staff = bed.staff();
        receive(&mut staff, &[(1, 5)], 1).await.ok()
    })
    .await
    .unwrap();
    owners.sale(1, sale(1, &[(1, 2), (1, 1)]), false).await;
    // Told twice, as after a broker's disk was lost.
    owners.sale(1, sale(1, &[(1, 2), (1, 1)]), false).await;
    // Nobody has told of product 2, and it was sold all the same.
    owners.sale(1, sale(2, &[(2, 4)]), false).await;
    on_hand(&bed, 1, 2).await;
    let mut staff = bed.staff();
    eventually(SOON, "what was told is known", async || {
        let mut staff = bed.staff();
        (position(&mut staff, 2, 1).await.discrepancy == 4).then_some(())
    })
    .await
    .unwrap();
    owners.sale(2, sale(1, &[(1, 2), (1, 1)]), true).await;
    on_hand(&bed, 1, 5).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(position(&mut staff, 1, 1).await.on_hand, 5);
    let request = pb::ListStockTransactionsRequest {
        product_id: product(1),
        types: vec![pb::TransactionType::Sale.into()],
        ..pb::ListStockTransactionsRequest::default()
    };
    let sold = staff
        .list_stock_transactions(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(sold.transactions.len(), 2);
    let at = sold.transactions[0].effective_time.unwrap();
    assert_eq!(at.seconds, 1_700_000_000, "booked where it belongs");
    returned(&owners).await;
    eventually(SOON, "what was told is known", async || {
        let mut staff = bed.staff();
        let now = position(&mut staff, 1, 1).await;
        ((now.on_hand, now.quarantined) == (8, 2)).then_some(())
    })
    .await
    .unwrap();
    verify(&bed.database).await;
}

/// One piece back on the shelf, two for inspection, three thrown away.
async fn returned(owners: &Owners) {
    let id = SaleReturnId::at(1, [1; 10]);
    let line = |quantity: i64, goods: store::ReturnedGoods| store::SaleReturnLine {
        product_id: product(1),
        quantity,
        goods: goods.into(),
        ..store::SaleReturnLine::default()
    };
    let back = store::SaleReturn {
        sale_return_id: id.to_string(),
        location_id: location(1),
        lines: vec![
            line(1, store::ReturnedGoods::Restocked),
            line(2, store::ReturnedGoods::Unspecified),
            line(3, store::ReturnedGoods::Scrapped),
        ],
        ..store::SaleReturn::default()
    };
    let metadata = metadata(&back.sale_return_id, 1);
    let envelope = store::SaleReturnEvent {
        metadata: Some(metadata.clone()),
        event: Some(ReturnEvent::SaleReturned(store::SaleReturned {
            sale_return: Some(back),
        })),
    };
    let way = ("store", "SaleReturned", "sale_returned");
    owners.tell(way, &metadata, envelope.encode_to_vec()).await;
}
