//! Every fact becomes one event that keeps the rules of the contract.

use std::collections::BTreeSet;

use bus::publish::outgoing;
use contracts::common::ActorType;
use contracts::validate::Validate;
use journal::{Actor, Store};
use prost::Message;
use vocab::{EventId, Moment};

use super::*;
use crate::app::Catalog;
use crate::db::CatalogStore;
use crate::domain::tests::story;

fn recorded(fact: &Fact, version: i64) -> Recorded {
    let (kind, payload) = Store::<Catalog>::fact(&CatalogStore, fact);
    let (stream_kind, stream_id) = match fact {
        Fact::Product(fact) => ("product", fact.product.to_string()),
        Fact::Category(fact) => ("category", fact.category.to_string()),
    };
    Recorded {
        position: version,
        xid: 1,
        tenant: TenantId::derive(None, &[]),
        stream_kind: stream_kind.to_owned(),
        stream_id,
        version,
        event_id: EventId::derive(None, &[]),
        kind: kind.into_owned(),
        payload: payload.into(),
        actor: Actor {
            kind: ActorType::User,
            id: "usr_x".to_owned(),
        },
        method: "retail.catalog.v1.CatalogService/UpdateProduct".to_owned(),
        request_id: None,
        correlation_id: "c".to_owned(),
        causation_id: String::new(),
        reason: String::new(),
        traceparent: String::new(),
        effective_at: Moment::FIRST,
        recorded_at: Moment::FIRST,
    }
}

#[test]
fn every_fact_becomes_one_event_that_keeps_the_rules() {
    let (facts, ..) = story();
    let mut tokens = BTreeSet::new();
    for fact in &facts {
        let recorded = recorded(fact, 1);
        let sent = outgoing(&CatalogEvents, &recorded, 1).unwrap();
        let [message] = sent.as_slice() else {
            panic!("{} messages", sent.len());
        };
        let judged = match fact {
            Fact::Product(_) => pb::ProductEvent::decode(&*message.payload)
                .unwrap()
                .validate(),
            Fact::Category(_) => pb::CategoryEvent::decode(&*message.payload)
                .unwrap()
                .validate(),
        };
        assert_eq!(judged, Ok(()), "{}", recorded.kind);
        assert!(
            message
                .subject
                .contains(&format!(".catalog.{}.", recorded.kind))
        );
        tokens.insert(recorded.kind);
    }
    assert_eq!(tokens.len(), 13);
}

#[test]
fn what_is_not_a_fact_is_not_published() {
    let (facts, ..) = story();
    let mut broken = recorded(&facts[0], 1);
    broken.kind = "product_eaten".to_owned();
    assert!(matches!(
        CatalogEvents.publish(&broken),
        Err(Unpublishable::Unreadable(_))
    ));
}
