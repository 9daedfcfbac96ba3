//! Layers that see too much are found; what each may see is left alone.

use super::{domain_sees_more, layer_sees_above, sql_outside_db, wire_types_inside};
use crate::breach::places;
use crate::sources::Sources;

const MANIFEST: (&str, &str) = (
    "services/order/Cargo.toml",
    "[package]\nname = \"order\"\n[dependencies]\ncontracts = 1\nserde = 1\nsqlx = 1\nthiserror = 1
     tokio = 1\nvocab = 1\n[dev-dependencies]\nproptest = 1\n",
);

fn order(file: &str, text: &str) -> Sources {
    Sources::of(&[MANIFEST, (&format!("services/order/src/{file}"), text)])
}

fn lines(breaches: &[crate::breach::Breach]) -> Vec<usize> {
    breaches.iter().map(|breach| breach.line).collect()
}

#[test]
fn a_domain_that_sees_more_is_found() {
    let text = "
        use crate::db::Tx;
        use super::super::app;
        use std::collections::BTreeMap;
        use vocab::{Money, Quantity};
        use super::line::{self, Line};
        use thiserror::Error;
        #[derive(serde::Serialize)] struct A;
        fn b() { line::c(); BTreeMap::new(); tokio::spawn(d); u8::from(1); }
        use crate::domain::e;
        use proptest::prelude;
        #[cfg(test)] use proptest::prelude as p;";
    let found = domain_sees_more(&order("domain/order.rs", text));
    assert_eq!(lines(&found), [2, 3, 8, 9, 11]);
}

#[test]
fn the_root_of_the_domain_may_name_its_children_and_no_neighbour() {
    let text =
        "pub use order::Order;\nuse self::line::Line;\nuse super::db;\nmod order;\nmod line;";
    assert_eq!(lines(&domain_sees_more(&order("domain.rs", text))), [3]);
    let found = domain_sees_more(&order(
        "domain/order/tests.rs",
        "use super::*;\nuse crate::app;",
    ));
    assert_eq!(lines(&found), [2]);
}

#[test]
fn a_layer_that_sees_above_itself_is_found() {
    let text = "use crate::{app::App, domain};\nuse crate::rpc;\nuse crate::db::b;";
    assert_eq!(
        lines(&layer_sees_above(&order("db/orders.rs", text))),
        [1, 2]
    );
    assert_eq!(lines(&layer_sees_above(&order("app.rs", text))), [2]);
    assert_eq!(lines(&layer_sees_above(&order("rpc.rs", text))), []);
}

#[test]
fn a_wire_type_behind_the_doors_is_found() {
    let text = "use contracts::order as pb;\nfn a() -> contracts::order::Order { b }";
    assert_eq!(
        lines(&wire_types_inside(&order("app/place.rs", text))),
        [1, 2]
    );
    assert_eq!(
        lines(&wire_types_inside(&order("rpc/convert.rs", text))),
        []
    );
    assert_eq!(lines(&wire_types_inside(&order("events.rs", text))), []);
    let manifest = (
        "services/gateway/Cargo.toml",
        "[package]\nname = \"gateway\"",
    );
    let gateway = Sources::of(&[manifest, ("services/gateway/src/routes/order.rs", text)]);
    assert_eq!(lines(&wire_types_inside(&gateway)), []);
}

#[test]
fn sql_outside_db_is_found() {
    let text = "fn a() { sqlx::query!(\"SELECT 1\"); }";
    assert_eq!(lines(&sql_outside_db(&order("app/place.rs", text))), [1]);
    assert_eq!(lines(&sql_outside_db(&order("db/orders.rs", text))), []);
    let manifest = (
        "services/kit/journal/Cargo.toml",
        "[package]\nname = \"journal\"",
    );
    let kit = Sources::of(&[manifest, ("services/kit/journal/src/write.rs", text)]);
    assert_eq!(places(&sql_outside_db(&kit)), Vec::<String>::new());
}
