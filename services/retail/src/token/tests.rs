//! Tokens are what services believe: each role has its permissions, each tenant its own id.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{KEYS, Role, of, prepare};
use crate::home::Home;
use crate::scratch::Scratch;

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

#[test]
fn roles_differ_by_what_they_may_do() {
    let may = |role: Role| role.permissions().unwrap();
    let (admin, manager) = (may(Role::Admin), may(Role::Manager));
    let (staff, shopper) = (may(Role::Staff), may(Role::Shopper));
    assert!(admin.len() > manager.len() && manager.len() > staff.len());
    let holds = |of: &[String], name: &str| of.iter().any(|it| it == name);
    assert!(holds(&admin, "role.delete") && !holds(&manager, "role.delete"));
    assert!(holds(&manager, "product.write") && !holds(&staff, "product.write"));
    assert!(holds(&staff, "order.read") && holds(&shopper, "order.place"));
    assert!(!holds(&shopper, "product.write") && !holds(&shopper, "role.delete"));
    assert!(admin.iter().all(|it| !it.is_empty()));
}

#[test]
fn a_word_always_means_the_same_tenant_and_only_shoppers_are_customers() {
    let scratch = Scratch::fresh();
    let home = Home::open(scratch.path()).unwrap();
    let demo = claims(&of(&home, Role::Admin, "demo").unwrap());
    let again = claims(&of(&home, Role::Shopper, "demo").unwrap());
    let other = claims(&of(&home, Role::Admin, "other").unwrap());
    assert_eq!(demo["tid"], again["tid"]);
    assert_ne!(demo["tid"], other["tid"]);
    assert_ne!(demo["sub"], again["sub"]);
    assert!(demo.get("cus").is_none() && again.get("cus").is_some());
    let named = demo["tid"].as_str().unwrap();
    assert_eq!(
        claims(&of(&home, Role::Staff, named).unwrap())["tid"],
        demo["tid"]
    );
}

#[test]
fn the_key_is_made_once_and_its_public_half_is_published() {
    let scratch = Scratch::fresh();
    let home = Home::open(scratch.path()).unwrap();
    prepare(&home).unwrap();
    let first = home.read(KEYS).unwrap();
    prepare(&home).unwrap();
    assert_eq!(home.read(KEYS).unwrap(), first);
    assert!(!first.contains("PRIVATE"));
    let token = home.read("token").unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let keys: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(header["kid"], keys["keys"][0]["kid"]);
}
