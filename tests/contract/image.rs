//! Gate: the committed image is complete, so that reflection answers and keeps every option.

use std::collections::BTreeSet;

use contracts::DESCRIPTOR_IMAGE;
use generator::contract::{http_bindings, rpc_contract};
use prost_reflect::DescriptorPool;

fn pool() -> DescriptorPool {
    DescriptorPool::decode(DESCRIPTOR_IMAGE).expect("the image holds its imports")
}

#[test]
fn the_image_holds_health_and_error_details_beside_our_services() {
    let pool = pool();
    for name in [
        "google.rpc.ErrorInfo",
        "google.rpc.BadRequest",
        "google.rpc.Status",
    ] {
        assert!(pool.get_message_by_name(name).is_some(), "{name}");
    }
    assert!(pool.get_service_by_name("grpc.health.v1.Health").is_some());
    assert!(
        pool.get_service_by_name("retail.order.v1.OrderService")
            .is_some()
    );
    assert!(
        pool.get_message_by_name("retail.probe.v1.ProbeRequest")
            .is_none()
    );
}

#[test]
fn the_image_keeps_options_and_comments() {
    let pool = pool();
    let service = pool
        .get_service_by_name("retail.order.v1.OrderService")
        .unwrap();
    let create = service
        .methods()
        .find(|method| method.name() == "CreateOrder")
        .unwrap();
    assert_eq!(rpc_contract(&create).unwrap().permission, "order.place");
    assert_eq!(http_bindings(&create)[0].path, "/api/v1/orders");
    let file = service.parent_file();
    let comments = file
        .file_descriptor_proto()
        .source_code_info
        .clone()
        .unwrap()
        .location;
    assert!(comments.len() > 100 && comments.iter().all(|it| !it.leading_comments().is_empty()));
}

#[test]
fn generated_services_carry_the_names_of_the_image() {
    let pool = pool();
    let names: BTreeSet<String> = pool
        .services()
        .map(|it| it.full_name().to_owned())
        .collect();
    for name in [
        contracts::auth::auth_service_server::SERVICE_NAME,
        contracts::catalog::catalog_service_server::SERVICE_NAME,
        contracts::inventory::inventory_service_server::SERVICE_NAME,
        contracts::notification::notification_service_server::SERVICE_NAME,
        contracts::ops::ops_service_server::SERVICE_NAME,
        contracts::order::order_service_server::SERVICE_NAME,
        contracts::payment::payment_service_server::SERVICE_NAME,
        contracts::store::store_service_server::SERVICE_NAME,
    ] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn what_is_personal_or_secret_never_prints() {
    let address = contracts::common::ContactAddress {
        recipient: "Jane Doe".to_owned(),
        phone_number: "+41446681800".to_owned(),
        address: Some(contracts::common::PostalAddress {
            locality: "Zürich".to_owned(),
            ..Default::default()
        }),
    };
    let order = contracts::order::Order {
        shipping_address: Some(address),
        note: "ring twice".to_owned(),
        ..Default::default()
    };
    let printed = format!("{order:?}");
    assert!(
        printed.contains("[redacted]") && printed.contains("order_id"),
        "{printed}"
    );
    for secret in ["Jane", "+4144", "Zürich", "twice"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
