//! Gate: what callers rely on and buf does not guard is never lost unnoticed.

use std::collections::BTreeSet;

use generator::surface::{Lock, lines};

/// What product requirements promise literally; the names of path variables are free.
const PROMISED: [&str; 19] = [
    "GET /api/v1/products",
    "GET /api/v1/products/{}",
    "POST /api/v1/products",
    "PUT /api/v1/products/{}",
    "DELETE /api/v1/products/{}",
    "GET /api/v1/categories",
    "GET /api/v1/inventory",
    "GET /api/v1/inventory/{}",
    "POST /api/v1/inventory/reserve",
    "POST /api/v1/inventory/release",
    "POST /api/v1/inventory/adjust",
    "GET /api/v1/orders",
    "GET /api/v1/orders/{}",
    "POST /api/v1/orders",
    "PUT /api/v1/orders/{}",
    "PUT /api/v1/orders/{}/status",
    "POST /api/v1/notifications",
    "GET /api/v1/notifications/status/{}",
    "GET /api/v1/notifications/templates",
];

fn lock() -> Lock {
    Lock::read(&mesh::root()).expect("gen/surface.txt is readable")
}

#[test]
fn no_accepted_line_is_lost_or_changed() {
    let lost = lock().lost(&lines(&crate::compiled::SCHEMA));
    assert!(
        lost.is_empty(),
        "callers rely on these lines; write a decision record and run \
         `make surface-accept D=services/decisions/…`:\n{lost:#?}"
    );
}

#[test]
fn every_line_of_the_surface_is_recorded() {
    let added = lock().added(&lines(&crate::compiled::SCHEMA));
    assert!(added.is_empty(), "run `make gen` to record:\n{added:#?}");
}

#[test]
fn the_promised_rest_paths_stand_in_the_lock() {
    let text = std::fs::read_to_string(mesh::root().join(generator::surface::LOCK)).unwrap();
    let bound: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("http "))
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .map(|binding| without_names(&binding))
        .collect();
    let missing: Vec<_> = PROMISED.iter().filter(|it| !bound.contains(**it)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

fn without_names(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, rest| {
        path + "{}" + rest.split_once('}').map_or("", |it| it.1)
    })
}
