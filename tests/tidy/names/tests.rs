//! Names that say too little are found, and those that only look like them are not.

use super::{abbreviations, dead_prefixes, drawers_in_code, drawers_in_the_tree, files_called_mod};
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn a_drawer_is_found_among_files_and_folders() {
    let sources = Sources::of(&[
        ("services/common/src/lib.rs", ""),
        ("services/common/src/main.rs", ""),
        ("a/string_utils.rs", ""),
        ("a/helpers.tests.py", ""),
        ("a/implicit.rs", ""),
        ("proto/retail/common/v1/common.proto", ""),
        ("gen/golden/retail.common.v1.json", ""),
        (".github/misc.yaml", ""),
    ]);
    let expected = [
        ".github/misc.yaml:1",
        "a/helpers.tests.py:1",
        "a/string_utils.rs:1",
        "services/common:1",
    ];
    assert_eq!(places(&drawers_in_the_tree(&sources)), expected);
}

#[test]
fn a_drawer_is_found_among_modules_and_types() {
    let text =
        "mod util;\nstruct OrderManager;\nenum ServiceImpl {}\ntrait Implied {}\nmod common;";
    let sources = Sources::of(&[("a.rs", text), ("gen/src/lib.rs", "mod common;")]);
    assert_eq!(
        places(&drawers_in_code(&sources)),
        ["a.rs:1", "a.rs:2", "a.rs:3", "a.rs:5"]
    );
}

#[test]
fn a_file_called_mod_is_found() {
    let sources = Sources::of(&[("a/mod.rs", ""), ("a/model.rs", "")]);
    assert_eq!(places(&files_called_mod(&sources)), ["a/mod.rs:1"]);
}

#[test]
fn a_dead_prefix_is_found_unless_a_trait_gave_the_name() {
    let text = "
        fn get_stock() {}
        impl A { fn test_me(&self) {} fn get(&self) {} }
        impl OrderService for A { fn get_order(&self) {} }
        #[test] fn test_it_works() {}
        fn gets() {}";
    let expected = ["a.rs:2", "a.rs:3", "a.rs:5"];
    assert_eq!(
        places(&dead_prefixes(&Sources::of(&[("a.rs", text)]))),
        expected
    );
}

#[test]
fn an_abbreviation_is_found_in_public_names() {
    let text = "
        pub struct OrderSvc { pub unit_qty: u8, ctx: u8 }
        pub enum Outcome { BadReq { msg: u8 } }
        pub fn configure(cfg: u8) {}
        pub(crate) fn send_msg() {}
        fn next_idx() {}
        pub trait Requests { fn resp(&self); }";
    let expected = ["a.rs:2", "a.rs:2", "a.rs:3", "a.rs:3", "a.rs:5", "a.rs:7"];
    assert_eq!(
        places(&abbreviations(&Sources::of(&[("a.rs", text)]))),
        expected
    );
}
