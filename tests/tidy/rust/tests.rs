//! The facts of small files.

use super::{Rust, What};

fn paths(text: &str) -> Vec<String> {
    let rust = Rust::read(text);
    rust.paths
        .iter()
        .map(|path| rust.whole(path).join("::"))
        .collect()
}

#[test]
fn a_broken_file_says_where() {
    let broken = Rust::read("fn a() {}\nfn {").broken.map(|(line, _)| line);
    assert_eq!(broken, Some(2));
}

#[test]
fn functions_are_measured_with_their_parameters() {
    let text = "impl A {\n  /// Words.\n  fn b(&self, c: u8,\n    d: u8) {\n  }\n}\nfn e() {}";
    let rust = Rust::read(text);
    let found: Vec<_> = rust
        .functions
        .iter()
        .map(|it| (it.name.as_str(), it.line, it.lines, it.parameters))
        .collect();
    assert_eq!(found, [("b", 3, 3, 2), ("e", 7, 1, 0)]);
}

#[test]
fn tests_are_known_by_attribute_condition_and_macro() {
    let text = "
        #[tokio::test] async fn one() { fn inner() {} }
        #[cfg(test)] mod tests { fn two() {} #[test] fn three() {} }
        proptest! { #[test] fn four(a in 0..9) { b(a); } }
        #[cfg(not(test))] fn five() {}";
    let rust = Rust::read(text);
    let found: Vec<_> = rust
        .functions
        .iter()
        .map(|it| (it.name.as_str(), it.in_test, it.is_test))
        .collect();
    let expected = [
        ("one", true, true),
        ("inner", true, false),
        ("two", true, false),
        ("three", true, true),
        ("four", true, true),
        ("five", false, false),
    ];
    assert_eq!(found, expected);
}

#[test]
fn paths_are_found_in_imports_code_derives_and_macros() {
    let text = "
        use tokio::{self, task::{self as jobs, yield_now}};
        #[derive(serde::Serialize)] struct A(b::C);
        fn d() { select! { x = jobs::spawn(e) => vec![f::g::<H>()] }; }";
    let expected = [
        "tokio",
        "tokio::task",
        "tokio::task::yield_now",
        "serde::Serialize",
        "b::C",
        "tokio::task::spawn",
        "f::g",
    ];
    assert_eq!(paths(text), expected);
}

#[test]
fn code_that_writes_code_is_not_read_as_code() {
    assert!(paths("fn a() { quote! { tokio::spawn(b) }; }").is_empty());
}

#[test]
fn relative_paths_are_resolved() {
    let rust =
        Rust::read("use super::b;\nmod c { use super::super::d; use self::e; use crate::f; }");
    let file = ["domain".to_owned(), "stock".to_owned()];
    let found: Vec<_> = rust
        .paths
        .iter()
        .filter_map(|path| path.within_crate(&file))
        .collect();
    let found: Vec<String> = found.iter().map(|parts| parts.join("::")).collect();
    assert_eq!(
        found,
        ["domain::b", "domain::d", "domain::stock::c::e", "f"]
    );
}

#[test]
fn silenced_lints_are_found_with_reason_and_condition() {
    let text = "
        #![cfg_attr(test, allow(clippy::a))]
        #[expect(b, reason = \"c\")] fn d() { e! { #[allow(f, reason = \"\")] } }";
    let rust = Rust::read(text);
    let found: Vec<_> = rust
        .silenced
        .iter()
        .map(|it| (it.lints.join(" "), it.reasoned, it.in_test))
        .collect();
    let expected = [
        ("clippy::a", false, true),
        ("b", true, false),
        ("f", false, false),
    ];
    assert_eq!(
        found,
        expected.map(|(lint, reasoned, test)| (lint.to_owned(), reasoned, test))
    );
}

#[test]
fn names_know_whether_they_are_public_or_given() {
    let text = "
        pub struct A { pub b: u8, c: u8 }
        pub enum D { E { f: u8 } }
        impl G for A { fn h(&self) {} }
        trait I { fn j(&self); }";
    let rust = Rust::read(text);
    let public = |name: &str| rust.names.iter().any(|it| it.name == name && it.public);
    assert!(["A", "b", "D", "E", "f"].into_iter().all(public));
    assert!(!["c", "h", "I", "j"].into_iter().any(public));
    let given: Vec<_> = rust
        .names
        .iter()
        .filter(|it| it.given)
        .map(|it| it.what)
        .collect();
    assert_eq!(given, [What::Function]);
}
