//! Rows without a true test, and rows out of order, are found.

use super::{PAGE, badly_numbered, tests, unproven};
use crate::breach::places;
use crate::sources::Sources;

const TEST: &str =
    "#[test]\nfn holds() {}\nfn lies() {}\nmod inner { #[tokio::test] async fn too() {} }";

fn tree(page: &str) -> Sources {
    Sources::of(&[
        (PAGE, page),
        ("tests/Cargo.toml", "[package]\nname = \"mesh\""),
        ("tests/src/lib.rs", TEST),
        ("tests/tidy/main.rs", TEST),
        ("tests/tidy/tree.rs", TEST),
        ("services/order/Cargo.toml", "[package]\nname = \"order\""),
        ("services/order/src/domain/order/tests.rs", TEST),
        ("services/order/tests/it/rpc.rs", TEST),
        ("gen/tests/fresh.rs", "#[test] fn of_no_crate() {}"),
    ])
}

#[test]
fn tests_are_named_by_crate_binary_and_module() {
    let names: Vec<String> = tests(&tree("")).into_iter().collect();
    let holds: Vec<&String> = names.iter().filter(|it| it.ends_with("::holds")).collect();
    let expected = [
        "mesh::holds",
        "order::domain::order::tests::holds",
        "order::it::rpc::holds",
        "tidy::holds",
        "tidy::tree::holds",
    ];
    assert_eq!(holds, expected);
    assert!(names.contains(&"tidy::tree::inner::too".to_owned()));
    assert_eq!(names.len(), 2 * holds.len());
}

#[test]
fn a_row_without_a_true_test_is_found() {
    let page = "
| id | demand | tests |
|---|---|---|
| A1 | words | `tidy::tree::holds`, `order::it::rpc::holds` |
| A2 | words | `tidy::tree::lies` |
| A3 | `words` | none yet |
| A4 |";
    let expected = [5, 6, 7].map(|line| format!("{PAGE}:{line}"));
    assert_eq!(places(&unproven(&tree(page))), expected);
    assert_eq!(places(&unproven(&Sources::of(&[]))), [format!("{PAGE}:1")]);
}

#[test]
fn a_row_that_is_unknown_or_out_of_order_is_found() {
    let page =
        "| A1 | | |\n| B2 | | |\n| A2 | | |\n| B2 | | |\n| B14 | | |\n| F8 | | |\n| G1 | | |";
    let expected = [3, 4, 5, 7].map(|line| format!("{PAGE}:{line}"));
    assert_eq!(places(&badly_numbered(&tree(page))), expected);
}
