//! Masks over real resources: what an update takes, what it leaves, what a read returns.

use prost_types::FieldMask;

use super::{Input, Masked, UnknownPath, project, update};
use crate::catalog::{CreateProductRequest, Product, ProductState};
use crate::common::{ContactAddress, PostalAddress};
use crate::order::{CreateOrderRequest, Order, OrderLine};

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    }
}

fn product(title: &str, brand: &str) -> Product {
    Product {
        title: title.to_owned(),
        brand: brand.to_owned(),
        ..Default::default()
    }
}

fn order_to(locality: &str, postal_code: &str) -> Order {
    let address = PostalAddress {
        locality: locality.to_owned(),
        postal_code: postal_code.to_owned(),
        ..Default::default()
    };
    let to = ContactAddress {
        address: Some(address),
        ..Default::default()
    };
    Order {
        shipping_address: Some(to),
        ..Default::default()
    }
}

fn destination(order: &Order) -> &PostalAddress {
    order
        .shipping_address
        .as_ref()
        .unwrap()
        .address
        .as_ref()
        .unwrap()
}

#[test]
fn a_mask_takes_what_it_names_and_nothing_else() {
    let merged = update(
        &product("Mug", "Acme"),
        &product("Cup", "Other"),
        Some(&mask(&["title"])),
    );
    assert_eq!(merged, Ok(product("Cup", "Acme")));
}

#[test]
fn a_named_field_that_is_not_set_is_cleared() {
    let merged = update(
        &product("Mug", "Acme"),
        &product("Cup", ""),
        Some(&mask(&["brand"])),
    );
    assert_eq!(merged, Ok(product("Mug", "")));
}

#[test]
fn no_mask_takes_every_field_that_was_sent() {
    for none in [None, Some(mask(&[]))] {
        let merged = update(&product("Mug", "Acme"), &product("Cup", ""), none.as_ref());
        assert_eq!(merged, Ok(product("Cup", "Acme")));
    }
}

#[test]
fn a_star_replaces_everything_that_callers_can_set() {
    let mut present = product("Mug", "Acme");
    present.tenant_id = "ten_x".to_owned();
    present.set_state(ProductState::Active);
    let merged = update(&present, &product("Cup", ""), Some(&mask(&["*"]))).unwrap();
    assert_eq!((merged.title.as_str(), merged.brand.as_str()), ("Cup", ""));
    assert_eq!(
        (merged.tenant_id.as_str(), merged.state()),
        ("ten_x", ProductState::Active)
    );
}

#[test]
fn a_path_to_a_field_of_the_server_changes_nothing() {
    let mut sent = product("Cup", "");
    sent.tenant_id = "ten_other".to_owned();
    sent.product_id = "prd_other".to_owned();
    let paths = mask(&["tenant_id", "product_id", "update_time"]);
    let merged = update(&product("Mug", "Acme"), &sent, Some(&paths));
    assert_eq!(merged, Ok(product("Mug", "Acme")));
}

#[test]
fn a_path_that_names_no_field_is_refused_as_a_whole() {
    for path in [
        "colour",
        "title.length",
        "",
        "title.",
        ".title",
        "Title",
        "shipping_address",
    ] {
        let refused = update(
            &product("Mug", ""),
            &product("Cup", ""),
            Some(&mask(&[path])),
        );
        assert_eq!(refused, Err(UnknownPath(path.to_owned())));
    }
}

#[test]
fn a_deep_path_changes_only_what_is_at_its_end() {
    let paths = mask(&["shipping_address.address.locality"]);
    let merged = update(
        &order_to("Bern", "3000"),
        &order_to("Basel", "4000"),
        Some(&paths),
    );
    let merged = merged.unwrap();
    let found = destination(&merged);
    assert_eq!(
        (found.locality.as_str(), found.postal_code.as_str()),
        ("Basel", "3000")
    );
}

#[test]
fn a_deep_path_makes_what_was_absent() {
    let paths = mask(&["shipping_address.address.locality"]);
    let merged = update(&Order::default(), &order_to("Basel", "4000"), Some(&paths)).unwrap();
    assert_eq!(destination(&merged), destination(&order_to("Basel", "")));
}

#[test]
fn a_deep_path_into_what_is_absent_on_both_sides_changes_nothing() {
    let paths = mask(&["shipping_address.address.locality"]);
    assert_eq!(
        update(&Order::default(), &Order::default(), Some(&paths)),
        Ok(Order::default())
    );
}

#[test]
fn a_read_mask_returns_what_it_names_output_only_fields_too() {
    let mut whole = product("Mug", "Acme");
    whole.tenant_id = "ten_x".to_owned();
    let part = project(&whole, Some(&mask(&["title", "tenant_id"]))).unwrap();
    assert_eq!(
        (part.title.as_str(), part.tenant_id.as_str()),
        ("Mug", "ten_x")
    );
    assert_eq!(part.brand, "");
    assert_eq!(project(&whole, None), Ok(whole.clone()));
    assert_eq!(project(&whole, Some(&mask(&["*"]))), Ok(whole.clone()));
    assert!(project(&whole, Some(&mask(&["colour"]))).is_err());
}

#[test]
fn what_only_the_server_sets_is_cleared_on_input_at_any_depth() {
    let mut product = product("Mug", "Acme");
    product.tenant_id = "ten_other".to_owned();
    product.set_state(ProductState::Active);
    let mut request = CreateProductRequest {
        product: Some(product),
        ..Default::default()
    };
    request.clear_output_only();
    let cleared = request.product.unwrap();
    assert_eq!(
        (cleared.title.as_str(), cleared.tenant_id.as_str()),
        ("Mug", "")
    );
    assert_eq!(cleared.state(), ProductState::Unspecified);

    let line = OrderLine {
        title: "free".to_owned(),
        quantity: 2,
        ..Default::default()
    };
    let order = Order {
        lines: vec![line],
        order_number: "7".to_owned(),
        ..Default::default()
    };
    let mut request = CreateOrderRequest {
        order: Some(order),
        ..Default::default()
    };
    request.clear_output_only();
    let cleared = request.order.unwrap();
    assert_eq!(cleared.order_number, "");
    assert_eq!(
        (cleared.lines[0].title.as_str(), cleared.lines[0].quantity),
        ("", 2)
    );
}

#[test]
fn every_writable_field_is_known_to_its_own_mask() {
    for field in Order::WRITABLE {
        assert!(update(&Order::default(), &Order::default(), Some(&mask(&[field]))).is_ok());
    }
}
