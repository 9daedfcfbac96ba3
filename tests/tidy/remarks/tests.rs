//! Open ends and dead code are found in comments; sentences and strings are left alone.

use super::{code_in_comments, open_ends};
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn an_open_end_without_an_issue_is_found() {
    let rust = [
        "// TODO later",
        "// TODO(#12): known",
        "let a = \"TODO\";",
        "// `TODO` and XXXL, in XAU or XXX",
        "/// FIXME",
        "// XXX: odd",
    ];
    let python = "a = 1  # XXX\nb = \"# TODO\"\n";
    let sources = Sources::of(&[
        ("a.rs", &rust.join("\n")),
        ("b.py", python),
        ("c.md", "TODO"),
    ]);
    assert_eq!(
        places(&open_ends(&sources)),
        ["a.rs:1", "a.rs:5", "a.rs:6", "b.py:1"]
    );
}

#[test]
fn code_in_a_comment_is_found() {
    let code = [
        "// let a = b;",
        "// self.tx.commit().await?;",
        "// if a == b {",
        "// a = b;",
        "// println!(\"{a}\");",
        "// use crate::db::Tx;",
        "// fn old(a: u8) {",
        "// return Err(a);",
    ];
    let sources = Sources::of(&[("a.rs", &code.join("\n"))]);
    assert_eq!(code_in_comments(&sources).len(), code.len());
}

#[test]
fn a_sentence_is_no_code() {
    let prose = [
        "// Asked twice, held once; retries land here;",
        "// done;",
        "// return early;",
        "// let go;",
        "// use it;",
        "// break here;",
        "// the body is {",
        "// {",
        "//     let example = explained();",
        "/// let a = b;",
        "let a = b; // let c = d;",
        "let e = \"// let f = g;\";",
    ];
    let found = code_in_comments(&Sources::of(&[("a.rs", &prose.join("\n"))]));
    assert_eq!(places(&found), Vec::<String>::new());
}
