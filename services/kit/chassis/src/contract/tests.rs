//! Contracts: what is read agrees with the recorded surface, and what is broken stops the start.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::DESCRIPTOR_IMAGE;
use contracts::common::{self, ErrorReason, FaultKind};
use contracts::rpc::{RPCS, Rpc};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};

use super::{Access, Contract, ContractError, Contracts, Idempotency, Priority, Scope, ScopeField};
use crate::fault::{Kind, Reason};

const CREATE_ORDER: &str = "/retail.order.v1.OrderService/CreateOrder";

/// What callers rely on, recorded by the generator, which reads the protos in its own way.
const SURFACE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../gen/surface.txt"
));

fn contracts() -> Contracts {
    Contracts::built().unwrap()
}

#[test]
fn what_was_built_in_is_what_the_image_says() {
    let (built, read) = (contracts(), Contracts::read(DESCRIPTOR_IMAGE).unwrap());
    let (built, read) = (built.all(), read.all());
    assert!(built.len() > 150, "{}", built.len());
    let told = |all: Vec<std::sync::Arc<Contract>>| -> Vec<String> {
        all.into_iter().map(|it| format!("{it:?}")).collect()
    };
    assert_eq!(told(built), told(read));
}

#[test]
fn a_constant_that_makes_no_sense_stops_the_start() {
    let order = RPCS.iter().find(|it| it.path == CREATE_ORDER).unwrap();
    let order = || Rpc { ..*order };
    let nothing = Rpc {
        permission: "",
        scope: common::Scope::Unspecified,
        scope_field: "",
        priority: common::Priority::Unspecified,
        deadline_ms: 0,
        reasons: &[],
        ..order()
    };
    let unknown = &[("MOON_FULL", FaultKind::Unspecified)];
    let cases = [
        (
            Rpc {
                deadline_ms: 49,
                ..order()
            },
            "names no deadline",
        ),
        (
            Rpc {
                public: true,
                ..order()
            },
            "names neither or both",
        ),
        (
            Rpc {
                reasons: unknown,
                ..order()
            },
            "unknown reason MOON_FULL",
        ),
        (nothing, "has no contract"),
    ];
    for (rpc, complaint) in cases {
        let error = super::built::contracts(&[order(), rpc]).unwrap_err();
        let ContractError::Broken(broken) = error else {
            panic!("{error}");
        };
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with(CREATE_ORDER) && broken[0].contains(complaint));
    }
}

/// The recorded lines of one sort, as words, without those of contexts that are not served.
fn recorded(sort: &str) -> Vec<Vec<&'static str>> {
    let lines = SURFACE
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>());
    lines.filter(|words| words[0] == sort).collect()
}

#[test]
fn an_rpc_is_found_by_its_path_with_all_that_it_says() {
    let contracts = contracts();
    let contract = contracts.find(CREATE_ORDER).unwrap();
    let access = Access::Permission {
        permission: "order.place".to_owned(),
        scope: Scope::Own,
        field: Some(ScopeField::Request(vec![
            "order".into(),
            "customer_id".into(),
        ])),
    };
    assert_eq!(contract.access, access);
    assert_eq!(contract.priority, Priority::Checkout);
    assert_eq!(contract.deadline, Duration::from_secs(5));
    assert_eq!(contract.idempotency, Idempotency::Idempotent);
    assert!(!contract.streams);
    assert!(
        contracts
            .find("/retail.order.v1.OrderService/NoSuch")
            .is_none()
    );
}

#[test]
fn an_administrator_holds_what_any_rpc_asks_for() {
    let contracts = contracts();
    let permissions = contracts.permissions();
    assert!(permissions.contains("order.place") && permissions.contains("session.read"));
    assert!(!permissions.contains(""));
}

#[test]
fn every_recorded_policy_is_read() {
    let contracts = contracts();
    let recorded = recorded("policy");
    assert!(recorded.len() > 100);
    for words in recorded {
        let contract = contracts.find(&format!("/{}", words[1])).unwrap();
        let read = policy_words(&contract.access);
        let words: Vec<_> = words.into_iter().filter(|it| *it != "-").collect();
        assert_eq!(words[2..], read, "{}", words[1]);
    }
}

fn policy_words(access: &Access) -> Vec<String> {
    let Access::Permission {
        permission,
        scope,
        field,
    } = access
    else {
        return vec!["public".to_owned()];
    };
    let scope = match scope {
        Scope::Tenant => "SCOPE_TENANT",
        Scope::Location => "SCOPE_LOCATION",
        Scope::Own => "SCOPE_OWN",
        Scope::Everyone => "SCOPE_EVERYONE",
        Scope::Caller => "SCOPE_SELF",
    };
    let field = field.as_ref().map(|field| match field {
        ScopeField::Request(names) => format!("request.{}", names.join(".")),
        ScopeField::Response(names) => format!("response.{}", names.join(".")),
    });
    let words = [permission.clone(), scope.to_owned()].into_iter();
    words.chain(field).collect()
}

#[test]
fn the_coverage_list_is_the_recorded_one() {
    let pairs = recorded("reason")
        .into_iter()
        .filter(|words| words.len() == 3 && words[1].contains('/'));
    let recorded: BTreeSet<_> = pairs
        .map(|it| (format!("/{}", it[1]), it[2].to_owned()))
        .collect();
    let coverage = contracts().coverage();
    assert!(coverage.len() > 100);
    assert_eq!(coverage.into_iter().collect::<BTreeSet<_>>(), recorded);
}

#[test]
fn every_recorded_idempotency_is_read() {
    let contracts = contracts();
    for words in recorded("idempotency") {
        let expected = match words[2] {
            "NO_SIDE_EFFECTS" => Idempotency::NoSideEffects,
            "IDEMPOTENT" => Idempotency::Idempotent,
            _ => Idempotency::Unknown,
        };
        let contract = contracts.find(&format!("/{}", words[1])).unwrap();
        assert_eq!(contract.idempotency, expected, "{}", words[1]);
    }
}

#[test]
fn a_reason_is_declared_with_its_context_and_its_kind() {
    let contracts = contracts();
    let contract: &Contract = contracts.find(CREATE_ORDER).unwrap();
    let declared = contract
        .declared()
        .iter()
        .find(|it| it.name == "OUT_OF_STOCK")
        .unwrap();
    assert_eq!(
        (declared.domain.as_str(), declared.kind),
        ("retail.order", Kind::Refused)
    );
    let good = Reason::new(Kind::Refused, "retail.order", "OUT_OF_STOCK");
    contract.declares(good).unwrap();
    contract
        .declares(Reason::shared(ErrorReason::Overloaded))
        .unwrap();
    assert_eq!(contracts.undeclared(), 0);
    let wrong = [
        Reason::new(Kind::Refused, "retail.order", "MOON_FULL"),
        Reason::new(Kind::Invalid, "retail.order", "OUT_OF_STOCK"),
        Reason::new(Kind::Refused, "retail.inventory", "OUT_OF_STOCK"),
        Reason::new(Kind::Bug, Reason::SHARED, "OVERLOADED"),
    ];
    for reason in wrong {
        assert_eq!(contract.declares(reason).unwrap_err().reason, reason);
    }
    assert_eq!(contracts.undeclared(), 4);
}

#[test]
fn a_service_is_served_whole_or_not_at_all() {
    let contracts = contracts();
    let service = contracts::order::order_service_server::SERVICE_NAME;
    let served = contracts.of_service(service).unwrap();
    assert!(
        served.len() > 5
            && served
                .iter()
                .all(|it| it.path.starts_with("/retail.order.v1."))
    );
    let unknown = contracts.of_service("retail.order.v1.Order").unwrap_err();
    assert!(matches!(unknown, ContractError::NoService(_)));
}

#[test]
fn watches_are_known_as_streams() {
    let contracts = contracts();
    let watch = contracts
        .find("/retail.order.v1.OrderService/WatchOrders")
        .unwrap();
    assert!(watch.streams);
}

#[test]
fn an_rpc_without_a_contract_stops_the_start() {
    let without_options = prost_types_round_trip();
    let error = Contracts::read(&without_options).unwrap_err();
    let ContractError::Broken(broken) = error else {
        panic!("{error}");
    };
    assert!(broken.contains(&format!("{CREATE_ORDER} has no contract")));
    assert!(!broken.iter().any(|it| it.contains("grpc.health")));
    assert!(matches!(
        Contracts::read(b"junk").unwrap_err(),
        ContractError::Image(_)
    ));
}

/// Decoded without knowledge of our options, the image loses them.
fn prost_types_round_trip() -> Vec<u8> {
    use prost_reflect::prost_types::FileDescriptorSet;
    FileDescriptorSet::decode(DESCRIPTOR_IMAGE)
        .unwrap()
        .encode_to_vec()
}

#[test]
fn a_contract_that_makes_no_sense_stops_the_start() {
    let text = |it: &str| Value::String(it.to_owned());
    let cases = [
        ("deadline_ms", Value::I32(49), "names no deadline"),
        ("deadline_ms", Value::I32(-1), "names no deadline"),
        ("priority", Value::EnumNumber(0), "names no priority"),
        ("scope", Value::EnumNumber(0), "names no scope"),
        ("permission", text(""), "names neither or both"),
        ("public", Value::Bool(true), "names neither or both"),
        (
            "scope_field",
            text("header.customer"),
            "outside of request and response",
        ),
        (
            "reasons",
            Value::List(vec![text("MOON_FULL")]),
            "unknown reason MOON_FULL",
        ),
    ];
    for (field, value, complaint) in cases {
        let error = Contracts::read(&altered(field, value))
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("{CREATE_ORDER} ")), "{error}");
        assert!(error.contains(complaint), "{error}");
    }
}

/// The image with one field of the contract of `CreateOrder` changed.
fn altered(field: &str, value: Value) -> Vec<u8> {
    let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
    let kind = pool
        .get_message_by_name("google.protobuf.FileDescriptorSet")
        .unwrap();
    let rpc = pool.get_extension_by_name("retail.common.v1.rpc").unwrap();
    let mut set = DynamicMessage::decode(kind, DESCRIPTOR_IMAGE).unwrap();
    let file = named(&mut set, "file", "retail/order/v1/order_service.proto");
    let service = named(file, "service", "OrderService");
    let method = named(service, "method", "CreateOrder");
    let options = method.get_field_by_name_mut("options").unwrap();
    let contract = options.as_message_mut().unwrap().get_extension_mut(&rpc);
    contract
        .as_message_mut()
        .unwrap()
        .set_field_by_name(field, value);
    set.encode_to_vec()
}

fn named<'a>(of: &'a mut DynamicMessage, list: &str, name: &str) -> &'a mut DynamicMessage {
    assert!(of.descriptor().get_field_by_name(list).is_some(), "{list}");
    let items = of
        .get_field_by_name_mut(list)
        .unwrap()
        .as_list_mut()
        .unwrap();
    let is_named = |it: &Value| {
        let message = it.as_message().unwrap();
        message.get_field_by_name("name").unwrap().as_str() == Some(name)
    };
    let item = items.iter_mut().find(|it| is_named(it));
    item.and_then(Value::as_message_mut).unwrap()
}
