//! Comments are for readers: an open end names its issue, and code that is out stays out.

use syn::{Expr, Stmt, UseTree};

use crate::breach::{Breach, Held, hold};
use crate::comments::{self, Comment};
use crate::sources::{Kind, Sources};

#[cfg(test)]
mod tests;

/// What an example in a comment is indented by.
const EXAMPLE: &str = "    ";

const OPEN_ENDS: &[&str] = &["TODO", "FIXME", "XXX"];

#[test]
fn every_open_end_names_its_issue() -> Held {
    hold(open_ends)
}

#[test]
fn no_code_is_kept_in_comments() -> Held {
    hold(code_in_comments)
}

fn open_ends(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in sources.by_hand() {
        for comment in comments::of(source) {
            let open = OPEN_ENDS
                .iter()
                .filter(|word| is_open(comment.text.trim_start(), word));
            breaches.extend(open.map(|word| {
                let message = format!("{word} without an issue: `TODO(#12)` or nothing");
                source.breach(comment.line, message)
            }));
        }
    }
    breaches
}

/// Says whether a word stands in a text, as a word and without quotes, with no `(#12)` behind it.
/// `XXX` is also a currency, and counts only where it opens the comment or has a colon.
fn is_open(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).unwrap_or_default();
        let joins = |letter: char| letter.is_alphanumeric() || "_-`\"'".contains(letter);
        let is_word = !before.is_some_and(joins) && !after.starts_with(joins);
        let is_call = word != "XXX" || before.is_none() || after.starts_with(':');
        is_word && is_call && !names_issue(after)
    })
}

fn names_issue(after: &str) -> bool {
    let number = after.strip_prefix("(#").and_then(|it| it.split_once(')'));
    number.is_some_and(|(digits, _)| {
        !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit())
    })
}

fn code_in_comments(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in sources.by_hand().filter(|source| source.kind == Kind::Rust) {
        let plain = comments::of(source)
            .into_iter()
            .filter(|it| it.alone && !it.doc);
        let code = plain.filter(is_code);
        breaches.extend(code.map(|it| {
            source.breach(
                it.line,
                "code in a comment: delete it, or indent an example",
            )
        }));
    }
    breaches
}

/// Says whether a comment is a whole statement, or the head of a block, that no sentence could be.
/// An example that explains something is indented, as in Markdown.
fn is_code(comment: &Comment) -> bool {
    let text = comment.text.trim_start();
    if comment.text.starts_with(EXAMPLE) || text == "{" {
        return false;
    }
    if text.ends_with('{') {
        return syn::parse_str::<Stmt>(&format!("{text}}}")).is_ok_and(|it| opens_block(&it));
    }
    text.ends_with(';') && syn::parse_str::<Stmt>(text).is_ok_and(|it| does_something(&it))
}

fn opens_block(statement: &Stmt) -> bool {
    match statement {
        Stmt::Item(_) => true,
        Stmt::Expr(expression, _) => !matches!(expression, Expr::Struct(_)),
        Stmt::Local(_) | Stmt::Macro(_) => false,
    }
}

/// Passes over what English can look like: `done;`, `let go;`, `return early;`, `use it;`.
fn does_something(statement: &Stmt) -> bool {
    match statement {
        Stmt::Local(local) => local.init.is_some(),
        Stmt::Item(syn::Item::Use(item)) => !matches!(item.tree, UseTree::Name(_)),
        Stmt::Item(syn::Item::Mod(_)) => false,
        Stmt::Item(_) | Stmt::Macro(_) => true,
        Stmt::Expr(expression, _) => acts(expression),
    }
}

fn acts(expression: &Expr) -> bool {
    match expression {
        Expr::Assign(_) | Expr::Call(_) | Expr::MethodCall(_) => true,
        Expr::Await(inner) => acts(&inner.base),
        Expr::Try(inner) => acts(&inner.expr),
        Expr::Return(inner) => inner.expr.as_deref().is_some_and(acts),
        _ => false,
    }
}
