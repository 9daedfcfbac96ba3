//! Reads the inside of macros, which the parser leaves alone: paths, attributes, tests.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::Meta;

use super::reader::Reader;
use super::{Function, attributes};

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

impl Reader {
    /// Notes what the tokens of a macro hold.
    pub fn tokens(&mut self, stream: TokenStream) {
        let mut tokens = stream.into_iter().peekable();
        let mut is_test = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if word == "fn" && is_test => {
                    self.macro_test(&mut tokens);
                    is_test = false;
                }
                TokenTree::Ident(word) => {
                    let line = word.span().start().line;
                    let parts = path_after(word.to_string(), &mut tokens);
                    if parts.len() > 1 {
                        self.path(parts, line);
                    }
                }
                TokenTree::Punct(sign) if sign.as_char() == '#' => {
                    tokens.next_if(|next| is_sign(next, '!'));
                    if let Some(group) = next_group(&mut tokens, Delimiter::Bracket) {
                        is_test |= self.attribute_in_macro(&group);
                    }
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => (),
            }
        }
    }

    /// Notes an attribute, and says whether it is that of a test.
    fn attribute_in_macro(&mut self, group: &Group) -> bool {
        let Ok(meta) = syn::parse2::<Meta>(group.stream()) else {
            self.tokens(group.stream());
            return false;
        };
        self.attribute(&meta);
        attributes::last_part(&meta) == "test"
    }

    /// Notes a test within a macro such as `proptest!`; its parameters are no Rust.
    fn macro_test(&mut self, tokens: &mut Tokens) {
        let Some(TokenTree::Ident(name)) = tokens.next() else {
            return;
        };
        let line = name.span().start().line;
        let was = std::mem::replace(&mut self.in_test, true);
        for token in tokens.by_ref() {
            let TokenTree::Group(group) = token else {
                continue;
            };
            self.tokens(group.stream());
            if group.delimiter() == Delimiter::Brace {
                self.facts.functions.push(Function {
                    name: name.to_string(),
                    line,
                    lines: group.span_close().end().line + 1 - line,
                    modules: self.modules.clone(),
                    in_test: true,
                    is_test: true,
                    ..Function::default()
                });
                break;
            }
        }
        self.in_test = was;
    }
}

/// Reads on after the first word of what may be a path.
fn path_after(first: String, tokens: &mut Tokens) -> Vec<String> {
    let mut parts = vec![first];
    while tokens.peek().is_some_and(|next| is_joint(next, ':')) {
        let mut ahead = tokens.clone();
        ahead.next();
        ahead.next();
        let Some(TokenTree::Ident(word)) = ahead.peek() else {
            break;
        };
        parts.push(word.to_string());
        ahead.next();
        *tokens = ahead;
    }
    parts
}

fn next_group(tokens: &mut Tokens, delimiter: Delimiter) -> Option<Group> {
    match tokens.peek() {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => {
            let group = group.clone();
            tokens.next();
            Some(group)
        }
        _ => None,
    }
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_joint(token: &TokenTree, sign: char) -> bool {
    let joint = |punct: &proc_macro2::Punct| punct.spacing() == Spacing::Joint;
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign && joint(punct))
}
