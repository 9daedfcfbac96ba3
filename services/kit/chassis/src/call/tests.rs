//! Calls: what a handler gets, and who reaches what.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contracts::common::ActorType;
use contracts::mask::Input;
use contracts::{inventory, notification, order};
use prost::Message;
use tonic::Request;
use vocab::{CustomerId, LocationId, TenantId, UserId};

use super::caller::Permissions;
use super::{Attempt, Call, Caller, Entered};
use crate::contract::Contracts;
use crate::deadline::Deadline;
use crate::fault::{Fault, Kind};

const REQUEST_ID: &str = "018f3c1e-5b2a-7c3d-8e4f-0123456789ab";

fn tenant() -> TenantId {
    TenantId::at(1, [7; 10])
}

fn customer(number: u8) -> CustomerId {
    CustomerId::at(1, [number; 10])
}

fn location(number: u8) -> LocationId {
    LocationId::at(1, [number; 10])
}

fn staff() -> Caller {
    let user = UserId::at(1, [1; 10]);
    Caller {
        kind: ActorType::User,
        id: user.to_string(),
        user: Some(user),
        permissions: Permissions::These(BTreeSet::new()),
        ..Caller::service("any")
    }
}

fn bound(to: &[u8]) -> Caller {
    let locations = to.iter().map(|it| location(*it)).collect();
    Caller {
        locations,
        ..staff()
    }
}

fn shopper(number: u8) -> Caller {
    Caller {
        kind: ActorType::Customer,
        id: customer(number).to_string(),
        user: Some(UserId::at(1, [number; 10])),
        customer: Some(customer(number)),
        ..staff()
    }
}

fn entered(path: &str, caller: Caller) -> Entered {
    let contracts = Contracts::built().unwrap();
    Entered {
        contract: Arc::clone(contracts.find(path).unwrap()),
        tenant: tenant(),
        caller: Arc::new(caller),
        deadline: Deadline::within(Duration::from_secs(1)),
        correlation: None,
        causation: String::new(),
        peer: None,
        address: None,
    }
}

fn open<M: Input + Message>(path: &str, caller: Caller, message: M) -> Result<(Call, M), Fault> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(entered(path, caller));
    Call::open(request)
}

const LIST_ORDERS: &str = "/retail.order.v1.OrderService/ListOrders";
const GET_ORDER: &str = "/retail.order.v1.OrderService/GetOrder";
const CANCEL_ORDER: &str = "/retail.order.v1.OrderService/CancelOrder";
const LIST_STOCK: &str = "/retail.inventory.v1.InventoryService/ListStockPositions";
const COUNT_UNREAD: &str = "/retail.notification.v1.NotificationService/CountUnread";

fn orders_of(customer_id: &str) -> order::ListOrdersRequest {
    order::ListOrdersRequest {
        customer_id: customer_id.to_owned(),
        ..Default::default()
    }
}

#[test]
fn a_shopper_reaches_what_is_theirs_and_nothing_else() {
    let own = customer(1).to_string();
    let (_, message) = open(LIST_ORDERS, shopper(1), orders_of(&own)).unwrap();
    assert_eq!(message.customer_id, own);
    let (_, message) = open(LIST_ORDERS, shopper(1), orders_of("")).unwrap();
    assert_eq!(message.customer_id, own, "an absent owner is the caller");
    let fault = open(LIST_ORDERS, shopper(1), orders_of(&customer(2).to_string()));
    assert_eq!(fault.unwrap_err().reason().name, "PERMISSION_MISSING");
}

#[test]
fn staff_reach_the_whole_tenant_where_a_shopper_reaches_only_their_own() {
    let (call, message) = open(LIST_ORDERS, staff(), orders_of("")).unwrap();
    assert_eq!(message.customer_id, "");
    assert!(call.may_see_owner(&[customer(9).into()]));
    let (call, _) = open(GET_ORDER, shopper(1), order_to_read()).unwrap();
    assert!(call.may_see_owner(&[customer(1).into()]));
    assert!(!call.may_see_owner(&[customer(2).into()]));
    assert!(!call.may_see_owner(&[]), "what has no owner is not theirs");
}

fn order_to_read() -> order::GetOrderRequest {
    order::GetOrderRequest {
        order_id: vocab::OrderId::at(1, [1; 10]).to_string(),
        ..Default::default()
    }
}

#[test]
fn a_bound_user_reaches_their_locations_and_all_means_all_of_those() {
    let ask = |ids: &[u8]| inventory::ListStockPositionsRequest {
        location_ids: ids.iter().map(|it| location(*it).to_string()).collect(),
        ..Default::default()
    };
    let (call, message) = open(LIST_STOCK, bound(&[1, 2]), ask(&[])).unwrap();
    assert_eq!(message, ask(&[1, 2]));
    assert!(call.may_see_location(location(2)) && !call.may_see_location(location(3)));
    assert!(open(LIST_STOCK, bound(&[1, 2]), ask(&[2])).is_ok());
    let fault = open(LIST_STOCK, bound(&[1, 2]), ask(&[2, 3]));
    assert_eq!(fault.unwrap_err().kind(), Kind::Denied);
    let (call, message) = open(LIST_STOCK, staff(), ask(&[])).unwrap();
    assert_eq!((message, call.visible_locations()), (ask(&[]), None));
    let fault = open(LIST_STOCK, shopper(1), ask(&[]));
    assert_eq!(
        fault.unwrap_err().kind(),
        Kind::Denied,
        "shoppers have no business here"
    );
}

#[test]
fn whoever_calls_for_themself_names_nobody_else() {
    use notification::count_unread_request::Owner;
    let ask = |owner| notification::CountUnreadRequest { owner };
    let user = |number| Some(Owner::UserId(UserId::at(1, [number; 10]).to_string()));
    let of_customer = |number| Some(Owner::CustomerId(customer(number).to_string()));
    for (caller, owner, allowed) in [
        (staff(), user(1), true),
        (staff(), user(2), false),
        (staff(), of_customer(1), false),
        (shopper(3), of_customer(3), true),
        (shopper(3), user(3), true),
        (shopper(3), user(1), false),
        (shopper(3), None, true),
        (Caller::service("order"), of_customer(3), false),
    ] {
        let opened = open(COUNT_UNREAD, caller.clone(), ask(owner.clone()));
        assert_eq!(opened.is_ok(), allowed, "{caller:?} asks for {owner:?}");
    }
    let (call, _) = open(COUNT_UNREAD, shopper(3), ask(None)).unwrap();
    assert!(call.may_see_owner(&[customer(3).into()]));
    assert!(!call.may_see_owner(&[customer(4).into()]));
    let (call, _) = open(COUNT_UNREAD, staff(), ask(user(1))).unwrap();
    assert!(!call.may_see_owner(&[customer(4).into()]), "staff too");
}

fn cancelling(request_id: &str, note: &str) -> order::CancelOrderRequest {
    order::CancelOrderRequest {
        order_id: vocab::OrderId::at(1, [1; 10]).to_string(),
        reason: order::CancelReason::CustomerRequest.into(),
        note: note.to_owned(),
        request_id: request_id.to_owned(),
        ..Default::default()
    }
}

#[test]
fn an_attempt_is_recognised_by_its_id_and_by_what_was_asked() {
    let attempt = |message| open(CANCEL_ORDER, staff(), message).unwrap().0.attempt;
    let first = attempt(cancelling(REQUEST_ID, "MISTAKE")).unwrap();
    assert_eq!(first.request_id.to_string(), REQUEST_ID);
    assert_eq!(attempt(cancelling(REQUEST_ID, "MISTAKE")), Some(first));
    let other = attempt(cancelling(REQUEST_ID, "OTHER")).unwrap();
    assert_ne!(other.fingerprint, first.fingerprint);
    let reading = open(GET_ORDER, staff(), order_to_read()).unwrap().0;
    assert_eq!(reading.attempt, None);
    let known = Attempt::of(first.request_id, &cancelling(REQUEST_ID, "MISTAKE"));
    assert_eq!(known, first);
}

#[test]
fn a_chain_is_named_by_a_service_or_by_the_attempt_that_begins_it() {
    let (call, _) = open(CANCEL_ORDER, staff(), cancelling(REQUEST_ID, "MISTAKE")).unwrap();
    assert_eq!(
        (call.correlation.as_str(), call.causation.as_str()),
        (REQUEST_ID, "")
    );
    let (reading, _) = open(GET_ORDER, staff(), order_to_read()).unwrap();
    let (again, _) = open(GET_ORDER, staff(), order_to_read()).unwrap();
    assert_ne!(reading.correlation, again.correlation);
    let mut request = Request::new(cancelling(REQUEST_ID, "MISTAKE"));
    request.extensions_mut().insert(Entered {
        correlation: Some("saga-1".to_owned()),
        causation: "evt_1".to_owned(),
        ..entered(CANCEL_ORDER, Caller::service("order"))
    });
    let (call, _) = Call::open(request).unwrap();
    assert_eq!(
        (call.correlation.as_str(), call.causation.as_str()),
        ("saga-1", "evt_1")
    );
}

#[test]
fn a_message_that_breaks_its_rules_reaches_no_handler() {
    let fault = open(CANCEL_ORDER, staff(), cancelling("not a uuid", "MISTAKE")).unwrap_err();
    assert_eq!(fault.reason().name, "VALIDATION_FAILED");
}

#[test]
fn what_only_the_server_sets_is_cleared_before_it_is_judged() {
    let message = order::CreateOrderRequest {
        order: Some(order::Order {
            order_number: "not a number of ours".repeat(100),
            ..Default::default()
        }),
        ..Default::default()
    };
    let fault = open(
        "/retail.order.v1.OrderService/CreateOrder",
        staff(),
        message,
    )
    .unwrap_err();
    assert!(!format!("{:?}", tonic::Status::from(fault)).contains("order_number"));
}

#[test]
fn a_request_that_came_past_the_layers_is_a_defect() {
    let fault = Call::open(Request::new(order_to_read())).unwrap_err();
    assert_eq!(fault.kind(), Kind::Bug);
    assert_eq!(fault.message(), "internal error");
}

#[test]
fn a_service_on_its_own_reaches_everything_of_its_tenant() {
    let call = Call::of_service(
        "order",
        tenant(),
        "order.jobs/expired_holds",
        Duration::from_secs(1),
    )
    .caused_by("chain", "evt_1")
    .because("EXPIRED");
    assert_eq!((call.tenant, call.reason.as_str()), (tenant(), "EXPIRED"));
    assert_eq!(call.caller.actor().actor_id, "order");
    assert_eq!(call.caller.actor().r#type(), ActorType::Service);
    assert!(call.caller.may("order.place") && call.may_see_owner(&[customer(1).into()]));
    assert!(call.deadline.left() <= Duration::from_secs(1));
}
