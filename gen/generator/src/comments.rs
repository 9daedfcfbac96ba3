//! Finds the comments of descriptors and tells whether they say anything.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{DescriptorPool, FileDescriptor};

use crate::schema::is_own;

/// The leading comments of all our elements, by file and descriptor path.
pub struct Comments {
    by_path: BTreeMap<(String, Vec<i32>), String>,
}

impl Comments {
    /// Collects the comments of every file of ours.
    pub fn of(pool: &DescriptorPool) -> Self {
        let mut by_path = BTreeMap::new();
        for file in pool.files().filter(|file| is_own(file.package_name())) {
            collect(&file, &mut by_path);
        }
        Self { by_path }
    }

    /// The comment of the element with this path in this file; empty when it has none.
    pub fn at(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        let key = (file.name().to_owned(), path.to_vec());
        self.by_path
            .get(&key)
            .map(String::as_str)
            .unwrap_or_default()
    }
}

fn collect(file: &FileDescriptor, into: &mut BTreeMap<(String, Vec<i32>), String>) {
    let proto = file.file_descriptor_proto();
    let Some(info) = &proto.source_code_info else {
        return;
    };
    for location in &info.location {
        if let Some(comment) = &location.leading_comments {
            into.insert(
                (file.name().to_owned(), location.path.clone()),
                comment.clone(),
            );
        }
    }
}

/// Words that carry nothing in a comment.
const FILLERS: &str = "a an and are as at be by do does element entity enumerates field for given \
    happened holds id identifier in is it its kind list message name of one request response rpc \
    says service that the this to type value what";

/// Whether a comment says more than the name of what it stands at.
///
/// It does when one of its words is neither filler nor part of the names around it; single letters
/// are what is left of a genitive.
pub fn says_more(comment: &str, names: &[&str]) -> bool {
    let mut known: BTreeSet<String> = names.iter().flat_map(|name| words(name)).collect();
    known.extend(words(FILLERS));
    words(comment)
        .iter()
        .any(|word| word.len() > 1 && !known.contains(word))
}

/// Cuts text into lower-case stems, so that `OrderLines`, `order_line` and "order lines" agree.
fn words(text: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut after_lower = false;
    for letter in text.chars() {
        if letter.is_uppercase() && after_lower {
            spaced.push(' ');
        }
        after_lower = letter.is_lowercase();
        spaced.push(if letter.is_alphanumeric() {
            letter
        } else {
            ' '
        });
    }
    spaced.to_lowercase().split_whitespace().map(stem).collect()
}

fn stem(word: &str) -> String {
    word.strip_suffix("ies")
        .or_else(|| word.strip_suffix("es"))
        .or_else(|| word.strip_suffix('s'))
        .filter(|stem| stem.len() > 2)
        .unwrap_or(word)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::says_more;

    #[test]
    fn a_comment_that_repeats_the_name_says_nothing() {
        assert!(!says_more(" The product's id.", &["product_id", "Product"]));
        assert!(!says_more(" order_id of this message.", &["order_id"]));
        assert!(!says_more(" The list of order lines.", &["lines", "Order"]));
        assert!(!says_more(
            " CreateOrder creates an order.",
            &["CreateOrder", "creates"]
        ));
    }

    #[test]
    fn a_comment_that_tells_a_unit_or_a_bound_says_something() {
        assert!(says_more(" From 1 to 12.", &["month"]));
        assert!(says_more(" Absent: the tenant's default.", &["ttl"]));
    }
}
