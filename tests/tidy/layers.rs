//! Layers of a service see only what is under them: doors, use cases, storage, domain.

use crate::breach::{Breach, Held, hold};
use crate::manifest::Manifest;
use crate::rust::Path;
use crate::sources::{Source, Sources};
use crate::tree::WITHOUT_LAYERS;

#[cfg(test)]
mod tests;

/// Layers, and those in the same crate that they must not see.
const BLIND_TO: &[(&str, &[&str])] = &[
    ("app", &["events", "jobs", "rpc"]),
    ("db", &["app", "events", "jobs", "rpc"]),
];

/// Crates that the domain may see, besides the language itself.
const IN_THE_DOMAIN: &[&str] = &["thiserror", "vocab"];

/// Layers that speak wire types.
const ON_THE_WIRE: &[&str] = &["events", "rpc"];

#[test]
fn the_domain_sees_nothing_but_itself_and_the_vocabulary() -> Held {
    hold(domain_sees_more)
}

#[test]
fn no_layer_sees_a_layer_above_it() -> Held {
    hold(layer_sees_above)
}

#[test]
fn wire_types_stop_at_the_doors() -> Held {
    hold(wire_types_inside)
}

#[test]
fn sql_stays_in_db_and_kit() -> Held {
    hold(sql_outside_db)
}

fn domain_sees_more(sources: &Sources) -> Vec<Breach> {
    every_path(sources, |place, path| {
        if place.layer != "domain" {
            return None;
        }
        let first = path.parts.first()?;
        let seen = match path.within_crate(&place.modules) {
            Some(inside) if inside.first().is_some_and(|it| it == "domain") => return None,
            Some(inside) => format!("crate::{}", inside.join("::")),
            None if is_outside(place, path) && !IN_THE_DOMAIN.contains(&first.as_str()) => {
                path.parts.join("::")
            }
            None => return None,
        };
        Some(format!(
            "the domain sees `{seen}`: take it in as a value of `vocab` or its own"
        ))
    })
}

/// Says whether a path leads to another crate. In tests, those that only tests have are welcome.
fn is_outside(place: &Place<'_>, path: &Path) -> bool {
    let dependency = path
        .parts
        .first()
        .and_then(|first| place.manifest.dependency(first));
    let in_test = path.in_test || place.source.test;
    dependency.is_some_and(|dependency| !(in_test && dependency.dev))
}

fn layer_sees_above(sources: &Sources) -> Vec<Breach> {
    every_path(sources, |place, path| {
        let (_, blind_to) = BLIND_TO.iter().find(|(layer, _)| *layer == place.layer)?;
        let inside = path.within_crate(&place.modules)?;
        let seen = inside
            .first()
            .filter(|first| blind_to.contains(&first.as_str()))?;
        Some(format!(
            "`{}` sees `{seen}`, which is above it: turn the call round",
            place.layer
        ))
    })
}

fn wire_types_inside(sources: &Sources) -> Vec<Breach> {
    every_path(sources, |place, path| {
        let speaks = ON_THE_WIRE.contains(&place.layer) || WITHOUT_LAYERS.contains(&place.service);
        let is_wire = path.parts.first().is_some_and(|first| first == "contracts");
        let message = "a wire type behind the doors: convert it in `rpc` or `events`".to_owned();
        (is_wire && !speaks).then_some(message)
    })
}

fn sql_outside_db(sources: &Sources) -> Vec<Breach> {
    every_path(sources, |place, path| {
        let is_sql = path.parts.first().is_some_and(|first| first == "sqlx");
        let message = "SQL outside `db`: move the statement there".to_owned();
        (is_sql && place.layer != "db").then_some(message)
    })
}

/// Where in a service a file stands.
struct Place<'a> {
    source: &'a Source,
    manifest: &'a Manifest,
    service: &'a str,
    layer: &'a str,
    modules: Vec<String>,
}

impl<'a> Place<'a> {
    /// Finds the place of `services/<service>/src/<layer>…`; other files have none.
    fn of(sources: &'a Sources, source: &'a Source) -> Option<Self> {
        let (service, inside) = source.path.strip_prefix("services/")?.split_once('/')?;
        let inside = inside.strip_prefix("src/")?.strip_suffix(".rs")?;
        let layer = inside.split('/').next()?;
        let is_root = matches!(inside, "lib" | "main");
        let modules = inside
            .split('/')
            .filter(|_| !is_root)
            .map(str::to_owned)
            .collect();
        let manifest = sources.manifest_of(&source.path)?;
        Some(Self {
            source,
            manifest,
            service,
            layer,
            modules,
        })
    }
}

/// Asks each path in each service for what is wrong with it.
fn every_path(
    sources: &Sources,
    wrong: impl Fn(&Place<'_>, &Path) -> Option<String>,
) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, rust) in sources.rust() {
        let Some(place) = Place::of(sources, source) else {
            continue;
        };
        for path in &rust.paths {
            let message = wrong(&place, path);
            breaches.extend(message.map(|message| source.breach(path.line, message)));
        }
    }
    breaches.dedup();
    breaches
}
