//! Names say what a thing is, in whole words: no drawers, no abbreviations, no dead prefixes.

use std::collections::BTreeSet;

use crate::breach::{Breach, Held, hold};
use crate::rust::{Name, What};
use crate::sources::{Source, Sources};
use crate::words::words;

#[cfg(test)]
mod tests;

/// Last words of names that say nothing about what is inside.
const DRAWERS: &[&str] = &[
    "common", "helper", "helpers", "impl", "manager", "managers", "misc", "stuff", "util", "utils",
];

/// What to write in full. Known to all and kept: id, db, tx, rpc, pb, sku.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("acct", "account"),
    ("addr", "address"),
    ("amt", "amount"),
    ("calc", "calculate"),
    ("cfg", "config"),
    ("cmd", "command"),
    ("cnt", "count"),
    ("conn", "connection"),
    ("ctx", "context"),
    ("cust", "customer"),
    ("dest", "destination"),
    ("evt", "event"),
    ("idx", "index"),
    ("mgmt", "management"),
    ("mgr", "manager, and then a better word"),
    ("msg", "message"),
    ("notif", "notification"),
    ("num", "number, or count"),
    ("pmt", "payment"),
    ("prod", "product"),
    ("pwd", "password"),
    ("qty", "quantity"),
    ("req", "request"),
    ("resp", "response"),
    ("svc", "service"),
    ("tmp", "temporary, or what it holds"),
    ("usr", "user"),
    ("whse", "warehouse"),
];

#[test]
fn no_file_or_folder_is_a_drawer() -> Held {
    hold(drawers_in_the_tree)
}

#[test]
fn no_module_or_type_is_a_drawer() -> Held {
    hold(drawers_in_code)
}

#[test]
fn no_module_lives_in_a_file_called_mod() -> Held {
    hold(files_called_mod)
}

#[test]
fn no_function_begins_with_get_or_test() -> Held {
    hold(dead_prefixes)
}

#[test]
fn public_names_are_whole_words() -> Held {
    hold(abbreviations)
}

fn drawers_in_the_tree(sources: &Sources) -> Vec<Breach> {
    let mut found = BTreeSet::new();
    for source in sources
        .by_hand()
        .filter(|source| !is_shared_proto(&source.path))
    {
        let ends = source.path.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([source.path.len()]) {
            let (path, _) = source.path.split_at(end);
            let name = path.rsplit('/').next().unwrap_or(path);
            if is_drawer(
                name.split('.')
                    .find(|stem| !stem.is_empty())
                    .unwrap_or(name),
            ) {
                found.insert(path);
            }
        }
    }
    let advice = "a drawer: name it for the one thing it does";
    found
        .into_iter()
        .map(|path| Breach::new(path, 1, advice))
        .collect()
}

/// The one named exception: the proto package `retail.common.v1`.
fn is_shared_proto(path: &str) -> bool {
    path.contains("retail/common/") || path.contains("retail.common.")
}

fn drawers_in_code(sources: &Sources) -> Vec<Breach> {
    every_name(sources, |source, name| {
        let kind = match name.what {
            What::Module => "module",
            What::Type => "type",
            _ => return None,
        };
        // The crate `contracts` mirrors the proto package.
        let mirrors = name.name == "common" && source.path.starts_with("gen/");
        let message = format!(
            "{kind} `{}` is a drawer: name it for what it does",
            name.name
        );
        (is_drawer(&name.name) && !mirrors).then_some(message)
    })
}

fn is_drawer(name: &str) -> bool {
    words(name)
        .last()
        .is_some_and(|last| DRAWERS.contains(&last.as_str()))
}

fn files_called_mod(sources: &Sources) -> Vec<Breach> {
    let files = sources
        .rust()
        .filter(|(source, _)| source.name() == "mod.rs");
    files
        .map(|(source, _)| source.breach(1, "called `mod.rs`: call it after its folder"))
        .collect()
}

fn dead_prefixes(sources: &Sources) -> Vec<Breach> {
    every_name(sources, |_, name| {
        let dead = ["get_", "test_"]
            .into_iter()
            .find(|prefix| name.name.starts_with(prefix))?;
        let message = format!("`{}` begins with `{dead}`: drop the prefix", name.name);
        (name.what == What::Function).then_some(message)
    })
}

fn abbreviations(sources: &Sources) -> Vec<Breach> {
    every_name(sources, |_, name| {
        let words = if name.public {
            words(&name.name)
        } else {
            Vec::new()
        };
        let short = |(short, _): &&(&str, &str)| words.iter().any(|word| word == short);
        let (short, whole) = ABBREVIATIONS.iter().find(short)?;
        Some(format!(
            "`{}` abbreviates: for `{short}` write {whole}",
            name.name
        ))
    })
}

/// Asks each name that its author chose for what is wrong with it.
fn every_name(sources: &Sources, wrong: impl Fn(&Source, &Name) -> Option<String>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, rust) in sources.rust() {
        for name in rust.names.iter().filter(|name| !name.given) {
            let message = wrong(source, name);
            breaches.extend(message.map(|message| source.breach(name.line, message)));
        }
    }
    breaches
}
