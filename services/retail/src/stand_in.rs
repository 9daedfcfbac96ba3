//! Tells where stock of the tenant `demo` can be, in place of store until that is served: a
//! warehouse and a shop, as facts that store would publish.
//!
//! The ids are the same in every stack of development, so that lines to copy can name them, and a
//! fact that is told again changes nothing.

use anyhow::{Context, Result, ensure};
use async_nats::HeaderMap;
use bus::broker;
use contracts::common::{Actor, ActorType, EventMetadata};
use contracts::store as pb;
use contracts::store::location_event::Event;
use prost::Message;
use vocab::{Clock, EventId, LocationId, TenantId};

use crate::plan::Plan;
use crate::token;

/// Who speaks.
pub const STORE: &str = "store";
/// What is told of each location.
const KIND: &str = "retail.store.v1.LocationCreated";

/// The locations: their codes, names and types, the one first that is asked first.
const LOCATIONS: [(&str, &str, pb::LocationType); 2] = [
    (
        "WAREHOUSE",
        "Central warehouse",
        pb::LocationType::Warehouse,
    ),
    ("SHOP", "Town shop", pb::LocationType::Store),
];

/// The id of a location of this code.
fn id(code: &str) -> LocationId {
    LocationId::derive(None, &[b"development", code.as_bytes()])
}

/// The tenant of development.
fn tenant() -> TenantId {
    TenantId::derive(None, &[b"development", token::TENANT.as_bytes()])
}

/// The codes of the locations and their ids.
pub fn locations() -> impl Iterator<Item = (&'static str, LocationId)> {
    LOCATIONS.iter().map(|(code, ..)| (*code, id(code)))
}

/// Publishes the facts, unless store speaks for itself.
pub async fn tell(plan: &Plan) -> Result<()> {
    if plan.served.iter().any(|it| it.spec.name == STORE) {
        return Ok(());
    }
    let client = broker::options(&plan.store, STORE).connect(&plan.store);
    let client = client.await.context("connect to NATS in place of store")?;
    let jetstream = async_nats::jetstream::new(client);
    for (rank, location) in (1..).zip(LOCATIONS) {
        let event = created(location, rank);
        let metadata = event.metadata.clone().unwrap_or_default();
        let (tenant, stream) = (metadata.tenant_id, metadata.aggregate_id);
        let subject = format!("retail.v1.{tenant}.store.location_created.{stream}");
        let mut headers = HeaderMap::new();
        headers.insert("ce-type", KIND);
        headers.insert("Nats-Msg-Id", metadata.event_id.as_str());
        let sent = jetstream.publish_with_headers(subject, headers, event.encode_to_vec().into());
        let kept = sent.await.context("tell of a location")?.await;
        ensure!(
            kept.context("tell of a location")?.sequence > 0,
            "nothing was kept"
        );
    }
    Ok(())
}

fn created((code, name, kind): (&str, &str, pb::LocationType), rank: i32) -> pb::LocationEvent {
    let now = contracts::convert::timestamp(Clock::system().now());
    let location = pb::Location {
        location_id: id(code).to_string(),
        code: code.to_owned(),
        display_name: name.to_owned(),
        r#type: kind.into(),
        time_zone: "UTC".to_owned(),
        state: pb::LocationState::Active.into(),
        allocation_priority: rank,
        ..pb::Location::default()
    };
    let metadata = EventMetadata {
        event_id: EventId::derive(None, &[b"development", code.as_bytes()]).to_string(),
        tenant_id: tenant().to_string(),
        aggregate_type: "location".to_owned(),
        aggregate_id: location.location_id.clone(),
        aggregate_version: 1,
        history: 1,
        part: 1,
        parts: 1,
        record_time: Some(now),
        effective_time: Some(now),
        actor: Some(Actor {
            r#type: ActorType::Service.into(),
            actor_id: STORE.to_owned(),
        }),
        method: "retail.store.v1.LocationService/CreateLocation".to_owned(),
        correlation_id: location.location_id.clone(),
        causation_id: location.location_id.clone(),
        schema_revision: 1,
        ..EventMetadata::default()
    };
    pb::LocationEvent {
        metadata: Some(metadata),
        event: Some(Event::LocationCreated(pb::LocationCreated {
            location: Some(location),
        })),
    }
}

#[cfg(test)]
mod tests {
    use contracts::validate::Validate;

    use super::{LOCATIONS, created};

    #[test]
    fn what_is_told_is_what_store_could_publish() {
        for (rank, location) in (1..).zip(LOCATIONS) {
            let event = created(location, rank);
            assert_eq!(event.validate().err(), None);
        }
    }
}
