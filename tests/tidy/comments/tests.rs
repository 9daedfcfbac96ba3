//! Comments are found; strings, characters and lifetimes are not taken for them.

use super::of;
use crate::sources::Source;

fn comments(path: &str, text: &str) -> Vec<(usize, String)> {
    let found = of(&Source::new(path, text));
    found
        .into_iter()
        .map(|comment| (comment.line, comment.text.trim().to_owned()))
        .collect()
}

#[test]
fn strings_and_characters_hold_no_comments() {
    let text = concat!(
        "let a = \"// no \\\" // no\";\n",
        "let b = r#\"// \" no\"#; // yes\n",
        "let c = ['\"', '\\'', '/']; let d: &'static str = for_r\"\"; // two\n",
    );
    let found = comments("a.rs", text);
    assert_eq!(found, [(2, "yes".to_owned()), (3, "two".to_owned())]);
}

#[test]
fn blocks_nest_and_count_their_lines() {
    let found = comments("a.rs", "/* one\n /* two */\n three */ x // four\n");
    let expected = [(1, "one"), (2, "two"), (3, "three"), (3, "four")];
    assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn a_sign_within_quotes_opens_nothing() {
    let found = comments("a.py", "a = \"x # no\"  # yes\nb = 'c#'\n");
    assert_eq!(found, [(1, "yes".to_owned())]);
}
