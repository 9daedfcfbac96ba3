//! The comments of a file, told apart from its strings.

use crate::sources::{Kind, Source};

/// One line of comment.
#[derive(Debug, PartialEq, Eq)]
pub struct Comment {
    /// The line it stands on, from one.
    pub line: usize,
    /// What follows the sign that opens it, with the blanks before the first word.
    pub text: String,
    /// Whether it is documentation (`///`, `//!`) or a block.
    pub doc: bool,
    /// Whether nothing but blanks stands before it.
    pub alone: bool,
}

/// Returns the comments of a file in a language that we write; prose has none.
pub fn of(source: &Source) -> Vec<Comment> {
    match source.kind {
        Kind::Rust | Kind::Proto => slashed(&source.text),
        Kind::Sql => marked(source, "--"),
        Kind::Markdown | Kind::Other => Vec::new(),
        Kind::Python
        | Kind::Shell
        | Kind::Toml
        | Kind::Yaml
        | Kind::Makefile
        | Kind::Dockerfile => marked(source, "#"),
    }
}

/// Finds comments that run from a sign to the end of their line. A sign behind an odd number of
/// quotes is taken for a part of a string.
fn marked(source: &Source, sign: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    for (line, text) in source.lines() {
        let splits = text.match_indices(sign).map(|(at, _)| text.split_at(at));
        let mut comments = splits.filter(|(before, _)| {
            let quotes = before.matches(['"', '\'']).count();
            quotes % 2 == 0 && (before.is_empty() || before.ends_with([' ', '\t']))
        });
        if let Some((before, comment)) = comments.next() {
            let text = comment.trim_start_matches(sign).trim_end().to_owned();
            found.push(Comment {
                line,
                text,
                doc: false,
                alone: before.trim().is_empty(),
            });
        }
    }
    found
}

/// Finds comments opened by `//` and by `/*`, which nest.
fn slashed(text: &str) -> Vec<Comment> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        alone: true,
        found: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.found
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    alone: bool,
    found: Vec<Comment>,
}

impl Reader<'_> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            self.line_comment();
        } else if self.rest.starts_with("/*") {
            self.block_comment();
        } else if let Some(length) = raw_string(self.rest) {
            self.skip(length);
        } else if self.rest.starts_with('"') {
            self.skip(quoted(self.rest));
        } else if let Some(length) = character(self.rest) {
            self.skip(length);
        } else {
            self.skip(word_or_sign(self.rest));
        }
    }

    fn line_comment(&mut self) {
        let length = self.rest.find('\n').unwrap_or(self.rest.len());
        let (text, _) = self.rest.split_at(length);
        let doc = text.starts_with("///") || text.starts_with("//!");
        let text = text.trim_start_matches(['/', '!']).trim_end().to_owned();
        self.found.push(Comment {
            line: self.line,
            text,
            doc,
            alone: self.alone,
        });
        self.skip(length);
    }

    fn block_comment(&mut self) {
        let length = block(self.rest);
        let (text, _) = self.rest.split_at(length);
        for (at, text) in text.lines().enumerate() {
            let text = text.trim().trim_start_matches(['/', '*', '!']).trim();
            let text = text.trim_end_matches("*/").trim().to_owned();
            self.found.push(Comment {
                line: self.line + at,
                text,
                doc: true,
                alone: self.alone,
            });
        }
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        let (passed, rest) = self.rest.split_at(length);
        for letter in passed.chars() {
            if letter == '\n' {
                self.line += 1;
                self.alone = true;
            } else if !letter.is_whitespace() {
                self.alone = false;
            }
        }
        self.rest = rest;
    }
}

/// The length of a block comment with all that nests in it.
fn block(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the raw string that the text opens with, if it does.
fn raw_string(text: &str) -> Option<usize> {
    let after = ["br", "cr", "r"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let open = text.len() - after.len() + hashes + 1;
    let body = after.get(hashes..)?.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(
        body.find(&close)
            .map_or(text.len(), |end| open + end + close.len()),
    )
}

/// The length of the string, in double quotes, that the text opens with.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == '"' && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

/// The length of the character that the text opens with, if it is one and not a lifetime.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    if body.starts_with('\\') {
        let end = body
            .char_indices()
            .skip(2)
            .find(|&(_, letter)| letter == '\'')?
            .0;
        return Some(end + 2);
    }
    let letter = body.chars().next()?;
    body.get(letter.len_utf8()..)?.strip_prefix('\'')?;
    Some(letter.len_utf8() + 2)
}

/// The length of the word or the sign that the text opens with. A word goes as a whole, so that
/// the `r` at its end opens no raw string.
fn word_or_sign(text: &str) -> usize {
    let word = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    match word {
        Some(0) => text.chars().next().map_or(1, char::len_utf8),
        Some(length) => length,
        None => text.len(),
    }
}

#[cfg(test)]
mod tests;
