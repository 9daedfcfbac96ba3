//! Every fact becomes events that keep the rules of the contract, in parts that stay together.

use bus::publish::outgoing;
use contracts::common::ActorType;
use contracts::validate::Validate;
use journal::{Actor, Store};
use proptest::prelude::*;
use prost::Message;
use vocab::{EventId, Moment, TenantId};

use super::*;
use crate::app::Inventory;
use crate::db::InventoryStore;
use crate::domain::tests::Logged;
use crate::domain::tests::properties::{ruled, step, steps};
use crate::domain::tests::told::{hear, news};
use crate::domain::tests::transfers::{moves, play};

fn recorded(logged: &Logged, version: i64) -> Recorded {
    let store: &dyn Store<Inventory> = &InventoryStore;
    let (kind, payload) = store.fact(&logged.fact);
    let stream = journal::Key::stream(&logged.fact.subject()).unwrap();
    Recorded {
        position: version,
        xid: 1,
        tenant: TenantId::at(1, [1; 10]),
        stream_kind: stream.kind.to_owned(),
        stream_id: stream.id,
        version,
        event_id: EventId::at(1, [1; 10]),
        kind: kind.into_owned(),
        payload: payload.into(),
        actor: Actor {
            kind: ActorType::User,
            id: "usr_01h455vb4pex5vsknk084sn02q".to_owned(),
        },
        method: "retail.inventory.v1.InventoryService/AdjustStock".to_owned(),
        request_id: None,
        correlation_id: "c".to_owned(),
        causation_id: String::new(),
        reason: String::new(),
        traceparent: String::new(),
        effective_at: logged.effective_at,
        recorded_at: logged.recorded_at,
    }
}

fn judged(envelope: &str, bytes: &[u8]) -> Result<(), String> {
    let found = match envelope {
        ENVELOPE => pb::InventoryEvent::decode(bytes).unwrap().validate(),
        "retail.inventory.v1.TransferEvent" => pb::TransferEvent::decode(bytes).unwrap().validate(),
        "retail.inventory.v1.AllocationPolicyEvent" => {
            pb::AllocationPolicyEvent::decode(bytes).unwrap().validate()
        }
        _ => pb::ReservationEvent::decode(bytes).unwrap().validate(),
    };
    found.map_err(|it| format!("{it:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn transfers_and_rules_are_told_by_the_rules(
        transfers in prop::collection::vec(moves(), 1..40),
        heard in prop::collection::vec(news(), 1..20),
    ) {
        let mut shop = ruled();
        transfers.into_iter().for_each(|it| play(&mut shop, it));
        heard.iter().for_each(|it| hear(&mut shop, it));
        for (logged, version) in shop.log.iter().zip(1..) {
            let messages = outgoing(&InventoryEvents, &recorded(logged, version), 1).unwrap();
            for it in &messages {
                if let Err(why) = judged(it.envelope, &it.payload) {
                    return Err(TestCaseError::fail(format!("{:?}: {why}", logged.fact)));
                }
            }
        }
    }

    #[test]
    fn facts_of_every_history_are_told_by_the_rules(
        history in prop::collection::vec(steps(), 1..40),
    ) {
        let mut shop = ruled();
        history.iter().for_each(|it| step(&mut shop, it));
        for (logged, version) in shop.log.iter().zip(1..) {
            let recorded = recorded(logged, version);
            let messages = outgoing(&InventoryEvents, &recorded, 1).unwrap();
            for it in &messages {
                if let Err(why) = judged(it.envelope, &it.payload) {
                    return Err(TestCaseError::fail(format!("{:?}: {why}", logged.fact)));
                }
            }
            if let Fact::Position(fact) = &logged.fact {
                let told = |name: &str| messages.iter().any(|it| it.event_type.ends_with(name));
                prop_assert!(messages[0].event_type.ends_with("InventoryChanged"));
                prop_assert!(told("InventoryTransactionCreated"));
                prop_assert_eq!(told("InventoryThresholdReached"), fact.crossed);
                let opened = fact.shortfall.is_some_and(|it| it.opened);
                prop_assert_eq!(told("ShortfallOpened"), opened);
                prop_assert_eq!(told("DiscrepancyOpened"), fact.discrepancy.is_some());
            }
        }
    }
}

#[test]
fn the_same_fact_is_told_the_same_way() {
    let mut shop = ruled();
    shop.receive(crate::domain::tests::place(1, 1), 5);
    let recorded = recorded(&shop.log[0], 1);
    let tell = || outgoing(&InventoryEvents, &recorded, 1).unwrap();
    assert_eq!(tell(), tell());
    assert!(Moment::FIRST < recorded.recorded_at);
}
